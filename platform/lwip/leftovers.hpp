// Bytes that handlers did not use before they paused, of all connections together, in blocks of a
// fixed pool. What finds no room here the peer sends again, see transports_receive.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "broker/base/bytes.hpp"

namespace midge::lwip {

struct LeftoverBlock {
  static constexpr std::size_t kBytes = 120;

  LeftoverBlock* next = nullptr;
  std::uint16_t begin = 0;  // used already
  std::uint16_t end = 0;
  std::uint8_t bytes[kBytes];
};

class Leftovers {
 public:
  explicit Leftovers(std::span<LeftoverBlock> blocks) {
    for (LeftoverBlock& block : blocks) give(&block);
  }
  Leftovers(const Leftovers&) = delete;
  Leftovers& operator=(const Leftovers&) = delete;

  // Puts bytes behind those of `chain`, filling its last block first; returns how many found room.
  [[nodiscard]] std::size_t append(LeftoverBlock*& chain, Bytes bytes);
  // Takes `count` bytes of the first block away; the block goes back with its last byte.
  void consume(LeftoverBlock*& chain, std::size_t count);
  // Gives all of `chain` back; returns how many bytes it held.
  std::size_t drop(LeftoverBlock*& chain);

  [[nodiscard]] std::size_t free_blocks() const { return free_count_; }

 private:
  void give(LeftoverBlock* block);

  LeftoverBlock* free_ = nullptr;
  std::size_t free_count_ = 0;
};

}  // namespace midge::lwip
