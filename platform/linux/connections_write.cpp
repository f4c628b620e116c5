// Connections: the way out.
#include <errno.h>
#include <sys/socket.h>

#include "platform/linux/connections.hpp"
#include "platform/linux/gather.hpp"

namespace midge::platform {

Result<std::size_t, hal::TransportError> Connections::write(TcpTransport& transport,
                                                            std::span<const hal::Chunk> chunks) {
  Gather gather;
  std::size_t taken = 0;
  while (!chunks.empty() && transport.writable_) {
    chunks = chunks.subspan(gather.take(chunks));
    const std::span<iovec> pieces = gather.pieces();
    if (pieces.empty()) continue;
    msghdr message{};
    message.msg_iov = pieces.data();
    // An int with musl.
    message.msg_iovlen = static_cast<decltype(message.msg_iovlen)>(pieces.size());
    ssize_t sent = 0;
    do {
      sent = pieces.size() == 1
                 ? send(transport.fd_, pieces[0].iov_base, pieces[0].iov_len, MSG_NOSIGNAL)
                 : sendmsg(transport.fd_, &message, MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    if (sent < 0 && errno != EAGAIN && errno != EWOULDBLOCK) {
      // What the peer sent before may hold its DISCONNECT: it is read before the end is told.
      transport.broken_ = true;
      transport.writable_ = false;
      transport.readable_ = true;
      queue(transport);
      return Failure{hal::TransportError::Closed};
    }
    if (sent > 0) taken += static_cast<std::size_t>(sent);
    // A short write means full, and makes the kernel report when there is room again.
    if (sent < 0 || static_cast<std::size_t>(sent) < gather.bytes()) transport.writable_ = false;
  }
  // The kernel has its own copy.
  if (taken > 0) transport.handler_->on_sent(taken);
  return taken;
}

}  // namespace midge::platform
