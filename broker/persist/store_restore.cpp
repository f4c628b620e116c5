// Store: what a mount has read becomes the broker's.
#include <chrono>

#include "broker/persist/mounting.hpp"
#include "broker/routing/lifecycle.hpp"
#include "broker/routing/router.hpp"
#include "broker/session/sessions.hpp"
#include "broker/topic/topic.hpp"

namespace midge::persist {

using session::Delivery;
using session::Session;

void Store::Mounting::relieve() {
  if (store.reading_.empty() || !store.is_short()) return;
  // Not more often than it gives something.
  constexpr std::uint32_t kAfter = 256;
  const Arena& arena = store.memory_.arena();
  const bool is_urgent = arena.available_pages() * 4 < arena.used_pages();
  if (++created < (is_urgent ? kAfter / 8 : kAfter)) return;
  created = 0;
  Known* following = nullptr;
  for (Known* at = keeps_known ? nullptr : all_known.first(); at != nullptr; at = following) {
    following = all_known.next(*at);
    if (!message::Messages::is_shared(*at->message)) forget(*at);
  }
  // Of the oldest segment there may be copies, which are known by what is in memory.
  owners.for_each([this](Held& owner) { evict(owner, store.log_.oldest()); });
  // What is on storage only is known no longer.
  for (Known* at = keeps_known ? nullptr : all_known.first(); at != nullptr; at = following) {
    following = all_known.next(*at);
    if (!message::Messages::is_shared(*at->message)) forget(*at);
  }
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

void Store::Mounting::finish() {
  owners.drain([this](Held& owner) {
    restore(owner);
    release(owner);
  });
  restored.subscriptions = rooms.metrics.subscriptions;
  restored.retained = rooms.metrics.retained_messages;
}

void Store::Mounting::restore(Held& owner) {
  if (!owner.is_told) return;  // nobody knows whose that was
  if (!owner.runs.empty()) settle(owner);
  session::Group* group = nullptr;
  if (owner.session == nullptr) {
    const auto filter = topic::parse_filter(owner.filter());
    group = filter && filter->is_shared() ? rooms.router.find_group(*filter) : nullptr;
    // Without members there is no group.
    if (group == nullptr) return;
  }
  Owner* const made = store.make(owner.session, group);
  if (made == nullptr) {
    is_full = true;
    return;
  }
  made->number = owner.number;
  made->segment = owner.segment;
  made->grace_seconds = owner.grace_seconds;
  if (group != nullptr) return restore_group(owner, group);
  made->expiry_seconds = owner.session->expiry_seconds;
  ++restored.sessions;
  // Its connection has ended with the broker that it had.
  made->is_away = owner.is_away;
  restore_session(owner, *owner.session);
  if (!owner.runs.empty()) {
    rooms.sessions.count_evicted(*owner.session, owner.runs.count(), owner.runs.payload_bytes());
    restored.queued += owner.runs.count();
    owner.runs.move_to(made->runs);
    store.evicted_.push_back(*made);
  }
  restore_times(owner, *owner.session);
}

void Store::Mounting::restore_group(Held& owner, session::Group* group) {
  while (Delivery* const delivery = owner.queued.pop_front()) {
    ++restored.queued;
    rooms.router.restore_waiting(*group, *delivery);
  }
}

void Store::Mounting::restore_session(Held& owner, Session& session) {
  // Identifiers are given in turn: the one that is farthest behind the last was given first.
  while (!owner.flight.empty()) {
    const auto age = [&session](const Delivery& delivery) {
      return static_cast<std::uint16_t>(session.last_packet_id - delivery.packet_id);
    };
    Place oldest{nullptr, owner.flight.first()};
    Delivery* before = nullptr;
    for (Delivery* at = owner.flight.first(); at != nullptr; before = at, at = at->next) {
      if (age(*at) > age(*oldest.delivery)) oldest = {before, at};
    }
    Delivery* const delivery = owner.flight.pop_after(oldest.before);
    delivery->dup = true;
    ++restored.queued;
    rooms.sessions.restore_flight(session, *delivery);
  }
  while (Delivery* const delivery = owner.queued.pop_front()) {
    ++restored.queued;
    rooms.sessions.enqueue(session, *delivery);
  }
}

void Store::Mounting::restore_times(const Held& owner, Session& session) {
  using std::chrono::seconds;
  // A client whose connection was open has some time to come back before it counts as lost.
  Duration passed{0};
  if (!owner.is_away) {
    // Of one without Keep Alive nobody knows when it would have been missed.
    constexpr seconds kGrace{60};
    passed = -(owner.grace_seconds != 0 ? seconds(owner.grace_seconds) : kGrace);
  } else if (owner.away_since.count() > 0 && store.wall_ > owner.away_since) {
    passed = store.wall_ - owner.away_since;
  }
  const Instant left = store.now_ - passed;
  rooms.lifecycle.restore(session, left);
}

}  // namespace midge::persist
