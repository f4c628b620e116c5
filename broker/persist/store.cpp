#include "broker/persist/store.hpp"

#include <algorithm>
#include <utility>

#include "broker/session/sessions.hpp"

namespace midge::persist {

namespace {

std::uint32_t usable_segments(const Store::Parts& parts) {
  const hal::StorageGeometry geometry = parts.storage.geometry();
  if (geometry.segment_bytes == 0) return 0;
  const std::uint64_t most =
      std::max<std::uint64_t>(parts.most_bytes / geometry.segment_bytes, Log::kMinimumSegments);
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(most, geometry.segments));
}

}  // namespace

Store::Store(const Parts& parts)
    : memory_(parts.arena),
      interval_(parts.interval),
      segments_(usable_segments(parts)),
      segment_bytes_(parts.storage.geometry().segment_bytes),
      log_(parts.storage, *this, parts.buffer),
      reading_(parts.reading),
      eviction_(parts.eviction),
      index_(memory_),
      owner_pool_(parts.arena),
      run_pool_(parts.arena) {}

Store::Owner* Store::find(const session::Session* session) const {
  return index_.find(session->hash,
                     [session](const Owner& owner) { return owner.session == session; });
}

Store::Owner* Store::find(const session::Group* group) const {
  return index_.find(group->hash, [group](const Owner& owner) { return owner.group == group; });
}

Store::Owner* Store::make(session::Session* session, session::Group* group) {
  Owner* const owner = owner_pool_.create(Reserve::Keep);
  if (owner == nullptr) return nullptr;
  owner->session = session;
  owner->group = group;
  owner->hash = session != nullptr ? session->hash : group->hash;
  owner->number = next_owner_++;
  owner->segment = here();
  index_.insert(*owner);
  owners_.push_back(*owner);
  return owner;
}

void Store::forget_ended() {
  while (Owner* const owner = ended_.first()) {
    if (owner->ended > committed_) return;
    index_.remove(*owner);
    ended_.remove(*owner);
    owner_pool_.destroy(owner);
  }
}

bool Store::may_come_back(std::uint32_t hash) const {
  return index_.find(hash, [](const Owner& owner) {
    return owner.session == nullptr && owner.group == nullptr;
  }) != nullptr;
}

std::size_t Store::bytes_of(const message::Message& message) {
  return message.topic_name().size() + message.properties().size() + message.payload_bytes() +
         kAroundMessage;
}

void Store::on_unused(const message::Message& message) {
  message_bytes_ -= bytes_of(message);
}

std::uint64_t Store::live_bytes() const {
  constexpr std::size_t kOwner = 128;
  return message_bytes_ + evicted_bytes_ + index_.size() * kOwner +
         (rooms_ ? rooms_->sessions.deliveries().used() * kAroundDelivery : 0);
}

bool Store::has_room(std::size_t bytes, std::size_t receivers) const {
  const std::size_t all = bytes + kAroundMessage + receivers * kAroundDelivery;
  // A part of the buffer is kept for what can't wait: acknowledgements, sessions that end.
  const std::size_t kept = log_.longest_record() / 4;
  // Some segments are kept, so that the oldest one can always be copied: for the copy, for what is
  // begun meanwhile, and for each time that the power goes in between.
  const std::uint32_t kept_segments = 3 + segments_ / 16;
  // Copying gives room only as long as no more than half of what is used is needed.
  const std::uint64_t most =
      std::uint64_t{segments_ - std::min(segments_, kept_segments)} * segment_bytes_ / 2;
  return !log_.is_failed() && log_.has_room(all + kept) && live_bytes() + all <= most &&
         used_segments() + 2 <= segments_;
}

void Store::commit(session::DurableHandler& handler) {
  handler_ = &handler;
  static_cast<void>(copy_some());
  ++asked_;
  is_dirty_ = false;
  log_.commit();
  // It keeps what it has for a device that works again, but nobody may rely on that.
  if (std::exchange(found_no_room_, false) || (log_.is_failed() && safe_ < asked_)) {
    handler.on_commit_failed(asked_);
  }
}

void Store::commit_own() {
  ++own_;
  is_dirty_ = false;
  log_.commit();
}

void Store::on_committed(std::uint64_t count) {
  committed_ = count;
  forget_ended();
  if (release_at_ != 0 && count >= release_at_) end_copying();
  wake();
  const std::uint64_t safe = std::min(asked_, count - std::min(count, own_));
  if (safe <= safe_) return;
  safe_ = safe;
  handler_->on_durable(safe_);
}

void Store::on_log_failed() {
  ++failures_;
  retry_at_ = now_ + kRetry;
  if (safe_ < asked_) handler_->on_commit_failed(safe_ + 1);
}

void Store::turn() {
  if (is_waited_for_ && now_ >= wake_at_) wake();
  if (log_.is_failed()) {
    if (now_ < retry_at_) return;
    log_.retry();
  }
  if (log_.is_busy() || log_.is_failed() || safe_ < asked_) return;
  if (copy_some() || (is_dirty_ && now_ >= due())) commit_own();
}

Instant Store::next_deadline() const {
  const Instant waits = is_waited_for_ ? wake_at_ : kNever;
  if (log_.is_failed()) return std::min(waits, retry_at_);
  if (log_.is_busy() || safe_ < asked_) return waits;
  if (copying_ != Copying::Nothing) return std::max(now_, copy_at_);
  return std::min(waits, is_dirty_ ? due() : kNever);
}

void Store::finish() {
  if (is_dirty_ && safe_ == asked_ && !log_.is_failed()) commit_own();
}

}  // namespace midge::persist
