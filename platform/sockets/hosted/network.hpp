// What a hosted program does before its sockets work: nothing where they are the system's own;
// with lwIP its stack is started.
#pragma once

#include <cstdint>

namespace midge::sockets {

// Makes sockets work; further calls do nothing. False when the system refuses.
[[nodiscard]] bool start_network();

// Makes a listener at this port of 127.0.0.1, opened now or soon, reachable for other programs of
// the machine. False when that is impossible at once, for a port that is in use.
[[nodiscard]] bool offer_port(std::uint16_t port);

}  // namespace midge::sockets
