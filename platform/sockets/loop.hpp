// One turn's waiting and handing out, for listeners and connections together.
#pragma once

#include "broker/base/time.hpp"
#include "platform/sockets/connections.hpp"
#include "platform/sockets/listeners.hpp"
#include "platform/sockets/poller.hpp"

namespace midge::sockets {

// The port's clock.
[[nodiscard]] Instant monotonic_now();

class Loop {
 public:
  // `listeners` are open already; all of `entrance` outlives the loop.
  Loop(Arena& arena, Listeners& listeners, Entrance& entrance);

  // False when the arena had no room: then nothing else may be called.
  [[nodiscard]] bool is_ready() const { return poller_.is_ready(); }

  // Waits for an event, a deadline of this platform or `until`.
  void wait(Instant until);
  // Hands out what the wait found; `now` is the time of the turn.
  void dispatch(Instant now);

 private:
  Listeners& listeners_;
  Entrance& entrance_;
  Poller poller_;  // connections first, then listeners
};

}  // namespace midge::sockets
