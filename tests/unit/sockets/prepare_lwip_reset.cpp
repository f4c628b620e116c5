// For sockets of lwIP, where lingering no time resets only while something is not acknowledged.
#include <midge_sockets_port.h>

#include "tests/unit/hal/socket_peer.hpp"

extern "C" {
#include <lwip/api.h>
#include <lwip/priv/sockets_priv.h>
#include <lwip/tcp.h>
#include <lwip/tcpip.h>
}

namespace midge::test {

void prepare_reset(int fd) {
  LOCK_TCPIP_CORE();
  lwip_sock* const socket = lwip_socket_dbg_get_socket(fd);
  if (socket != nullptr && socket->conn->pcb.tcp != nullptr) tcp_abort(socket->conn->pcb.tcp);
  UNLOCK_TCPIP_CORE();
}

}  // namespace midge::test
