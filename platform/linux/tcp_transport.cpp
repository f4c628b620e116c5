#include "platform/linux/tcp_transport.hpp"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "platform/linux/connections.hpp"

namespace midge::platform {

Result<std::size_t, hal::TransportError> TcpTransport::write(std::span<const hal::Chunk> chunks) {
  if (closed_ || draining_ || broken_) return Failure{hal::TransportError::Closed};
  if (!writable_) return std::size_t{0};
  return owner_.write(*this, chunks);
}

void TcpTransport::pause_receive() {
  paused_ = true;
}

void TcpTransport::resume_receive() {
  if (!paused_) return;
  paused_ = false;
  if (!closed_ && !draining_ && (leftover_ != nullptr || readable_)) owner_.queue(*this);
}

void TcpTransport::finish() {
  if (!closed_ && !draining_) owner_.finish(*this);
}

void TcpTransport::abort() {
  if (!closed_) owner_.abort(*this);
}

std::string_view TcpTransport::peer() const {
  sockaddr_storage storage{};
  auto* const address = reinterpret_cast<sockaddr*>(&storage);
  switch (family_) {
    case Family::Unix:
      address->sa_family = AF_UNIX;
      break;
    case Family::V4: {
      auto& v4 = reinterpret_cast<sockaddr_in&>(storage);
      v4.sin_family = AF_INET;
      v4.sin_port = peer_port_;
      v4.sin_addr.s_addr = peer_v4_;
      break;
    }
    case Family::V6: {
      auto& v6 = reinterpret_cast<sockaddr_in6&>(storage);
      v6.sin6_family = AF_INET6;
      v6.sin6_port = peer_port_;
      memcpy(&v6.sin6_addr, long_peer_->address.data(), long_peer_->address.size());
      break;
    }
  }
  owner_.peer_text_ = AddressText(address);
  return owner_.peer_text_.view();
}

}  // namespace midge::platform
