#include "platform/lwip/transport.hpp"

#include "platform/lwip/transports.hpp"

namespace midge::lwip {

Result<std::size_t, hal::TransportError> Transport::write(std::span<const hal::Chunk> chunks) {
  if (state_ != State::Open || pcb_ == nullptr) return Failure{hal::TransportError::Closed};
  if (full_) return std::size_t{0};
  return owner().write(*this, chunks);
}

void Transport::resume_receive() {
  if (!paused_) return;
  paused_ = false;
  if (state_ == State::Open) owner().wait_for_turn(*this);
}

void Transport::finish() {
  if (state_ == State::Open) owner().drain(*this, hal::CloseCause::Finished);
}

void Transport::abort() {
  owner().end(*this, hal::CloseCause::Finished);
}

std::string_view Transport::peer() const {
  TextWriter& text = owner().peer_text_;
  text.clear();
  std::uint8_t octets[sizeof peer_address_]{};
  copy(octets, {reinterpret_cast<const std::uint8_t*>(&peer_address_), sizeof octets});
  for (std::size_t i = 0; i < sizeof octets; ++i) text.add(i == 0 ? "" : ".").add(octets[i]);
  return text.add(":").add(peer_port_).view();
}

}  // namespace midge::lwip
