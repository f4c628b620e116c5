// Store: making room. What is still there of the oldest segment is told again; then it can go.
#include <algorithm>
#include <utility>

#include "broker/persist/store.hpp"
#include "broker/routing/router.hpp"

namespace midge::persist {

using session::Delivery;
using session::Session;
using wire::QoS;

namespace {

// Entries that a turn looks at.
constexpr std::uint32_t kVisits = 2'048;

}  // namespace

void Store::begin_copying() {
  copying_ = Copying::Owners;
  copied_segment_ = log_.oldest();
  copying_began_in_ = here();
  copying_began_at_ = next_message_;
  any_behind_ = false;
  copied_owner_ = owners_.first();
  owner_step_ = OwnerStep::Begin;
  for (Owner* at = owners_.first(); at != nullptr; at = owners_.next(*at)) at->is_copied = false;
}

bool Store::copy_some() {
  if (now_ < copy_at_) return false;
  if (copying_ == Copying::Nothing) {
    const bool is_wanted =
        used_segments() >= wanted_segments() && log_.oldest() != log_.newest() && !frees_nothing_;
    if (core_ == nullptr || (!is_wanted && !any_behind_)) return false;
    begin_copying();
    // Only those that are behind.
    if (!is_wanted) copied_segment_ = 0;
  }
  const std::uint64_t before = log_.appended();
  std::uint32_t visits = kVisits;
  if (copying_ == Copying::Owners && copy_owners(visits)) {
    copying_ = Copying::GroupDeliveries;
    for_each_of_groups([](Delivery& delivery, Owner&) { delivery.is_copied = false; });
  }
  if (copying_ == Copying::GroupDeliveries && copy_group_deliveries()) {
    copying_ = Copying::Retained;
    retained_ =
        copied_segment_ != 0 ? rooms_->router.retained().start() : routing::RetainedCursor{};
  }
  if (copying_ == Copying::Retained && copy_retained(visits)) {
    copying_ = Copying::Runs;
    copied_frame_ = {.segment = copied_segment_};
    copied_records_ = 0;
  }
  if (copying_ == Copying::Runs && copy_runs()) {
    copying_ = Copying::Commit;
    // A segment's header will say it, too, but perhaps not before the power goes.
    if (copied_segment_ != 0) {
      put(nullptr, {.type = RecordType::Released, .numbers = {copied_segment_ + 1}});
    }
    release_at_ = asked_ + own_ + 1;
    return true;
  }
  return log_.appended() != before;
}

void Store::end_copying() {
  release_at_ = 0;
  copying_ = Copying::Nothing;
  if (std::exchange(copied_segment_, 0) == 0) return;
  log_.release_oldest();
  wake();
}

bool Store::is_to_copy(const message::Message& message) const {
  if (copied_segment_ == 0) return false;
  const message::Stored& stored = *message.stored();
  if (stored.number == 0) return false;
  // In the segment, or copied already out of it.
  return stored.segment == copied_segment_ ||
         (stored.number < copying_began_at_ && stored.segment >= copying_began_in_);
}

// Half of the buffer is left to what happens meanwhile.
bool Store::has_copy_room(std::size_t bytes) const {
  return log_.has_room(std::min(bytes + log_.longest_record() / 2, log_.longest_record()));
}

bool Store::copy_owners(std::uint32_t& visits) {
  while (copied_owner_ != nullptr) {
    Owner& owner = *copied_owner_;
    if (visits == 0) return false;
    --visits;
    if (owner.session == nullptr && owner.group == nullptr) {
      // Its end could not be told before. end() goes on to the next one.
      if (!has_copy_room(kRecord)) return false;
      static_cast<void>(end(owner));
      continue;
    }
    const bool is_done = owner.session != nullptr ? copy_session(owner, *owner.session, visits)
                                                  : copy_group(owner, *owner.group);
    if (!is_done) return false;
    copied_owner_ = owners_.next(owner);
    owner_step_ = OwnerStep::Begin;
  }
  return true;
}

// All of it, or only its will and what it has of messages that are copied.
bool Store::begin_owner(Owner& owner) {
  owner.is_copied = owner.is_copied || owner.is_behind || owner.segment == copied_segment_;
  if (owner.is_copied) owner.segment = here();
  return owner.is_copied;
}

bool Store::copy_group(Owner& owner, const session::Group& group) {
  const bool is_whole = begin_owner(owner);
  if (!has_copy_room(rooms_->router.filter_bytes(group) + kRecord)) return false;
  owner.is_behind = false;
  if (is_whole) tell(owner, 0);
  return true;
}

bool Store::copy_session(Owner& owner, Session& session, std::uint32_t& visits) {
  if (owner_step_ == OwnerStep::Begin) {
    if (!begin_session(owner, session)) return false;
    owner_step_ = OwnerStep::Subscriptions;
  }
  if (owner_step_ == OwnerStep::Subscriptions) {
    while (copied_subscription_ != nullptr) {
      const std::size_t filter = rooms_->router.filter_bytes(*copied_subscription_);
      if (visits == 0 || !has_copy_room(filter + kRecord)) return false;
      --visits;
      tell(owner, *copied_subscription_);
      copied_subscription_ = session.subscriptions.next(*copied_subscription_);
    }
    owner_step_ = OwnerStep::Deliveries;
  }
  return !keeps_all(&owner) || (copy_deliveries(owner, session.inflight.first(), true, visits) &&
                                copy_deliveries(owner, session.queued.first(), false, visits));
}

bool Store::begin_session(Owner& owner, Session& session) {
  const bool is_whole = begin_owner(owner);
  const std::size_t will = session.will != nullptr ? bytes_of(*session.will->message) : 0;
  const std::size_t bytes = session.client_id().size() + session.user_name().size() + will +
                            session.inbound_count * std::size_t{12} + 3 * kRecord;
  if (!has_copy_room(bytes)) return false;
  if (is_whole) {
    const bool is_away = owner.is_away;
    const bool is_anew = std::exchange(owner.is_behind, false);
    tell(owner, flags::kWhole | (is_anew ? flags::kAnew : 0));
    if (is_away) tell_away(owner);
    for (const session::InboundIdentifier* at = session.inbound.first();
         at != nullptr && keeps_all(&owner); at = session.inbound.next(*at)) {
      put(&owner,
          {.type = RecordType::InboundOpened, .owner = owner.number, .numbers = {at->packet_id}});
    }
  }
  if (session.will != nullptr && (is_whole || is_to_copy(*session.will->message))) {
    // Its message may lie behind the segment: nobody has it at a start that does not know the
    // owner.
    tell_will(owner, true);
  }
  for (const Queue<Delivery>* queue : {&session.inflight, &session.queued}) {
    for (Delivery* at = queue->first(); at != nullptr; at = at->next) at->is_copied = false;
  }
  copied_subscription_ = is_whole && keeps_all(&owner) ? session.subscriptions.first() : nullptr;
  return true;
}

// How many come before it that are the same. Only what is retained is queued more than once, as
// it is sent to new subscriptions, or what overlapping ones are allowed to have.
std::uint64_t Store::copies_before(Owner& owner, const Delivery& delivery) const {
  if (owner.session == nullptr) return 0;
  std::uint64_t count = 0;
  for (const Queue<Delivery>* queue : {&owner.session->inflight, &owner.session->queued}) {
    for (const Delivery* at = queue->first(); at != nullptr; at = at->next) {
      if (at == &delivery) return count;
      const bool is_same = at->message == delivery.message && at->qos == delivery.qos &&
                           at->retain == delivery.retain;
      if (is_same && owner_of(*at, &owner) == &owner) ++count;
    }
  }
  return count;
}

void Store::tell_copy(Owner& owner, Delivery& delivery, std::uint64_t told_flags) {
  told_flags |= flags::kCopy | copies_before(owner, delivery) << flags::kCopyShift;
  tell_queued(owner, delivery, told_flags);
  delivery.is_apart = !is_told_here(delivery.message->stored()->number);
  delivery.is_copy = true;
  if (delivery.state == session::OutboundState::Queued) delivery.hold = ++stamps_;
}

bool Store::copy_deliveries(Owner& owner, Delivery* first, bool in_flight, std::uint32_t& visits) {
  for (Delivery* at = first; at != nullptr; at = at->next) {
    message::Message& message = *at->message;
    const bool is_others = owner_of(*at, &owner) != &owner;
    if (at->is_copied || is_others || at->qos == QoS::AtMostOnce) continue;
    if (!owner.is_copied && !is_to_copy(message)) continue;
    if (visits == 0 || !has_copy_room(bytes_of(message) + 2 * kRecord)) return false;
    --visits;
    tell_copy(owner, *at, in_flight ? flags::kApart : 0);
    if (in_flight) {
      tell_launched(owner, *at, at->packet_id, flags::kCopied);
      if (at->state == session::OutboundState::AwaitPubcomp) {
        put(&owner,
            {.type = RecordType::Received, .owner = owner.number, .numbers = {at->packet_id}});
      }
    }
    at->is_copied = true;
  }
  return true;
}

// Calls visit(delivery, group) for what is a group's: what waits there and what its members have,
// whether they are kept or not.
template <class Visit>
void Store::for_each_of_groups(Visit visit) {
  const auto look = [&](Delivery* first) {
    for (Delivery* at = first; at != nullptr; at = at->next) {
      if (at->group == nullptr || at->qos == QoS::AtMostOnce) continue;
      if (Owner* const owner = owner_of(*at, nullptr)) visit(*at, *owner);
    }
  };
  bool is_any = false;
  for (Owner* at = owners_.first(); at != nullptr; at = owners_.next(*at)) {
    if (at->group == nullptr) continue;
    is_any = true;
    for (Delivery* waits = at->group->waiting.first(); waits != nullptr; waits = waits->next) {
      if (waits->message->qos() != QoS::AtMostOnce) visit(*waits, *at);
    }
  }
  if (!is_any) return;
  rooms_->sessions.for_each([&](const Session& session) {
    look(session.inflight.first());
    look(session.queued.first());
  });
}

// They change places, so each knows whether it has been copied.
bool Store::copy_group_deliveries() {
  bool has_room = true;
  for_each_of_groups([&](Delivery& delivery, Owner& owner) {
    const message::Message& message = *delivery.message;
    if (!has_room || delivery.is_copied || !(owner.is_copied || is_to_copy(message))) return;
    has_room = has_copy_room(bytes_of(message) + kRecord);
    if (!has_room) return;
    tell_queued(owner, delivery, flags::kCopy);
    delivery.is_copied = true;
  });
  return has_room;
}

bool Store::copy_retained(std::uint32_t& visits) {
  routing::RetainedStore& store = rooms_->router.retained();
  while (retained_.node != nullptr) {
    message::Message* const message = retained_.node->message();
    if (message != nullptr && is_to_copy(*message)) {
      if (!has_copy_room(bytes_of(*message) + kRecord)) return false;
      tell_retained(*message);
    }
    if (visits == 0) return false;
    --visits;
    store.step(retained_);
  }
  return true;
}

}  // namespace midge::persist
