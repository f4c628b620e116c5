// Store: from the records of a log to sessions, subscriptions, queues and retained messages.
#include <algorithm>
#include <chrono>
#include <new>
#include <utility>

#include "broker/persist/mounting.hpp"
#include "broker/routing/lifecycle.hpp"
#include "broker/routing/router.hpp"
#include "broker/session/sessions.hpp"
#include "broker/topic/topic.hpp"

namespace midge::persist {

using message::Message;
using session::Delivery;
using session::OutboundState;
using session::Session;
using wire::PacketIdentifier;
using wire::QoS;

namespace {

std::uint32_t hash_of(std::uint64_t number) {
  return static_cast<std::uint32_t>((number * 0x9E3779B97F4A7C15U) >> 32U);
}

QoS qos_of(std::uint64_t told_flags) {
  const std::uint64_t qos = told_flags & flags::kQoS;
  return qos > 2 ? QoS::ExactlyOnce : static_cast<QoS>(qos);
}

wire::SubscriptionOptions options_of(std::uint64_t told) {
  return {.maximum_qos = qos_of(told),
          .no_local = (told & 4U) != 0,
          .retain_as_published = (told & 8U) != 0,
          .retain_handling = static_cast<wire::RetainHandling>(std::min<std::uint64_t>(
              (told >> 4U) & 3U, static_cast<std::uint64_t>(wire::RetainHandling::DontSend)))};
}

}  // namespace

MountError Store::mount(core::Core& core, std::uint32_t new_store, Instant now, WallTime wall,
                        Restored& restored) {
  begin(now, wall);
  const core::Rooms rooms = core.rooms();
  rooms.lifecycle.start_turn(now);
  Mounting mounting(*this, rooms, restored);
  switch (log_.mount(new_store, mounting, restored.findings)) {
    case Mounted::Ok:
      break;
    case Mounted::Unfit:
      return MountError::Unfit;
    case Mounted::Unreadable:
      return MountError::Unreadable;
    case Mounted::TooLong:
      return MountError::TooLong;
  }
  if (!mounting.is_full) mounting.finish();
  if (mounting.is_full) return MountError::MemoryFull;
  rooms_.emplace(rooms);
  return MountError::None;
}

Store::Mounting::Mounting(Store& to, const core::Rooms& in, Restored& counts)
    : store(to),
      rooms(in),
      restored(counts),
      messages(to.memory_),
      owners(to.memory_),
      known_pool(to.memory_.arena()) {}

Store::Mounting::~Mounting() {
  owners.drain([this](Held& owner) { release(owner); });
  messages.drain([this](Known& known) {
    messages.remove(known);
    rooms.messages.release(*known.message);
    known_pool.destroy(&known);
  });
}

Store::Mounting::Known* Store::Mounting::find_message(MessageNumber number) const {
  return messages.find(hash_of(number),
                       [number](const Known& known) { return known.number == number; });
}

Store::Mounting::Held* Store::Mounting::find_owner(OwnerNumber number) const {
  return owners.find(hash_of(number),
                     [number](const Held& owner) { return owner.number == number; });
}

void Store::Mounting::on_frame(Bytes records, Position position) {
  Record record;
  while (!records.empty() && !is_full) {
    switch (decode(records, record)) {
      case Decoded::Record:
        apply(record, position.segment);
        break;
      case Decoded::Unknown:
        ++restored.unknown_records;
        break;
      case Decoded::Damaged:
        ++restored.damaged_records;
        break;
    }
  }
}

void Store::Mounting::apply(const Record& record, SegmentNumber segment) {
  store.next_owner_ = std::max(store.next_owner_, record.owner + 1);
  store.next_message_ = std::max(store.next_message_, record.message + 1);
  switch (record.type) {
    case RecordType::Session:
      return on_session(record, segment);
    case RecordType::Group:
      return on_group(record, segment);
    case RecordType::Message:
      return on_message(record, segment);
    case RecordType::Retained:
      if (const Known* const known = find_message(record.message)) {
        is_full =
            rooms.router.retained().set(*known->message) != routing::RetainedStore::Stored::Yes;
      }
      return;
    case RecordType::RetainedGone:
      static_cast<void>(rooms.router.retained().clear(record.texts[0]));
      return;
    default:
      break;
  }
  // What is said of an owner that nobody knows is of one that has ended.
  Held* const owner = find_owner(record.owner);
  if (owner == nullptr) return;
  const auto packet_id = static_cast<PacketIdentifier>(record.numbers[0]);
  Session* const session = owner->session;
  switch (record.type) {
    case RecordType::OwnerEnded:
      return end(*owner);
    case RecordType::Queued:
      return on_queued(*owner, record);
    case RecordType::Discarded:
      return discard(*owner, record.message);
    default:
      break;
  }
  if (session == nullptr) return;
  const auto has_id = [packet_id](const Delivery& delivery) {
    return delivery.packet_id == packet_id;
  };
  switch (record.type) {
    case RecordType::SessionAway:
      owner->is_away = true;
      owner->away_since = WallTime(static_cast<std::int64_t>(record.numbers[0]));
      return;
    case RecordType::Subscribed:
      return on_subscribed(*owner, record);
    case RecordType::Unsubscribed:
      if (const auto filter = topic::parse_filter(record.texts[0])) {
        static_cast<void>(rooms.router.unsubscribe(*session, *filter));
      }
      return;
    case RecordType::Launched:
      return on_launched(*owner, record);
    case RecordType::Received:
      if (const Place place = find_in(owner->flight, has_id); place.delivery != nullptr) {
        place.delivery->state = OutboundState::AwaitPubcomp;
      }
      return;
    case RecordType::Done:
      if (const Place place = find_in(owner->flight, has_id); place.delivery != nullptr) {
        rooms.sessions.deliveries().destroy(owner->flight.pop_after(place.before));
      }
      return;
    case RecordType::InboundOpened:
      if (!session::Sessions::has_inbound(*session, packet_id)) {
        is_full = !rooms.sessions.open_inbound(*session, packet_id);
      }
      return;
    case RecordType::InboundClosed:
      static_cast<void>(rooms.sessions.close_inbound(*session, packet_id));
      return;
    case RecordType::Will:
      return on_will(*owner, record);
    case RecordType::WillGone:
      rooms.sessions.drop_will(*session);
      return;
    default:
      return;
  }
}

void Store::Mounting::on_session(const Record& record, SegmentNumber segment) {
  Held* owner = find_owner(record.owner);
  // What comes before it is told in full is told again there.
  if (owner == nullptr && (record.numbers[3] & flags::kWhole) == 0) return;
  if (owner == nullptr) {
    Session* session = rooms.sessions.find(record.texts[0]);
    if (session != nullptr) {
      // Its end was lost; it can only be over.
      owners.for_each([&](Held& other) {
        if (other.session == session) owner = &other;
      });
      if (owner != nullptr) end(*owner);
    }
    session = rooms.sessions.create(record.texts[0], record.texts[1]);
    void* const place = session != nullptr ? store.memory_.allocate(sizeof(Held)) : nullptr;
    if (place == nullptr) {
      is_full = true;
      return;
    }
    owner = new (place) Held;
    owner->number = record.owner;
    owner->hash = hash_of(record.owner);
    owner->segment = segment;
    owner->session = session;
    owners.insert(*owner);
  } else if ((record.numbers[3] & flags::kAnew) != 0) {
    forget_contents(*owner);
    owner->segment = segment;
  }
  if (owner->session == nullptr) return;
  owner->session->expiry_seconds = static_cast<std::uint32_t>(record.numbers[0]);
  owner->session->last_packet_id = static_cast<PacketIdentifier>(record.numbers[2]);
  owner->grace_seconds = static_cast<std::uint32_t>(record.numbers[1]);
  owner->is_away = false;
}

void Store::Mounting::on_group(const Record& record, SegmentNumber segment) {
  if (find_owner(record.owner) != nullptr) return;
  const std::string_view filter = record.texts[0];
  void* const place = store.memory_.allocate(sizeof(Held) + filter.size());
  if (place == nullptr) {
    is_full = true;
    return;
  }
  auto* const owner = new (place) Held;
  owner->number = record.owner;
  owner->hash = hash_of(record.owner);
  owner->segment = segment;
  owner->filter_bytes = static_cast<std::uint32_t>(filter.size());
  copy(owner + 1, filter);
  owners.insert(*owner);
}

void Store::Mounting::on_message(const Record& record, SegmentNumber segment) {
  if (find_message(record.message) != nullptr) return;  // a copy
  const std::string_view payload = record.texts[2];
  Instant expires = kNever;
  if (record.numbers[1] != 0) {
    const bool is_left = (record.numbers[0] & flags::kTimeLeft) != 0;
    const Duration told(static_cast<std::int64_t>(
        std::min<std::uint64_t>(record.numbers[1], std::uint64_t{1} << 50U)));
    // Without a clock now it starts anew, as nobody knows how long that was.
    expires = store.now_ + (is_left || store.wall_.count() == 0 ? told : told - store.wall_);
  }
  Message* const message =
      rooms.messages.create({.topic_name = record.texts[0],
                             .properties_bytes = static_cast<std::uint32_t>(record.texts[1].size()),
                             .payload_bytes = static_cast<std::uint32_t>(payload.size()),
                             .qos = qos_of(record.numbers[0]),
                             .retain = (record.numbers[0] & flags::kRetain) != 0,
                             .expires = expires});
  Known* const known = message != nullptr ? known_pool.create(Reserve::Keep) : nullptr;
  const bool is_whole = known != nullptr && rooms.messages.append(*message, as_bytes(payload));
  if (!is_whole) {
    is_full = true;
    if (known != nullptr) known_pool.destroy(known);
    if (message != nullptr) rooms.messages.release(*message);
    return;
  }
  copy(message::Messages::properties_of(*message).data(), record.texts[1]);
  const auto publisher = static_cast<OwnerNumber>(record.numbers[2]);
  if (const Held* const owner = find_owner(publisher); owner != nullptr) {
    if (owner->session != nullptr) message->publisher = owner->session->hash;
  }
  store.message_bytes_ += bytes_of(*message);
  message->stored()->number = record.message;
  message->stored()->segment = segment;
  known->number = record.message;
  known->hash = hash_of(record.message);
  known->message = message;
  messages.insert(*known);
}

void Store::Mounting::on_subscribed(Held& owner, const Record& record) {
  const auto filter = topic::parse_filter(record.texts[0]);
  if (!filter) {
    ++restored.damaged_records;
    return;
  }
  wire::SubscriptionOptions options = options_of(record.numbers[0]);
  options.retain_handling = (record.numbers[0] & flags::kReplaying) != 0
                                ? wire::RetainHandling::Send
                                : wire::RetainHandling::DontSend;
  is_full = rooms.router
                .subscribe(*owner.session, *filter, options,
                           static_cast<std::uint32_t>(record.numbers[1]))
                .subscription == nullptr;
}

MessageNumber Store::Mounting::number_of(const Delivery& delivery) {
  return delivery.message->stored()->number;
}

template <class Is>
Store::Mounting::Place Store::Mounting::find_in(const Queue<Delivery>& queue, Is is) {
  Delivery* before = nullptr;
  for (Delivery* at = queue.first(); at != nullptr; before = at, at = at->next) {
    if (is(*at)) return {before, at};
  }
  return {before, nullptr};
}

Store::Mounting::Place Store::Mounting::find_queued(Held& owner, MessageNumber number) {
  Delivery* const last = owner.queued.last();
  if (last == nullptr || number_of(*last) < number) return {last, nullptr};
  Delivery* before = owner.last_found != nullptr && number_of(*owner.last_found) < number
                         ? owner.last_found
                         : nullptr;
  Delivery* at = before != nullptr ? before->next : owner.queued.first();
  while (at != nullptr && number_of(*at) < number) {
    before = at;
    at = at->next;
  }
  owner.last_found = before;
  return {before, at != nullptr && number_of(*at) == number ? at : nullptr};
}

void Store::Mounting::on_queued(Held& owner, const Record& record) {
  const Known* const known = find_message(record.message);
  if (known == nullptr) return;
  const std::uint64_t told = record.numbers[0];
  const bool changes = (told & flags::kChanged) != 0;
  Place place = find_queued(owner, record.message);
  const auto is_same = [&](const Delivery& other) {
    return other.message == known->message && other.qos == qos_of(told) &&
           other.retain == ((told & flags::kRetain) != 0);
  };
  std::uint64_t count = 0;
  Delivery* last = nullptr;
  for (Delivery* at = place.delivery; at != nullptr && at->message == known->message;
       at = at->next) {
    if (last != nullptr && changes) place.before = last;
    last = at;
    if (is_same(*at)) ++count;
  }
  if ((told & flags::kCopy) != 0) {
    for (const Delivery* at = owner.flight.first(); at != nullptr; at = at->next) {
      if (is_same(*at)) ++count;
    }
    if (count > told >> flags::kCopyShift) return;  // it is there
  }
  session::Deliveries& deliveries = rooms.sessions.deliveries();
  if (changes && last != nullptr) {
    place.delivery = last;
    deliveries.destroy(take(owner, place));
  } else if (last != nullptr) {
    place.before = last;
  }
  Delivery* const delivery = deliveries.create(*known->message);
  if (delivery == nullptr) {
    is_full = true;
    return;
  }
  delivery->qos = qos_of(told);
  delivery->retain = (told & flags::kRetain) != 0;
  Bytes identifiers = as_bytes(record.texts[0]);
  while (const auto identifier = take_varint(identifiers)) {
    is_full =
        is_full || !deliveries.add_identifier(*delivery, static_cast<std::uint32_t>(*identifier));
  }
  owner.queued.insert_after(place.before, *delivery);
}

// Takes one out of the queue.
Delivery* Store::Mounting::take(Held& owner, const Place& place) {
  if (owner.last_found == place.delivery) owner.last_found = place.before;
  return owner.queued.pop_after(place.before);
}

void Store::Mounting::on_launched(Held& owner, const Record& record) {
  const auto packet_id = static_cast<PacketIdentifier>(record.numbers[0]);
  if ((record.numbers[0] & flags::kCopied) == 0) owner.session->last_packet_id = packet_id;
  const MessageNumber number = record.message;
  const auto is_it = [number, packet_id](const Delivery& delivery) {
    return delivery.packet_id == packet_id && number_of(delivery) == number;
  };
  if (find_in(owner.flight, is_it).delivery != nullptr) return;  // a copy
  const Place place = find_queued(owner, number);
  if (place.delivery == nullptr) return;
  Delivery* const delivery = take(owner, place);
  delivery->packet_id = packet_id;
  delivery->state =
      delivery->qos == QoS::ExactlyOnce ? OutboundState::AwaitPubrec : OutboundState::AwaitPuback;
  owner.flight.push_back(*delivery);
}

void Store::Mounting::on_will(Held& owner, const Record& record) {
  const Known* const known = find_message(record.message);
  if (known == nullptr) return;
  message::Messages::add_reference(*known->message);
  const std::uint64_t expiry = record.numbers[1];
  is_full = !rooms.sessions.set_will(
      *owner.session, *known->message, static_cast<std::uint32_t>(record.numbers[0]),
      expiry != 0 ? std::optional(static_cast<std::uint32_t>(expiry - 1)) : std::nullopt);
}

void Store::Mounting::discard(Held& owner, MessageNumber number) {
  const Place queued = find_queued(owner, number);
  if (queued.delivery != nullptr) {
    return rooms.sessions.deliveries().destroy(take(owner, queued));
  }
  const Place place = find_in(
      owner.flight, [number](const Delivery& delivery) { return number_of(delivery) == number; });
  if (place.delivery != nullptr) {
    rooms.sessions.deliveries().destroy(owner.flight.pop_after(place.before));
  }
}

void Store::Mounting::drop_deliveries(Held& owner) {
  owner.last_found = nullptr;
  for (Queue<Delivery>* queue : {&owner.flight, &owner.queued}) {
    while (Delivery* const delivery = queue->pop_front()) {
      rooms.sessions.deliveries().destroy(delivery);
    }
  }
}

void Store::Mounting::forget_contents(Held& owner) {
  drop_deliveries(owner);
  if (owner.session == nullptr) return;
  while (const auto* const open = owner.session->inbound.first()) {
    static_cast<void>(rooms.sessions.close_inbound(*owner.session, open->packet_id));
  }
  rooms.sessions.drop_will(*owner.session);
  std::uint32_t all = owner.session->subscription_count;
  static_cast<void>(rooms.router.forget(*owner.session, all));
}

void Store::Mounting::end(Held& owner) {
  forget_contents(owner);
  if (owner.session != nullptr) {
    rooms.sessions.retire(*owner.session);
    rooms.sessions.destroy(*owner.session);
  }
  release(owner);
}

void Store::Mounting::release(Held& owner) {
  drop_deliveries(owner);
  owners.remove(owner);
  const std::size_t bytes = sizeof(Held) + owner.filter_bytes;
  owner.~Held();
  store.memory_.release(&owner, bytes);
}

}  // namespace midge::persist
