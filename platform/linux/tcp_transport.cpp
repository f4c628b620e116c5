#include "platform/linux/tcp_transport.hpp"

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
  return {peer_size_ > kInlinePeer ? long_peer_->text.data() : peer_.data(), peer_size_};
}

}  // namespace midge::platform
