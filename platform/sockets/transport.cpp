#include "platform/sockets/transport.hpp"

#include "platform/sockets/connections.hpp"

namespace midge::sockets {

Result<std::size_t, hal::TransportError> SocketTransport::write(
    std::span<const hal::Chunk> chunks) {
  if (state_ != State::Open || broken_) return Failure{hal::TransportError::Closed};
  return owner_.write(*this, chunks);
}

void SocketTransport::finish() {
  if (state_ == State::Open) owner_.finish(*this);
}

void SocketTransport::abort() {
  if (state_ == State::Open || state_ == State::Draining)
    owner_.close(*this, hal::CloseCause::Finished);
}

std::string_view SocketTransport::peer() const {
  return owner_.text_of(peer_);
}

}  // namespace midge::sockets
