// Connections: bytes that a handler did not use before it paused.
#include <string.h>

#include <utility>

#include "platform/linux/connections.hpp"

namespace midge::platform {

// Stands in front of the bytes, in a run of pages of its own.
struct Leftover {
  std::uint32_t begin;  // offered and used already
  std::uint32_t size;
  std::size_t pages;

  [[nodiscard]] std::uint8_t* bytes() { return reinterpret_cast<std::uint8_t*>(this + 1); }
};

std::size_t Connections::leftover_pages(std::size_t bytes) const {
  return (sizeof(Leftover) + bytes + arena_.page_bytes() - 1) / arena_.page_bytes();
}

bool Connections::can_keep_leftover() {
  // Clients that pause hold little of what others need.
  constexpr std::size_t kShare = 8;
  if (kept_pages_ + leftover_pages(receive_bytes_) > arena_.total_pages() / kShare) return false;
  // Untouched, the spare costs addresses only.
  if (spare_leftover_ == nullptr) spare_leftover_ = arena_.take(leftover_pages(receive_bytes_));
  return spare_leftover_ != nullptr;
}

void Connections::keep_leftover(TcpTransport& transport, Bytes bytes) {
  std::size_t pages = leftover_pages(bytes.size());
  void* memory = arena_.take(pages);
  if (memory == nullptr) {
    memory = std::exchange(spare_leftover_, nullptr);
    pages = leftover_pages(receive_bytes_);
  }
  kept_pages_ += pages;
  transport.leftover_ = new (memory)
      Leftover{.begin = 0, .size = static_cast<std::uint32_t>(bytes.size()), .pages = pages};
  memcpy(transport.leftover_->bytes(), bytes.data(), bytes.size());
}

void Connections::offer_leftover(TcpTransport& transport) {
  // Out of the transport's hands meanwhile: the handler may close it and still look at the bytes.
  Leftover* const leftover = std::exchange(transport.leftover_, nullptr);
  const std::size_t used = transport.handler_->on_received(
      {leftover->bytes() + leftover->begin, leftover->size - leftover->begin});
  leftover->begin += static_cast<std::uint32_t>(used);
  if (transport.closed_ || transport.draining_ || leftover->begin == leftover->size)
    return give_back(leftover);
  MIDGE_ASSERT(transport.paused_ && leftover->begin < leftover->size);
  transport.leftover_ = leftover;
}

void Connections::drop_leftover(TcpTransport& transport) {
  if (transport.leftover_ != nullptr) give_back(std::exchange(transport.leftover_, nullptr));
}

void Connections::give_back(Leftover* leftover) {
  kept_pages_ -= leftover->pages;
  arena_.give(leftover, leftover->pages);
}

}  // namespace midge::platform
