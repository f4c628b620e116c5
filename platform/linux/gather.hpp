// Turns chunks into the fewest pieces for one system call: short ones are copied together, because
// an iovec costs the kernel more than the copy; long ones stay where they are.
#pragma once

#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "broker/hal/transport.hpp"

namespace midge::platform {

class Gather {
 public:
  // Chunks below this size are copied.
  static constexpr std::size_t kCopyBelow = 1024;

  // Takes chunks from the front as far as they fit; returns how many. At least one.
  std::size_t take(std::span<const hal::Chunk> chunks);

  [[nodiscard]] std::span<iovec> pieces() { return {pieces_.data(), count_}; }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  static constexpr std::size_t kMaximumPieces = 128;
  static constexpr std::size_t kScratchBytes = 32 * 1024;

  void copy(Bytes bytes);

  std::size_t count_ = 0;
  std::size_t bytes_ = 0;
  std::size_t copied_ = 0;
  bool copying_ = false;  // the last piece is the end of the scratch
  std::array<iovec, kMaximumPieces> pieces_;
  std::array<std::uint8_t, kScratchBytes> scratch_;
};

}  // namespace midge::platform
