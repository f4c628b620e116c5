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
