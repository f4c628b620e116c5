// The size classes of Memory, which depend on the size of a page. Known while compiling too, so
// that what objects will take can be told before there is an arena (page_count.hpp).
#pragma once

#include <cstddef>

namespace midge {

// Sizes that are told apart: a class is a multiple of it.
inline constexpr std::size_t kSizeGranule = 8;

// Calls add(bytes) for each size class of pages with so much room, in ascending order; the last is
// the largest.
template <class Add>
constexpr void for_each_size_class(std::size_t page_bytes, std::size_t usable_bytes, Add add) {
  std::size_t last = 0;
  const auto add_once = [&](std::size_t bytes) {
    if (bytes <= last || bytes > usable_bytes) return;
    last = bytes;
    add(bytes);
  };
  // Fine steps while objects are small, then what divides a page with the least waste. Each class
  // may leave a page half empty, so small pages have coarser steps.
  const std::size_t step = page_bytes >= 2048 ? 8 : 16;
  std::size_t bytes = 32;
  for (; bytes <= 192; bytes += step) add_once(bytes);
  for (; bytes <= 256; bytes += 2 * step) add_once(bytes);
  for (; bytes <= 448; bytes += 64) add_once(bytes);
  for (std::size_t parts = 8; parts > 0; --parts) {
    add_once(usable_bytes / parts / kSizeGranule * kSizeGranule);
  }
}

// Where Memory keeps its slabs and, behind them, the class of each size in granules.
struct SizeClassTable {
  std::size_t classes = 0;
  std::size_t largest = 0;  // bytes

  constexpr SizeClassTable(std::size_t page_bytes, std::size_t usable_bytes) {
    for_each_size_class(page_bytes, usable_bytes, [this](std::size_t bytes) {
      ++classes;
      largest = bytes;
    });
  }
  [[nodiscard]] constexpr std::size_t granules() const { return largest / kSizeGranule + 1; }
  [[nodiscard]] constexpr std::size_t bytes(std::size_t slab_bytes) const {
    return classes * slab_bytes + granules();
  }
};

}  // namespace midge
