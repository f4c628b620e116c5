// Memory of any size from the arena: size classes up to a page, runs of pages above. The caller
// keeps the size, so nothing is spent on a header.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "broker/base/arena.hpp"
#include "broker/base/slab.hpp"

namespace midge {

// Starts to fetch what will be read soon: a table of many entries is not in the cache.
inline void prefetch(const void* memory) {
  __builtin_prefetch(memory);
}

class Memory {
 public:
  explicit Memory(Arena& arena);
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;

  // `bytes` of memory aligned for any pointer or integer, or null when the arena is full.
  [[nodiscard]] void* allocate(std::size_t bytes, Reserve reserve = Reserve::Keep);
  // `bytes` as they were asked for.
  void release(void* memory, std::size_t bytes);

  // The most that fits the size class of `bytes`: what allocate(bytes) really gives.
  [[nodiscard]] std::size_t capacity_for(std::size_t bytes) const;
  // The largest size that costs less than a run of pages.
  [[nodiscard]] std::size_t largest_class_bytes() const { return largest_class_; }

  [[nodiscard]] Arena& arena() { return arena_; }

 private:
  static constexpr std::size_t kGranule = 8;
  static constexpr std::size_t kMaximumClasses = 44;

  [[nodiscard]] std::size_t pages_for(std::size_t bytes) const {
    return (bytes + arena_.page_bytes() - 1) / arena_.page_bytes();
  }

  Arena& arena_;
  std::size_t largest_class_;
  std::size_t class_count_ = 0;
  std::array<std::optional<Slab>, kMaximumClasses> classes_;
  std::array<std::uint8_t, 4096 / kGranule + 1> class_of_{};  // by size in granules, rounded up
};

}  // namespace midge
