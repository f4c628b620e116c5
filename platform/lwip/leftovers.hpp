// Bytes that handlers did not use before they paused, of all connections together, in blocks of a
// fixed pool. What finds no room here the peer sends again, see transports_receive.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "broker/base/bytes.hpp"

namespace midge::lwip {

// A block's place among all of them.
using LeftoverIndex = std::uint16_t;
inline constexpr LeftoverIndex kNoLeftover = 0xFFFF;

struct LeftoverBlock {
  static constexpr std::size_t kBytes = 122;

  LeftoverIndex next = 0;   // or kNoLeftover
  std::uint16_t begin = 0;  // used already
  std::uint16_t end = 0;
  std::uint8_t bytes[kBytes];
};

class Leftovers {
 public:
  explicit Leftovers(std::span<LeftoverBlock> blocks) : blocks_(blocks) {
    for (std::size_t i = 0; i < blocks.size(); ++i) give(static_cast<LeftoverIndex>(i));
  }
  Leftovers(const Leftovers&) = delete;
  Leftovers& operator=(const Leftovers&) = delete;

  [[nodiscard]] LeftoverBlock& operator[](LeftoverIndex index) { return blocks_[index]; }
  // Puts bytes behind those of the chain that begins with `first`, filling its last block first;
  // returns how many found room.
  [[nodiscard]] std::size_t append(LeftoverIndex& first, Bytes bytes);
  // Takes `count` bytes of the first block away; the block goes back with its last byte.
  void consume(LeftoverIndex& first, std::size_t count);
  // Gives the whole chain back; returns how many bytes it held.
  std::size_t drop(LeftoverIndex& first);

  [[nodiscard]] std::size_t free_blocks() const { return free_count_; }

 private:
  void give(LeftoverIndex index);

  std::span<LeftoverBlock> blocks_;
  LeftoverIndex free_ = kNoLeftover;
  std::size_t free_count_ = 0;
};

}  // namespace midge::lwip
