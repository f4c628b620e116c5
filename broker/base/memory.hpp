// Memory of any size from the arena: size classes up to a page, runs of pages above. The caller
// keeps the size, so nothing is spent on a header.
#pragma once

#include <cstddef>
#include <cstdint>

#include "broker/base/arena.hpp"
#include "broker/base/size_classes.hpp"
#include "broker/base/slab.hpp"

namespace midge {

// Starts to fetch what will be read soon: a table of many entries is not in the cache.
inline void prefetch(const void* memory) {
  __builtin_prefetch(memory);
}

class Memory {
 public:
  // Takes pages of the arena for its tables, whose size depends on the size of a page. Without room
  // for them everything costs whole pages.
  explicit Memory(Arena& arena);
  ~Memory();
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

  // Pages that are taken while nothing is allocated.
  [[nodiscard]] std::size_t own_pages() const { return table_pages_; }

  [[nodiscard]] Arena& arena() { return arena_; }

 private:
  [[nodiscard]] std::size_t pages_for(std::size_t bytes) const {
    return (bytes + arena_.page_bytes() - 1) / arena_.page_bytes();
  }
  // Behind the slabs: the class of a size in granules, rounded up.
  [[nodiscard]] std::uint8_t* class_of() const {
    return reinterpret_cast<std::uint8_t*>(classes_ + class_count_);
  }
  [[nodiscard]] Slab& class_for(std::size_t bytes) const {
    return classes_[class_of()[(bytes + kSizeGranule - 1) / kSizeGranule]];
  }

  Arena& arena_;
  Slab* classes_ = nullptr;  // by size
  std::size_t class_count_ = 0;
  std::size_t largest_class_ = 0;
  std::size_t table_pages_ = 0;
};

}  // namespace midge
