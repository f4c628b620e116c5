// Where connections come from. The platform opens listeners as the settings say and hands each new
// transport to the Acceptor, which is the broker's core.
#pragma once

#include <cstdint>

#include "broker/hal/transport.hpp"

namespace midge::hal {

class Acceptor {
 public:
  // A peer connected on listener number `listener` (its index in the settings). Returns the handler
  // for its events, or null when the connection is refused: the platform then aborts it unseen.
  // The transport outlives the handler's on_closed().
  [[nodiscard]] virtual TransportHandler* accept(Transport& transport, std::uint16_t listener) = 0;

 protected:
  ~Acceptor() = default;
};

class Listener {
 public:
  // Stops accepting and closes the socket; open connections stay. Idempotent.
  virtual void close() = 0;

 protected:
  ~Listener() = default;
};

}  // namespace midge::hal
