// The size classes of Memory, which depend on the size of a page. Known while compiling too, so
// that what objects will take can be told before there is an arena (page_count.hpp).
#pragma once

#include <cstddef>

namespace midge {

// Sizes that are told apart: a class is a multiple of it.
inline constexpr std::size_t kSizeGranule = 8;

// The size class behind `last` (0: the first) for pages of this size with so much room; 0 behind
// the largest. Fine steps while objects are small; each class is as large as so many of them in a
// page can be. Each may leave a page half empty, so small pages have coarser steps.
[[nodiscard]] constexpr std::size_t size_class_after(std::size_t last, std::size_t page_bytes,
                                                     std::size_t usable_bytes) {
  const std::size_t fine = page_bytes >= 2048 ? 8 : 16;
  const std::size_t step = last <= 192   ? fine
                           : last <= 256 ? 2 * fine
                           : last < 448  ? 64
                                         : kSizeGranule;
  const std::size_t least = last == 0 ? 32 : last + step;
  const std::size_t objects = usable_bytes / least;
  return objects == 0 ? 0 : usable_bytes / objects / kSizeGranule * kSizeGranule;
}

// Where Memory keeps its slabs and, behind them, the class of each size in granules.
struct SizeClassTable {
  std::size_t classes = 0;
  std::size_t largest = 0;  // bytes

  constexpr SizeClassTable(std::size_t page_bytes, std::size_t usable_bytes) {
    while (const std::size_t bytes = size_class_after(largest, page_bytes, usable_bytes)) {
      ++classes;
      largest = bytes;
    }
  }
  [[nodiscard]] constexpr std::size_t granules() const { return largest / kSizeGranule + 1; }
  [[nodiscard]] constexpr std::size_t bytes(std::size_t slab_bytes) const {
    return classes * slab_bytes + granules();
  }
};

}  // namespace midge
