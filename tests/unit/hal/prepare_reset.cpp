// For sockets of the system.
#include <sys/socket.h>

#include "tests/unit/hal/socket_peer.hpp"

namespace midge::test {

void prepare_reset(int fd) {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

}  // namespace midge::test
