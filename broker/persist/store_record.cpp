// Store: what happens in the broker, as records.
#include <algorithm>
#include <utility>

#include "broker/persist/store.hpp"
#include "broker/routing/router.hpp"

namespace midge::persist {

using session::Delivery;
using session::RecordKind;
using session::Session;
using session::Subscription;
using wire::QoS;

namespace {

// The most that a queued message's record takes beside its identifiers.
constexpr std::size_t kQueued = 40;

std::uint64_t flags_of(QoS qos, bool retain) {
  return static_cast<std::uint64_t>(qos) | (retain ? flags::kRetain : 0);
}

std::uint64_t flags_of(const Subscription& subscription) {
  const session::PackedOptions options = subscription.options;
  return (routing::Router::is_replaying(subscription) ? flags::kReplaying : 0) |
         static_cast<std::uint64_t>(options.maximum_qos) | (options.no_local ? 4U : 0U) |
         (options.retain_as_published ? 8U : 0U) |
         static_cast<std::uint64_t>(options.retain_handling) << 4U;
}

// Whether a delivery has left its group: at QoS 2, once it has its identifier, nobody else may have
// it [MQTT-4.8.2-5].
bool has_left_group(const Delivery& delivery) {
  return delivery.qos == QoS::ExactlyOnce && delivery.packet_id != 0;
}

}  // namespace

bool Store::record(const session::Record& record) {
  if (core_ == nullptr) return false;
  const std::uint64_t before = log_.appended();
  // What found no room makes its commit fail.
  const bool is_durable = take(record) || found_no_room_;
  const bool waits = is_durable && interval_.count() == 0;
  if (!waits && !is_dirty_ && log_.appended() != before) {
    is_dirty_ = true;
    dirty_since_ = now_;
  }
  return waits;
}

bool Store::take(const session::Record& record) {
  switch (record.kind) {
    case RecordKind::SessionOpened:
    case RecordKind::SessionLeft:
    case RecordKind::SessionEnded:
    case RecordKind::Subscribed:
    case RecordKind::Unsubscribed:
    case RecordKind::Replayed:
    case RecordKind::InboundOpened:
    case RecordKind::InboundClosed:
      return take_session(record);
    case RecordKind::Queued:
    case RecordKind::QueuedChanged:
    case RecordKind::Discarded:
    case RecordKind::OutboundIdAssigned:
    case RecordKind::OutboundReceived:
    case RecordKind::OutboundDone:
      return take_delivery(record);
    case RecordKind::Retained:
      return tell_retained(*record.message);
    case RecordKind::RetainedGone:
      return put(nullptr, {.type = RecordType::RetainedGone, .texts = {record.text}});
    case RecordKind::WillChanged:
      return take_will(record);
    case RecordKind::GroupQueued:
    case RecordKind::GroupTaken:
    case RecordKind::GroupEnded:
      return take_group(record);
  }
  return false;
}

bool Store::take_session(const session::Record& record) {
  auto* const session = const_cast<Session*>(record.session);
  Owner* owner = find(session);
  if (record.kind == RecordKind::SessionOpened) {
    if (session->expiry_seconds == 0 && session->will == nullptr && !session->has_evicted) {
      return (owner != nullptr && end(*owner)) || may_come_back(session->hash);
    }
    const bool is_new = owner == nullptr;
    if (is_new) owner = make(session, nullptr);
    if (owner == nullptr) return false;
    const bool is_told = !is_new && !owner->is_away &&
                         owner->expiry_seconds == session->expiry_seconds &&
                         owner->grace_seconds == record.number;
    owner->grace_seconds = record.number;
    if (!is_told) tell(*owner, is_new ? flags::kWhole : 0);
    // Even so: who takes a session over relies on what its last connection has heard.
    return true;
  }
  if (owner == nullptr) return false;
  const wire::PacketIdentifier id = record.packet_id;
  switch (record.kind) {
    case RecordKind::SessionLeft:
      if (owner->expiry_seconds != session->expiry_seconds) tell(*owner, 0);
      return tell_away(*owner);
    case RecordKind::SessionEnded:
      return end(*owner);
    default:
      break;
  }
  if (!keeps_all(owner)) return false;
  // Subscriptions that come or go are copied from the first one on.
  const bool changes =
      record.kind == RecordKind::Subscribed || record.kind == RecordKind::Unsubscribed;
  if (changes && copied_owner_ == owner && copied_subscription_ != nullptr) {
    copied_subscription_ = session->subscriptions.first();
  }
  switch (record.kind) {
    case RecordKind::Subscribed:
      return put(owner, {.type = RecordType::Subscribed,
                         .owner = owner->number,
                         .numbers = {persist::flags_of(*record.subscription),
                                     record.subscription->identifier},
                         .texts = {record.text}});
    case RecordKind::Unsubscribed:
      return put(
          owner,
          {.type = RecordType::Unsubscribed, .owner = owner->number, .texts = {record.text}});
    case RecordKind::Replayed:
      // Lost, it is sent once more.
      tell(*owner, *record.subscription);
      return false;
    case RecordKind::InboundOpened:
      return put(owner,
                 {.type = RecordType::InboundOpened, .owner = owner->number, .numbers = {id}});
    case RecordKind::InboundClosed:
      return put(owner,
                 {.type = RecordType::InboundClosed, .owner = owner->number, .numbers = {id}});
    default:
      return false;
  }
}

bool Store::take_delivery(const session::Record& record) {
  auto& delivery = *const_cast<Delivery*>(record.delivery);
  if (delivery.qos == QoS::AtMostOnce) return false;
  Owner* const own = find(record.session);
  Owner* const session = keeps_all(own) ? own : nullptr;
  Owner* const owner = owner_of(delivery, session);
  switch (record.kind) {
    case RecordKind::Queued: {
      if (owner == nullptr) return false;
      // A queue is read with each message once.
      const MessageNumber before = std::exchange(owner->last_queued, 0);
      const bool is_again = before != 0 && before == delivery.message->stored()->number;
      delivery.is_late = delivery.is_late || is_again;
      const bool is_told = tell_queued(*owner, delivery, 0);
      const MessageNumber number = delivery.message->stored()->number;
      owner->last_queued = number;
      owner->has_queued = true;
      delivery.is_apart = delivery.is_late || !is_told || !is_told_here(number);
      delivery.hold = ++stamps_;
      return is_told;
    }
    case RecordKind::QueuedChanged:
      return owner != nullptr && tell_queued(*owner, delivery, flags::kChanged);
    case RecordKind::OutboundIdAssigned:
      launch(session, owner, delivery, record.packet_id);
      return session != nullptr;
    case RecordKind::OutboundReceived:
      return owner != nullptr && put(owner, {.type = RecordType::Received,
                                             .owner = owner->number,
                                             .numbers = {delivery.packet_id}});
    case RecordKind::OutboundDone:
      if (owner != nullptr && owner == session) {
        // Lost, it is sent once more.
        put(owner,
            {.type = RecordType::Done, .owner = owner->number, .numbers = {delivery.packet_id}});
        return false;
      }
      [[fallthrough]];
    case RecordKind::Discarded:
      tell_discarded(owner, delivery);
      return false;
    default:
      return false;
  }
}

// `owner` is the session, or the group that the delivery still belongs to.
void Store::launch(Owner* session, Owner* owner, Delivery& delivery,
                   wire::PacketIdentifier packet_id) {
  const bool is_groups = delivery.group != nullptr;
  // A delivery at QoS 1 stays its group's.
  if (is_groups && delivery.qos != QoS::ExactlyOnce) return;
  if (session != nullptr) {
    if (is_groups) {
      tell_queued(*session, delivery, flags::kApart);
    } else if (!delivery.is_copied && is_to_copy(*delivery.message)) {
      // It goes where copying may have been already.
      tell_copy(*session, delivery, flags::kApart);
    }
    tell_launched(*session, delivery, packet_id, 0);
  }
  if (is_groups) tell_discarded(owner, delivery);
}

bool Store::take_group(const session::Record& record) {
  auto* const group = const_cast<session::Group*>(record.group);
  Owner* owner = find(group);
  if (record.kind == RecordKind::GroupEnded) return owner != nullptr && end(*owner);
  const Delivery& delivery = *record.delivery;
  message::Message& message = *delivery.message;
  if (message.qos() == QoS::AtMostOnce) return false;
  if (record.kind == RecordKind::GroupTaken) {
    tell_discarded(owner, delivery);
    return false;
  }
  if (owner == nullptr) {
    // It is kept for members that outlive their connections.
    bool is_kept = false;
    for (const Subscription* at = group->members.first(); at != nullptr && !is_kept;
         at = group->members.next(*at)) {
      is_kept = at->session.expiry_seconds > 0;
    }
    if (is_kept) owner = make(nullptr, group);
    if (owner == nullptr) return false;
    tell(*owner, 0);
  }
  return tell_queued(*owner, delivery, 0);
}

bool Store::take_will(const session::Record& record) {
  auto* const session = const_cast<Session*>(record.session);
  Owner* owner = find(session);
  if (record.message != nullptr) {
    // As an application message it is one of the present.
    if (std::exchange(record.message->stored()->number, 0) != 0) on_unused(*record.message);
    return owner != nullptr && put(owner, {.type = RecordType::WillGone, .owner = owner->number});
  }
  if (owner == nullptr) {
    owner = make(session, nullptr);
    if (owner == nullptr) return false;
    tell(*owner, flags::kWhole);
  }
  return tell_will(*owner, false);
}

Store::Owner* Store::owner_of(const Delivery& delivery, Owner* session) const {
  return delivery.group != nullptr && !has_left_group(delivery) ? find(delivery.group) : session;
}

bool Store::put(Owner* owner, const Record& record) {
  return put(owner, record, 0, [](std::uint8_t*) {});
}

template <class Fill>
bool Store::put(Owner* owner, const Record& record, std::size_t more, Fill fill) {
  std::uint8_t* const place = log_.append(encoded_bytes(record, more));
  if (place == nullptr) {
    found_no_room_ = true;
    fall_behind(owner);
    return false;
  }
  fill(encode(record, place, more));
  return true;
}

void Store::fall_behind(Owner* owner) {
  if (owner == nullptr) return;
  owner->is_behind = true;
  any_behind_ = true;
}

bool Store::tell(Owner& owner, std::uint64_t told_flags) {
  if (owner.group != nullptr) {
    const Record record{.type = RecordType::Group, .owner = owner.number};
    return put(&owner, record, rooms_->router.filter_bytes(*owner.group),
               [&](std::uint8_t* out) { rooms_->router.write_filter(*owner.group, out); });
  }
  const Session& session = *owner.session;
  owner.is_away = false;
  owner.expiry_seconds = session.expiry_seconds;
  // What is on storage only is not told again.
  const bool keeps_some = (told_flags & flags::kAnew) != 0 && !owner.runs.empty();
  return put(&owner, {.type = RecordType::Session,
                      .owner = owner.number,
                      .message = keeps_some ? owner.runs.first()->first : 0,
                      .numbers = {owner.expiry_seconds, owner.grace_seconds, session.last_packet_id,
                                  told_flags},
                      .texts = {session.client_id(), session.user_name()}});
}

bool Store::tell_away(Owner& owner) {
  owner.is_away = true;
  return put(&owner, {.type = RecordType::SessionAway,
                      .owner = owner.number,
                      .numbers = {static_cast<std::uint64_t>(wall_.count())}});
}

bool Store::tell(Owner& owner, const Subscription& subscription) {
  const Record record{.type = RecordType::Subscribed,
                      .owner = owner.number,
                      .numbers = {persist::flags_of(subscription), subscription.identifier}};
  return put(&owner, record, rooms_->router.filter_bytes(subscription),
             [&](std::uint8_t* out) { rooms_->router.write_filter(subscription, out); });
}

bool Store::tell_will(Owner& owner, bool again) {
  const session::Will& will = *owner.session->will;
  if (!tell(*will.message, 0, again)) {
    fall_behind(&owner);
    return false;
  }
  const std::uint64_t expiry =
      will.expiry_seconds ? std::uint64_t{*will.expiry_seconds} + 1 : std::uint64_t{0};
  return put(&owner, {.type = RecordType::Will,
                      .owner = owner.number,
                      .message = will.message->stored()->number,
                      .numbers = {will.delay_seconds, expiry}});
}

// A group's members have their own QoS and identifiers.
std::uint64_t Store::flags_of(const Owner& owner, const Delivery& delivery) {
  const message::Message& message = *delivery.message;
  return owner.group != nullptr ? persist::flags_of(message.qos(), message.retain())
                                : persist::flags_of(delivery.qos, delivery.retain);
}

bool Store::tell_queued(Owner& owner, const Delivery& delivery, std::uint64_t told_flags) {
  const bool is_group = owner.group != nullptr;
  told_flags |= flags_of(owner, delivery) | (is_group ? flags::kOfGroup : 0) |
                (delivery.is_late ? flags::kApart : 0);
  std::size_t identifier_bytes = 0;
  if (!is_group) {
    session::Deliveries::for_each_identifier(
        delivery, [&](std::uint32_t identifier) { identifier_bytes += varint_bytes(identifier); });
  }
  if (!tell(*delivery.message, delivery.is_late ? 0 : identifier_bytes + kQueued)) {
    fall_behind(&owner);
    return false;
  }
  const Record record{.type = RecordType::Queued,
                      .owner = owner.number,
                      .message = delivery.message->stored()->number,
                      .numbers = {told_flags}};
  return put(&owner, record, identifier_bytes, [&](std::uint8_t* out) {
    if (is_group) return;
    std::uint8_t* to = out;
    session::Deliveries::for_each_identifier(
        delivery, [&to](std::uint32_t identifier) { to = put_varint(to, identifier); });
  });
}

void Store::tell_discarded(Owner* owner, const Delivery& delivery) {
  if (owner == nullptr) return;
  put(owner, {.type = RecordType::Discarded,
              .owner = owner->number,
              .message = delivery.message->stored()->number,
              .numbers = {flags_of(*owner, delivery)}});
}

bool Store::tell_launched(Owner& owner, const Delivery& delivery, wire::PacketIdentifier packet_id,
                          std::uint64_t told_flags) {
  return put(&owner, {.type = RecordType::Launched,
                      .owner = owner.number,
                      .message = delivery.message->stored()->number,
                      .numbers = {packet_id, told_flags | flags_of(owner, delivery)}});
}

bool Store::tell_retained(message::Message& message) {
  return tell(message) &&
         put(nullptr, {.type = RecordType::Retained, .message = message.stored()->number});
}

std::uint64_t Store::expiry_of(const message::Message& message, std::uint64_t& told_flags) const {
  if (message.expires() == kNever) return 0;
  const Duration left = message.expires() - now_;
  if (wall_.count() == 0) {
    told_flags |= flags::kTimeLeft;
    return static_cast<std::uint64_t>(std::max<std::int64_t>(left.count(), 1));
  }
  return static_cast<std::uint64_t>(std::max<std::int64_t>((wall_ + left).count(), 1));
}

bool Store::tell(message::Message& message, std::size_t more, bool again) {
  message::Stored& stored = *message.stored();
  // One that is in the segment that is being copied is copied before it is named again.
  const bool moves = copied_segment_ != 0 && stored.segment == copied_segment_;
  // What is queued is told together with its message, which is said once more for that.
  const bool is_told_near = more == 0 || stored.number != last_told_ ||
                            (is_told_here(stored.number) && log_.fits_frame(more));
  const bool is_known = stored.number != 0 && !moves;
  if (is_known && is_told_near && !again) return true;
  const MessageNumber number = stored.number != 0 ? stored.number : next_message_;
  std::uint64_t told_flags = persist::flags_of(message.qos(), message.retain());
  const std::uint64_t expiry = expiry_of(message, told_flags);
  const Owner* const publisher =
      message.publisher != 0
          ? index_.find(message.publisher,
                        [](const Owner& owner) { return owner.session != nullptr; })
          : nullptr;
  const Record record{.type = RecordType::Message,
                      .message = number,
                      .numbers = {told_flags, expiry, publisher != nullptr ? publisher->number : 0},
                      .texts = {message.topic_name(), as_text(message.properties())}};
  if (!log_.keep_together(encoded_bytes(record, message.payload_bytes()) + more)) {
    found_no_room_ = found_no_room_ || !is_known;
    return is_known;
  }
  const SegmentNumber segment = here();
  const bool is_told = put(nullptr, record, message.payload_bytes(), [&](std::uint8_t* out) {
    copy(out, message.first_payload());
    for (const message::Block* at = message.first_block(); at != nullptr;
         at = message.block_after(*at)) {
      copy(out, at->view());
      out += at->bytes;
    }
  });
  if (!is_told) return false;
  if (stored.number == 0) {
    ++next_message_;
    message_bytes_ += bytes_of(message);
  }
  last_told_ = number;
  told_frame_ = log_.filling_frame();
  stored.number = number;
  if (!is_known) {
    stored.segment = segment;
    stored.frame = told_frame_;
  }
  return true;
}

bool Store::end(Owner& owner) {
  owner.session = nullptr;
  owner.group = nullptr;
  if (!owner.runs.empty()) {
    evicted_bytes_ -= owner.runs.bytes();
    owner.runs.clear(run_pool_);
    evicted_.remove(owner);
  }
  // Without room it stays where it is until that can be told.
  if (!put(&owner, {.type = RecordType::OwnerEnded, .owner = owner.number})) return true;
  if (copied_owner_ == &owner) {
    copied_owner_ = owners_.next(owner);
    owner_step_ = OwnerStep::Begin;
  }
  if (evicted_owner_ == &owner) evicted_owner_ = owners_.next(owner);
  owners_.remove(owner);
  // The next commit, of the core or of the store, is the first that has it.
  owner.ended = asked_ + own_ + 1;
  ended_.push_back(owner);
  return true;
}

}  // namespace midge::persist
