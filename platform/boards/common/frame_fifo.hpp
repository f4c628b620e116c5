// Moves lwIP's packet buffers through the 32-bit data port of an Ethernet controller. Needs
// ETH_PAD_SIZE 2: the two pad bytes in front of a frame line up with the two that both controllers
// put there, so the frame is moved in whole words and the IP header behind it is word aligned.
#pragma once

#include <lwip/pbuf.h>

#include <cstdint>
#include <cstring>

namespace midge::board {

static_assert(ETH_PAD_SIZE == 2);

class FrameFifo {
 public:
  explicit FrameFifo(volatile std::uint32_t& port) : port_(port) {}

  // All bytes of the chain, and what is missing to the next whole word.
  void write(const pbuf* p) {
    for (; p != nullptr; p = p->next) write({static_cast<const std::uint8_t*>(p->payload), p->len});
    if (held_bits_ != 0) port_ = held_;
  }

  // Fills `p` with `words`. Every buffer of the chain but the last is a multiple of four bytes
  // long, and the last has room up to the next: true of pool buffers.
  void read(pbuf* p, unsigned words) {
    for (; p != nullptr && words != 0; p = p->next) {
      auto* to = static_cast<std::uint32_t*>(p->payload);
      for (unsigned left = (p->len + 3U) / 4; left != 0 && words != 0; --left, --words)
        *to++ = port_;
    }
  }

  void skip(unsigned words) {
    for (; words != 0; --words) [[maybe_unused]] const std::uint32_t dropped = port_;
  }

 private:
  struct Part {
    const std::uint8_t* bytes;
    unsigned size;
  };

  void write(Part part) {
    for (; part.size >= 4; part.size -= 4, part.bytes += 4) {
      std::uint32_t word = 0;
      std::memcpy(&word, part.bytes, 4);
      if (held_bits_ == 0) {
        port_ = word;
      } else {
        port_ = held_ | word << held_bits_;
        held_ = word >> (32 - held_bits_);
      }
    }
    for (; part.size != 0; --part.size) {
      held_ |= static_cast<std::uint32_t>(*part.bytes++) << held_bits_;
      held_bits_ += 8;
      if (held_bits_ != 32) continue;
      port_ = held_;
      held_ = 0;
      held_bits_ = 0;
    }
  }

  volatile std::uint32_t& port_;
  std::uint32_t held_ = 0;  // bytes that are no whole word yet
  unsigned held_bits_ = 0;
};

}  // namespace midge::board
