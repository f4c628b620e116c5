// The system's own sockets: there from the start, and reachable.
#include "platform/sockets/hosted/network.hpp"

namespace midge::sockets {

bool start_network() {
  return true;
}

bool offer_port(std::uint16_t) {
  return true;
}

}  // namespace midge::sockets
