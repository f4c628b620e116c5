#include "platform/sim/loader.hpp"

#include "platform/sim/world.hpp"

namespace midge::sim {

using message::Loaded;

Loader::Loader(World& world, LoadedHandler& handler)
    : world_(world), handler_(handler), random_(world.random().next()) {}

Loaded Loader::load(message::Message& message) {
  if (const auto found = asked_.find(&message); found != asked_.end()) {
    const Loaded answer = found->second;
    if (answer != Loaded::Pending) asked_.erase(found);
    return answer;
  }
  if (!hold && !random_.chance(pending_percent)) return Loaded::Ready;

  ++times_pending_;
  asked_.emplace(&message, Loaded::Pending);
  if (hold) return Loaded::Pending;
  const Loaded later = random_.chance(fail_percent) ? Loaded::Failed : Loaded::Ready;
  world_.after(Duration{random_.in(delay_ms)}, [this, later, key = &message, life = life_] {
    if (life != life_) return;
    if (const auto found = asked_.find(key); found != asked_.end()) found->second = later;
    handler_.on_loaded();
  });
  return Loaded::Pending;
}

void Loader::release() {
  hold = false;
  const Loaded later = random_.chance(fail_percent) ? Loaded::Failed : Loaded::Ready;
  world_.after(Duration{0}, [this, later, life = life_] {
    if (life != life_) return;
    for (auto& [message, answer] : asked_) answer = later;
    handler_.on_loaded();
  });
}

void Loader::restart() {
  ++life_;
  asked_.clear();
}

}  // namespace midge::sim
