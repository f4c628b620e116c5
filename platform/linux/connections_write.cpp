// Connections: the way out.
#include <errno.h>
#include <sys/socket.h>

#include "platform/linux/connections.hpp"

namespace midge::platform {

Result<std::size_t, hal::TransportError> Connections::write(TcpTransport& transport,
                                                            std::span<const hal::Chunk> chunks) {
  std::size_t taken = 0;
  if (chunks.size() == 1) {
    taken = send_chunk(transport, chunks[0].bytes);
  } else {
    taken = send_gathered(transport, chunks);
  }
  if (transport.broken_) return Failure{hal::TransportError::Closed};
  // The kernel has its own copy.
  if (taken > 0) transport.handler_->on_sent(taken);
  return taken;
}

// From where it lies.
std::size_t Connections::send_chunk(TcpTransport& transport, Bytes bytes) {
  ssize_t sent = 0;
  do {
    sent = send(transport.fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  return on_sent(transport, sent, bytes.size());
}

std::size_t Connections::send_gathered(TcpTransport& transport,
                                       std::span<const hal::Chunk> chunks) {
  std::size_t taken = 0;
  while (!chunks.empty() && transport.writable_) {
    chunks = chunks.subspan(gather_.take(chunks));
    const std::span<iovec> pieces = gather_.pieces();
    if (pieces.empty()) continue;
    msghdr message{};
    message.msg_iov = pieces.data();
    // An int with musl.
    message.msg_iovlen = static_cast<decltype(message.msg_iovlen)>(pieces.size());
    ssize_t sent = 0;
    do {
      sent = sendmsg(transport.fd_, &message, MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    taken += on_sent(transport, sent, gather_.bytes());
  }
  return taken;
}

// A call has offered `offered` bytes and answered `sent`; how many the kernel took.
std::size_t Connections::on_sent(TcpTransport& transport, ssize_t sent, std::size_t offered) {
  // A short write means full, and makes the kernel report when there is room again.
  const std::size_t taken = sent < 0 ? 0 : static_cast<std::size_t>(sent);
  if (taken == offered) return taken;
  transport.writable_ = false;
  if (sent >= 0 || errno == EAGAIN || errno == EWOULDBLOCK) return taken;
  // What the peer sent before may hold its DISCONNECT: it is read before the end is told.
  transport.broken_ = true;
  transport.readable_ = true;
  queue(transport);
  return 0;
}

}  // namespace midge::platform
