#include "platform/sockets/loop.hpp"

#include <algorithm>

#include "platform/sockets/port.hpp"

namespace midge::sockets {

Instant monotonic_now() {
  return Instant(Duration(port::monotonic_ms()));
}

Loop::Loop(Arena& arena, Listeners& listeners, Entrance& entrance)
    : listeners_(listeners),
      entrance_(entrance),
      poller_(arena, entrance.connections.capacity() + listeners.count()) {}

void Loop::wait(Instant until) {
  const Connections& connections = entrance_.connections;
  connections.watch(poller_);
  listeners_.watch(poller_, connections.capacity());
  until = std::min({until, connections.next_deadline(), listeners_.next_deadline()});
  if (until == kNever) return poller_.wait(Duration::max());
  const Instant now = monotonic_now();
  poller_.wait(until <= now ? Duration::zero() : until - now);
}

void Loop::dispatch(Instant now) {
  entrance_.connections.serve(poller_, now);
  // Behind the connections: a table's place that becomes free has no event of its old socket left.
  listeners_.serve(poller_, entrance_.connections.capacity(), now, entrance_);
}

}  // namespace midge::sockets
