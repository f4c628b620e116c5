// The memory of a simulated broker's arena, aligned for the largest pages.
#pragma once

#include <cstddef>

#include "broker/base/bytes.hpp"

namespace midge::sim {

// The block that was given back last is kept for the next: a fresh one costs more than most tests
// take, above all with ASan, which tells of whoever touches it meanwhile or behind its end.
class ArenaMemory {
 public:
  static constexpr std::size_t kAlignment = 4'096;  // bytes

  ArenaMemory() = default;  // none
  explicit ArenaMemory(std::size_t bytes);
  ArenaMemory(ArenaMemory&& other) noexcept;
  ArenaMemory& operator=(ArenaMemory&& other) noexcept;
  ~ArenaMemory();

  [[nodiscard]] MutableBytes range() const { return range_; }

 private:
  void give_back();

  MutableBytes range_;
};

}  // namespace midge::sim
