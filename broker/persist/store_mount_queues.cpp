// Store: the queues of a mount, in memory and on storage, and what becomes of them as it is read.
#include <algorithm>

#include "broker/persist/mounting.hpp"
#include "broker/session/sessions.hpp"

namespace midge::persist {

using message::Message;
using session::Delivery;
using session::OutboundState;
using wire::PacketIdentifier;
using wire::QoS;

MessageNumber Store::Mounting::number_of(const Delivery& delivery) {
  return delivery.message->stored()->number;
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

bool Store::Mounting::is_told_as(const Delivery& delivery, std::uint64_t told_flags) {
  return delivery.qos == qos_of(told_flags) &&
         delivery.retain == ((told_flags & flags::kRetain) != 0);
}

Store::Mounting::Place Store::Mounting::find_queued(Held& owner, MessageNumber number,
                                                    std::uint64_t told_flags) {
  Place place = find_queued(owner, number);
  while (place.delivery != nullptr && !is_told_as(*place.delivery, told_flags)) {
    place = {place.delivery, place.delivery->next};
    if (place.delivery != nullptr && number_of(*place.delivery) != number) place.delivery = nullptr;
  }
  return place;
}

void Store::Mounting::on_queued(Held& owner, const Record& record, const Position& position) {
  const std::uint64_t told_flags = record.numbers[0];
  const bool changes = (told_flags & flags::kChanged) != 0;
  const bool is_here = record.message == told;
  Place place = find_queued(owner, record.message);
  const auto is_same = [&](const Delivery& other) {
    return number_of(other) == record.message && is_told_as(other, told_flags);
  };
  std::uint64_t count = 0;
  Delivery* last = nullptr;
  for (Delivery* at = place.delivery; at != nullptr && number_of(*at) == record.message;
       at = at->next) {
    if (last != nullptr && changes) place.before = last;
    last = at;
    if (is_same(*at)) ++count;
  }
  const bool is_evicted = last == nullptr && owner.runs.covers(record.message);
  if ((told_flags & flags::kCopy) != 0) {
    for (const Delivery* at = owner.flight.first(); at != nullptr; at = at->next) {
      if (is_same(*at)) ++count;
    }
    if (count > told_flags >> flags::kCopyShift) return;  // it is there
    if (is_evicted && is_here && (told_flags & flags::kApart) == 0) {
      return move(owner, record, position);
    }
  }
  const Known* const known_one = find_message(record.message);
  if (known_one == nullptr) return;
  if ((told_flags & flags::kCopy) != 0 && is_evicted && !is_here) {
    // The one that was told with its message is there, unless both have gone.
    if (!known_one->is_moved) return;
    is_full = !owner.runs.cut(store.run_pool_, record.message);
  }
  owner.is_group = owner.is_group || (told_flags & flags::kOfGroup) != 0;
  if (changes && last != nullptr) {
    place.delivery = last;
    rooms.sessions.deliveries().destroy(take(owner, place));
  } else if (last != nullptr) {
    place.before = last;
  }
  Delivery* const delivery = store.make_delivery(record, *known_one->message);
  if (delivery == nullptr) {
    is_full = true;
    return;
  }
  delivery->is_late = (told_flags & flags::kApart) != 0;
  delivery->is_apart = !is_here || is_evicted || delivery->is_late;
  delivery->hold = ++store.stamps_;
  owner.queued.insert_after(place.before, *delivery);
}

// What is on storage only has been told again, in the place of one that has gone. After a power cut
// that one may be there: then it is counted twice.
void Store::Mounting::move(Held& owner, const Record& record, const Position& position) {
  const Known* const one = find_message(record.message);
  if (one == nullptr) return;
  const Message& message = *one->message;
  const Evicted evicted{.number = record.message,
                        .segment = position.segment,
                        .frame = position.frame,
                        .is_copy = true,
                        .stamp = ++store.stamps_,
                        .bytes = static_cast<std::uint32_t>(bytes_of(message) + kAroundDelivery),
                        .payload_bytes = message.payload_bytes()};
  is_full = !owner.runs.put(store.run_pool_, evicted, store.fence_);
  store.evicted_bytes_ += evicted.bytes;
}

// Takes one out of the queue.
Delivery* Store::Mounting::take(Held& owner, const Place& place) {
  if (owner.last_found == place.delivery) owner.last_found = place.before;
  return owner.queued.pop_after(place.before);
}

void Store::Mounting::on_launched(Held& owner, const Record& record) {
  const auto packet_id = static_cast<PacketIdentifier>(record.numbers[0]);
  if ((record.numbers[1] & flags::kCopied) == 0 && owner.session != nullptr) {
    owner.session->last_packet_id = packet_id;
  }
  const MessageNumber number = record.message;
  const auto is_it = [number, packet_id](const Delivery& delivery) {
    return delivery.packet_id == packet_id && number_of(delivery) == number;
  };
  if (find_in(owner.flight, is_it).delivery != nullptr) return;  // a copy
  const Place place = fetch(owner, number, record.numbers[1]);
  if (place.delivery == nullptr) return;
  Delivery* const delivery = take(owner, place);
  delivery->packet_id = packet_id;
  delivery->state =
      delivery->qos == QoS::ExactlyOnce ? OutboundState::AwaitPubrec : OutboundState::AwaitPuback;
  owner.flight.push_back(*delivery);
}

void Store::Mounting::discard(Held& owner, const Record& record) {
  const Place queued = fetch(owner, record.message, record.numbers[0]);
  if (queued.delivery != nullptr) {
    return rooms.sessions.deliveries().destroy(take(owner, queued));
  }
  const Place place = find_in(owner.flight, [&](const Delivery& delivery) {
    return number_of(delivery) == record.message && is_told_as(delivery, record.numbers[0]);
  });
  if (place.delivery != nullptr) {
    rooms.sessions.deliveries().destroy(owner.flight.pop_after(place.before));
  }
}

void Store::Mounting::drop_deliveries(Held& owner, MessageNumber from) {
  owner.last_found = nullptr;
  while (Delivery* const delivery = owner.flight.pop_front()) {
    rooms.sessions.deliveries().destroy(delivery);
  }
  const auto goes = [from](MessageNumber number) { return from == 0 || number < from; };
  while (!owner.queued.empty() && goes(number_of(*owner.queued.first()))) {
    rooms.sessions.deliveries().destroy(owner.queued.pop_front());
  }
  store.evicted_bytes_ -= owner.runs.bytes();
  if (from == 0) owner.runs.clear(store.run_pool_);
  owner.runs.drop_before(store.run_pool_, from);
  store.evicted_bytes_ += owner.runs.bytes();
}

// --- with memory short ---

void Store::Mounting::forget_unused() {
  Known* following = nullptr;
  for (Known* at = keeps_known ? nullptr : all_known.first(); at != nullptr; at = following) {
    following = all_known.next(*at);
    if (!at->is_copy && !message::Messages::is_shared(*at->message)) forget(*at);
  }
}

void Store::Mounting::relieve() {
  if (!store.is_short()) return;
  // Not more often than it gives something; where nothing can be evicted that is soon done, and the
  // memory may be small.
  constexpr std::size_t kAfter = 256;
  const Arena& arena = store.memory_.arena();
  const std::size_t after =
      store.reading_.empty() ? std::min(kAfter, arena.total_pages() / 8) : kAfter;
  const bool is_urgent = arena.available_pages() * 4 < arena.used_pages();
  if (++created < (is_urgent ? after / 8 : after)) return;
  created = 0;
  forget_unused();
  if (store.reading_.empty()) return;
  // Of the oldest segment there may be copies, which are known by what is in memory.
  owners.for_each([this](Held& owner) { evict(owner, store.log_.oldest()); });
  // What is on storage only is known no longer.
  forget_unused();
}

void Store::Mounting::evict(Held& owner, SegmentNumber spared) {
  if (owner.is_group) return;
  owner.last_found = nullptr;
  Delivery* before = nullptr;
  Delivery* at = owner.queued.first();
  // The front stays; nothing that is behind what is on storage only does.
  const MessageNumber front = owner.runs.empty() ? ~MessageNumber{0} : owner.runs.first()->first;
  for (std::uint32_t i = 0; i < store.eviction_.kept && at != nullptr && number_of(*at) < front;
       ++i) {
    before = at;
    at = at->next;
  }
  MessageNumber after = before != nullptr ? number_of(*before) : 0;
  // What stays is not in a run, too.
  const auto keep = [&](Delivery& delivery) {
    before = &delivery;
    if (delivery.is_late) return;
    after = number_of(delivery);
    is_full = is_full || !owner.runs.cut(store.run_pool_, after);
  };
  // Nor is anything evicted before what can't be.
  Delivery* held = nullptr;
  for (Delivery* look = at; look != nullptr; look = look->next) {
    if (look->is_apart && !look->is_late) held = look;
  }
  for (; held != nullptr && before != held; at = at->next) keep(*at);
  while (at != nullptr && !is_full) {
    Delivery* const following = at->next;
    if (at->is_late || at->message->stored()->segment == spared) {
      keep(*at);
    } else {
      Evicted evicted = describe(*at);
      evicted.after = after;
      is_full = !owner.runs.put(store.run_pool_, evicted, store.fence_);
      store.evicted_bytes_ += evicted.bytes;
      rooms.sessions.deliveries().destroy(owner.queued.pop_after(before));
    }
    at = following;
  }
}

// What is in memory comes before what is on storage only.
void Store::Mounting::settle(Held& owner) {
  MessageNumber last = 0;
  for (Delivery* at = owner.queued.first(); at != nullptr; at = at->next) {
    if (at->is_apart && !at->is_late) last = number_of(*at);
  }
  while (!owner.runs.empty() && owner.runs.first()->first < last && !store.is_short()) {
    if (!fetch_some(owner)) break;
  }
  evict(owner, 0);
}

bool Store::Mounting::fetch_some(Held& owner) {
  // What a run reaches over must not be in memory too.
  evict(owner, 0);
  Queue<Delivery> out;
  const session::BroughtBack brought = store.read_back(owner.runs, owner.number, out);
  is_full = is_full || brought == session::BroughtBack::NoMemory;
  if (out.empty()) return false;
  while (Delivery* const delivery = out.pop_front()) {
    owner.queued.insert_after(find_queued(owner, number_of(*delivery)).before, *delivery);
  }
  return true;
}

Store::Mounting::Place Store::Mounting::fetch(Held& owner, MessageNumber number,
                                              std::uint64_t told_flags) {
  Place place = find_queued(owner, number, told_flags);
  while (place.delivery == nullptr && owner.runs.covers(number) && fetch_some(owner)) {
    place = find_queued(owner, number, told_flags);
  }
  return place;
}

}  // namespace midge::persist
