// The board's SD card, in SPI mode on SSI0 with chip select on port D, pin 0.
//
// A card wears out and levels that itself; what it promises is that a block is whole once it was
// reported written. A block that is written when the power fails may be lost, old contents and new.
#pragma once

#include "broker/hal/storage.hpp"

namespace midge::board {

class SdCard final : public hal::Storage {
 public:
  static constexpr std::uint32_t kBlockBytes = 512;
  static constexpr std::uint32_t kSegmentBytes = 32 * 1024;

  // Finds the card and its size, of which no more than so many segments are used; false when there
  // is none or it does not answer. start_hardware() comes first.
  [[nodiscard]] bool start(std::uint32_t most_segments = ~std::uint32_t{0});

  // No segments until start() has succeeded.
  [[nodiscard]] hal::StorageGeometry geometry() const override;

  // All of these wait for the card and never answer Pending. A block takes about a millisecond.
  // Offsets of a read are free. A card erases by itself, so an erased segment reads as before.
  [[nodiscard]] hal::StorageStatus read(std::uint32_t segment, std::uint32_t offset,
                                        MutableBytes out, hal::StorageHandler& handler) override;
  [[nodiscard]] hal::StorageStatus program(std::uint32_t segment, std::uint32_t offset, Bytes bytes,
                                           hal::StorageHandler& handler) override;
  [[nodiscard]] hal::StorageStatus erase(std::uint32_t segment,
                                         hal::StorageHandler& handler) override;

 private:
  // Whether `bytes` at `offset` lie inside of segment number `segment`.
  [[nodiscard]] bool holds(std::uint32_t segment, std::uint32_t offset, std::size_t bytes) const;
  [[nodiscard]] std::uint32_t card_address(std::uint32_t block) const;
  [[nodiscard]] bool read_block(std::uint32_t block, std::uint32_t skipped, MutableBytes out) const;
  // `bytes` of a whole block.
  [[nodiscard]] bool write_block(std::uint32_t block, const std::uint8_t* bytes) const;

  std::uint32_t segments_ = 0;
  bool takes_block_numbers_ = false;  // SDHC and larger; older cards take byte addresses
};

}  // namespace midge::board
