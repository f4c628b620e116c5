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
// The most that a record of a delivery takes, or what another has beside its texts.
constexpr std::size_t kDeliveryRecord = 64;

}  // namespace

void Store::begin_copying() {
  copying_ = Copying::Owners;
  copied_segment_ = log_.oldest();
  copying_began_in_ = log_.newest();
  copying_began_at_ = next_message_;
  any_behind_ = false;
  copied_owner_ = owners_.first();
  owner_step_ = OwnerStep::Begin;
  for (Owner* at = owners_.first(); at != nullptr; at = owners_.next(*at)) at->is_copied = false;
}

bool Store::copy_some() {
  if (copying_ == Copying::Nothing) {
    const bool is_wanted = used_segments() >= wanted_segments() && log_.oldest() != log_.newest();
    if (!rooms_ || (!is_wanted && !any_behind_)) return false;
    begin_copying();
    // Only those that are behind.
    if (!is_wanted) copied_segment_ = 0;
  }
  const std::uint64_t before = log_.appended();
  std::uint32_t visits = kVisits;
  if (copying_ == Copying::Owners && copy_owners(visits)) copying_ = Copying::GroupDeliveries;
  if (copying_ == Copying::GroupDeliveries && copy_group_deliveries()) {
    copying_ = Copying::Retained;
    retained_ =
        copied_segment_ != 0 ? rooms_->router.retained().start() : routing::RetainedCursor{};
  }
  if (copying_ == Copying::Retained && copy_retained(visits)) {
    copying_ = Copying::Commit;
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
}

bool Store::is_to_copy(const message::Message& message) const {
  if (copied_segment_ == 0) return false;
  const message::Stored& stored = *const_cast<message::Message&>(message).stored();
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
    if (visits == 0 || !copy_owner(*copied_owner_, visits)) return false;
    if (copied_owner_ == nullptr) break;
    copied_owner_ = owners_.next(*copied_owner_);
    owner_step_ = OwnerStep::Begin;
  }
  return true;
}

bool Store::copy_owner(Owner& owner, std::uint32_t& visits) {
  if (owner.session == nullptr && owner.group == nullptr) {
    if (!has_copy_room(kDeliveryRecord)) return false;
    // end() goes on to the next one.
    static_cast<void>(end(owner));
    return true;
  }
  --visits;
  if (owner_step_ == OwnerStep::Begin) {
    owner.is_copied = owner.is_copied || owner.is_behind || owner.segment == copied_segment_;
    if (owner.is_copied) owner.segment = here();
    if (owner.session != nullptr) {
      Session& session = *owner.session;
      const std::size_t texts = session.client_id().size() + session.user_name().size();
      const std::size_t will = session.will != nullptr
                                   ? session.will->message->payload_bytes() +
                                         session.will->message->topic_name().size() +
                                         session.will->message->properties().size()
                                   : 0;
      const std::size_t inbound = session.inbound_count * std::size_t{12};
      if (!has_copy_room(texts + will + inbound + 3 * kDeliveryRecord)) return false;
      const bool is_away = owner.is_away;
      if (owner.is_copied) {
        const bool is_anew = std::exchange(owner.is_behind, false);
        tell(owner, is_anew ? flags::kAnew : 0);
        if (is_away) tell_away(owner);
        for (const session::InboundIdentifier* at = session.inbound.first();
             at != nullptr && keeps_all(&owner); at = session.inbound.next(*at)) {
          put(&owner, {.type = RecordType::InboundOpened,
                       .owner = owner.number,
                       .numbers = {at->packet_id}});
        }
      }
      if (session.will != nullptr && (owner.is_copied || is_to_copy(*session.will->message))) {
        tell_will(owner);
      }
      for (Delivery* at = session.inflight.first(); at != nullptr; at = at->next)
        at->is_copied = false;
      for (Delivery* at = session.queued.first(); at != nullptr; at = at->next)
        at->is_copied = false;
      copied_subscription_ =
          owner.is_copied && keeps_all(&owner) ? session.subscriptions.first() : nullptr;
    } else {
      const std::size_t filter = rooms_->router.filter_bytes(*owner.group);
      if (!has_copy_room(filter + kDeliveryRecord)) return false;
      owner.is_behind = false;
      if (owner.is_copied) tell(owner, 0);
      for (Delivery* at = owner.group->waiting.first(); at != nullptr; at = at->next)
        at->is_copied = false;
    }
    owner_step_ = OwnerStep::Subscriptions;
  }
  if (owner_step_ == OwnerStep::Subscriptions) {
    while (copied_subscription_ != nullptr && owner.session != nullptr) {
      const std::size_t filter = rooms_->router.filter_bytes(*copied_subscription_);
      if (visits == 0 || !has_copy_room(filter + kDeliveryRecord)) return false;
      --visits;
      tell(owner, *copied_subscription_);
      copied_subscription_ = owner.session->subscriptions.next(*copied_subscription_);
    }
    owner_step_ = OwnerStep::Flight;
  }
  if (owner_step_ == OwnerStep::Flight) {
    if (keeps_all(&owner) &&
        !copy_deliveries(owner, owner.session->inflight.first(), true, visits)) {
      return false;
    }
    owner_step_ = OwnerStep::Queue;
  }
  Delivery* const first = owner.group != nullptr ? owner.group->waiting.first()
                          : keeps_all(&owner)    ? owner.session->queued.first()
                                                 : nullptr;
  if (!copy_deliveries(owner, first, false, visits)) return false;
  return true;
}

// How many come before it with the same message. Only what is retained is queued more than once, as
// it is sent to new subscriptions, or what overlapping ones are allowed to have.
std::uint64_t Store::copies_before(Owner& owner, const Delivery& delivery) const {
  if (owner.session == nullptr) return 0;
  std::uint64_t count = 0;
  for (const Queue<Delivery>* queue : {&owner.session->inflight, &owner.session->queued}) {
    for (const Delivery* at = queue->first(); at != nullptr; at = at->next) {
      if (at == &delivery) return count;
      const bool is_same = at->message == delivery.message && at->qos != QoS::AtMostOnce;
      if (is_same && owner_of(*at, &owner) == &owner) ++count;
    }
  }
  return count;
}

bool Store::copy_deliveries(Owner& owner, Delivery* first, bool in_flight, std::uint32_t& visits) {
  for (Delivery* at = first; at != nullptr; at = at->next) {
    message::Message& message = *at->message;
    const bool is_others = owner.session != nullptr && owner_of(*at, &owner) != &owner;
    const QoS qos = owner.group != nullptr ? message.qos() : at->qos;
    if (at->is_copied || is_others || qos == QoS::AtMostOnce) continue;
    if (!owner.is_copied && !is_to_copy(message)) continue;
    const std::size_t bytes = message.topic_name().size() + message.properties().size() +
                              message.payload_bytes() + 2 * kDeliveryRecord;
    if (visits == 0 || !has_copy_room(bytes)) return false;
    --visits;
    tell_queued(owner, *at, flags::kCopy | copies_before(owner, *at) << flags::kCopyShift);
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

// What members have of their groups, whether they are kept or not.
bool Store::copy_group_deliveries() {
  bool is_any = false;
  for (const Owner* at = owners_.first(); at != nullptr && !is_any; at = owners_.next(*at))
    is_any = at->group != nullptr;
  if (!is_any) return true;
  bool has_room = true;
  const auto visit = [&](Delivery* first) {
    for (Delivery* at = first; at != nullptr && has_room; at = at->next) {
      if (at->group == nullptr || at->qos == QoS::AtMostOnce) continue;
      Owner* const owner = owner_of(*at, nullptr);
      if (owner == nullptr || !(owner->is_copied || is_to_copy(*at->message))) continue;
      has_room = log_.has_room(at->message->payload_bytes() + at->message->topic_name().size() +
                               at->message->properties().size() + 2 * kDeliveryRecord);
      if (has_room) tell_queued(*owner, *at, flags::kCopy);
    }
  };
  rooms_->sessions.for_each([&](const Session& session) {
    visit(session.inflight.first());
    visit(session.queued.first());
  });
  return has_room;
}

bool Store::copy_retained(std::uint32_t& visits) {
  routing::RetainedStore& store = rooms_->router.retained();
  while (retained_.node != nullptr) {
    message::Message* const message = retained_.node->message();
    if (message != nullptr && is_to_copy(*message)) {
      const std::size_t bytes = message->topic_name().size() + message->properties().size() +
                                message->payload_bytes() + 2 * kDeliveryRecord;
      if (!has_copy_room(bytes)) return false;
      tell_retained(*message);
    }
    if (visits == 0) return false;
    --visits;
    store.step(retained_);
  }
  return true;
}

}  // namespace midge::persist
