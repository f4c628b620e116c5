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

wire::SubscriptionOptions options_of(std::uint64_t told) {
  const std::uint64_t qos = std::min<std::uint64_t>(told & flags::kQoS, 2);
  return {.maximum_qos = static_cast<QoS>(qos),
          .no_local = (told & 4U) != 0,
          .retain_as_published = (told & 8U) != 0,
          .retain_handling = static_cast<wire::RetainHandling>(std::min<std::uint64_t>(
              (told >> 4U) & 3U, static_cast<std::uint64_t>(wire::RetainHandling::DontSend)))};
}

}  // namespace

MountError Store::mount(core::Core& core, std::uint32_t new_store, Instant now, WallTime wall,
                        Restored& restored, Arena* spare) {
  begin(now, wall);
  const core::Rooms& rooms = rooms_.emplace(core.rooms());
  rooms.lifecycle.start_turn(now);
  Mounting mounting(*this, rooms, restored, spare);
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
  // What could not be read may have numbers of its own, and needs what it names.
  frees_nothing_ = restored.findings.failed_segments > 0;
  if (frees_nothing_) {
    const OwnerNumber most = restored.findings.failed_segments * segment_bytes_;
    next_owner_ += most;
    next_message_ += most;
  }
  // What comes is told in new segments.
  fence_ = log_.newest();
  core_ = &core;
  return MountError::None;
}

Store::Mounting::Mounting(Store& to, const core::Rooms& in, Restored& counts, Arena* spare)
    : store(to),
      rooms(in),
      restored(counts),
      messages(to.memory_),
      owners(to.memory_),
      known_pool(to.memory_.arena()) {
  if (spare == nullptr) return;
  spare_memory.emplace(*spare);
  spare_pool.emplace(*spare);
}

Store::Mounting::~Mounting() {
  owners.drain([this](Held& owner) { release(owner); });
  while (Known* const first = all_known.first()) forget(*first);
}

Store::Mounting::Known* Store::Mounting::make_known() {
  Known* const one = spare_pool ? spare_pool->create(Reserve::Keep) : nullptr;
  if (one == nullptr) return known_pool.create(Reserve::Keep);
  one->is_spare = true;
  return one;
}

void Store::Mounting::forget(Known& one) {
  messages.remove(one);
  all_known.remove(one);
  rooms.messages.release(*one.message);
  (one.is_spare ? *spare_pool : known_pool).destroy(&one);
}

Store::Mounting::Known* Store::Mounting::find_message(MessageNumber number) const {
  return messages.find(hash_of(number),
                       [number](const Known& known) { return known.number() == number; });
}

Store::Mounting::Held* Store::Mounting::find_owner(OwnerNumber number) const {
  return owners.find(hash_of(number),
                     [number](const Held& owner) { return owner.number == number; });
}

void Store::Mounting::on_frame(Bytes records, Position position) {
  Record record;
  told = 0;
  while (!records.empty() && !is_full) {
    switch (decode(records, record)) {
      case Decoded::Record:
        apply(record, position);
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

SegmentNumber Store::Mounting::released_by(Bytes records) {
  SegmentNumber released = 0;
  Record record;
  while (!records.empty()) {
    if (decode(records, record) == Decoded::Record && record.type == RecordType::Released) {
      released = static_cast<SegmentNumber>(record.numbers[0]);
    }
  }
  return released;
}

void Store::Mounting::apply(const Record& record, const Position& position) {
  store.next_owner_ = std::max(store.next_owner_, record.owner + 1);
  store.next_message_ = std::max(store.next_message_, record.message + 1);
  switch (record.type) {
    case RecordType::Session:
      return on_session(record, position);
    case RecordType::Group:
      return on_group(record, position);
    case RecordType::Message:
      return on_message(record, position);
    case RecordType::Retained:
      if (const Known* const known = find_message(record.message)) {
        is_full =
            rooms.router.retained().set(*known->message) != routing::RetainedStore::Stored::Yes;
      }
      return;
    case RecordType::Released:
      return on_released();
    case RecordType::RetainedGone:
      static_cast<void>(rooms.router.retained().clear(record.texts[0]));
      return;
    default:
      break;
  }
  // What is said of an owner that nobody knows is of one that has ended, or that is told again
  // later: then what it has in its queue counts.
  Held* owner = find_owner(record.owner);
  if (owner == nullptr && record.type == RecordType::Queued) owner = hold(record.owner, 0);
  if (owner == nullptr) return;
  const auto packet_id = static_cast<PacketIdentifier>(record.numbers[0]);
  Session* const session = owner->session;
  switch (record.type) {
    case RecordType::OwnerEnded:
      return end(*owner);
    case RecordType::Queued:
      return on_queued(*owner, record, position);
    case RecordType::Discarded:
      return discard(*owner, record);
    default:
      break;
  }
  const auto has_id = [packet_id](const Delivery& delivery) {
    return delivery.packet_id == packet_id;
  };
  switch (record.type) {
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
    default:
      break;
  }
  if (session == nullptr) return;
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

// A new one; null: memory is full.
Store::Mounting::Held* Store::Mounting::hold(OwnerNumber number, std::size_t filter_bytes) {
  const std::size_t bytes = sizeof(Held) + filter_bytes;
  void* place = spare_memory ? spare_memory->allocate(bytes) : nullptr;
  const bool is_spare = place != nullptr;
  if (!is_spare) place = store.memory_.allocate(bytes);
  is_full = is_full || place == nullptr;
  if (place == nullptr) return nullptr;
  auto* const owner = new (place) Held;
  owner->is_spare = is_spare;
  owner->number = number;
  owner->hash = hash_of(number);
  owner->filter_bytes = static_cast<std::uint32_t>(filter_bytes);
  owners.insert(*owner);
  return owner;
}

void Store::Mounting::on_session(const Record& record, const Position& position) {
  Held* owner = find_owner(record.owner);
  const bool is_known = owner != nullptr && owner->is_told;
  // What comes before it is told in full is told again there, but for what is queued.
  if (!is_known && (record.numbers[3] & flags::kWhole) == 0) return;
  if (!is_known) {
    Session* session = rooms.sessions.find(record.texts[0]);
    if (session != nullptr) {
      // Its end was lost; it can only be over.
      Held* other = nullptr;
      owners.for_each([&](Held& at) {
        if (at.session == session) other = &at;
      });
      if (other != nullptr) end(*other);
    }
    session = rooms.sessions.create(record.texts[0], record.texts[1]);
    is_full = session == nullptr;
    if (!is_full && owner == nullptr) owner = hold(record.owner, 0);
    if (is_full) return;
    owner->is_told = true;
    owner->segment = position.segment;
    owner->session = session;
  }
  if ((record.numbers[3] & flags::kAnew) != 0) {
    forget_contents(*owner, record.message);
    owner->segment = position.segment;
    keeps_known = true;
  }
  if (owner->session == nullptr) return;
  owner->session->expiry_seconds = static_cast<std::uint32_t>(record.numbers[0]);
  owner->session->last_packet_id = static_cast<PacketIdentifier>(record.numbers[2]);
  owner->grace_seconds = static_cast<std::uint32_t>(record.numbers[1]);
  owner->is_away = false;
}

void Store::Mounting::on_group(const Record& record, const Position& position) {
  Held* const unknown = find_owner(record.owner);
  if (unknown != nullptr && unknown->is_told) return;
  if (unknown != nullptr) owners.remove(*unknown);
  const std::string_view filter = record.texts[0];
  Held* const owner = hold(record.owner, filter.size());
  if (owner != nullptr) {
    owner->is_told = owner->is_group = true;
    owner->segment = position.segment;
    copy(owner + 1, filter);
    if (unknown != nullptr) owner->queued.append(unknown->queued);
  }
  if (unknown == nullptr) return;
  owners.insert(*unknown);
  release(*unknown);
}

void Store::Mounting::on_message(const Record& record, const Position& position) {
  told = record.message;
  if (Known* const known = find_message(record.message)) {
    known->is_copy = true;
    return;
  }
  relieve();
  const Held* const publisher = find_owner(static_cast<OwnerNumber>(record.numbers[2]));
  const bool has_session = publisher != nullptr && publisher->session != nullptr;
  Message* const message =
      store.make_message(record, position, has_session ? publisher->session->hash : 0);
  Known* const one = message != nullptr ? make_known() : nullptr;
  if (one == nullptr) {
    is_full = true;
    if (message != nullptr) rooms.messages.release(*message);
    return;
  }
  one->is_moved = one->is_copy = record.message + 1 < store.next_message_;
  one->hash = hash_of(record.message);
  one->message = message;
  messages.insert(*one);
  all_known.push_back(*one);
}

void Store::Mounting::on_released() {
  for (Known* at = all_known.first(); at != nullptr; at = all_known.next(*at)) at->is_copy = false;
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

void Store::Mounting::on_will(Held& owner, const Record& record) {
  const Known* const known = find_message(record.message);
  if (known == nullptr) return;
  message::Messages::add_reference(*known->message);
  const std::uint64_t expiry = record.numbers[1];
  is_full = !rooms.sessions.set_will(
      *owner.session, *known->message, static_cast<std::uint32_t>(record.numbers[0]),
      expiry != 0 ? std::optional(static_cast<std::uint32_t>(expiry - 1)) : std::nullopt);
}

void Store::Mounting::forget_contents(Held& owner, MessageNumber from) {
  drop_deliveries(owner, from);
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
  drop_deliveries(owner, 0);
  owners.remove(owner);
  const std::size_t bytes = sizeof(Held) + owner.filter_bytes;
  Memory& memory = owner.is_spare ? *spare_memory : store.memory_;
  owner.~Held();
  memory.release(&owner, bytes);
}

}  // namespace midge::persist
