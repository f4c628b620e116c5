// Lets programs of the machine talk to a listener inside lwIP: what connects to a port of
// 127.0.0.1 is passed on, byte by byte, to the same port of the stack.
#pragma once

#include <cstdint>

namespace midge::sockets {

// Takes the port at once; false, with errno, when it is in use. Peers are accepted as soon as the
// stack's listener is there. Lives until the program ends.
[[nodiscard]] bool start_relay(std::uint16_t port);

}  // namespace midge::sockets
