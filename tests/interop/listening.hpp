// Which TCP addresses a process listens on, from /proc: asking costs the broker no connection, and
// a port somebody else holds is never mistaken for ours.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <set>
#include <string>

namespace midge::interop {

// Such as "127.0.0.1:1883" and "[::1]:1883"; a wildcard is "0.0.0.0:1883" or "[::]:1883".
std::set<std::string> listening_addresses(pid_t pid);

// A port nobody holds on IPv4 or IPv6. Below the range from which the kernel takes local ports of
// outgoing connections, so that a thousand clients cannot grab it before the broker does.
std::uint16_t free_port();

}  // namespace midge::interop
