#include "broker/base/memory.hpp"

#include <new>

namespace midge {

namespace {

// Calls add(bytes) for each size class of pages with so much room, in ascending order; the last is
// the largest.
template <class Add>
void for_each_class(std::size_t page_bytes, std::size_t usable_bytes, Add add) {
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
  for (std::size_t parts = 8; parts > 0; --parts) add_once(usable_bytes / parts / 8 * 8);
}

}  // namespace

Memory::Memory(Arena& arena) : arena_(arena) {
  const std::size_t usable = Slab::usable_page_bytes(arena);
  std::size_t count = 0;
  std::size_t largest = 0;
  for_each_class(arena.page_bytes(), usable, [&](std::size_t bytes) {
    ++count;
    largest = bytes;
  });
  const std::size_t granules = largest / kGranule + 1;
  const std::size_t pages = pages_for(count * sizeof(Slab) + granules);
  void* const table = arena.take(pages);
  if (table == nullptr) return;
  table_pages_ = pages;
  classes_ = static_cast<Slab*>(table);
  for_each_class(arena.page_bytes(), usable, [this](std::size_t bytes) {
    new (classes_ + class_count_++) Slab(arena_, bytes);
  });
  largest_class_ = largest;
  std::uint8_t next = 0;
  for (std::size_t i = 0; i < granules; ++i) {
    while (classes_[next].object_bytes() < i * kGranule) ++next;
    class_of()[i] = next;
  }
}

Memory::~Memory() {
  if (table_pages_ > 0) arena_.give(classes_, table_pages_);
}

void* Memory::allocate(std::size_t bytes, Reserve reserve) {
  if (bytes > largest_class_) return arena_.take(pages_for(bytes), reserve);
  return class_for(bytes).take(reserve);
}

void Memory::release(void* memory, std::size_t bytes) {
  if (bytes > largest_class_) {
    arena_.give(memory, pages_for(bytes));
  } else {
    class_for(bytes).give(memory);
  }
}

std::size_t Memory::capacity_for(std::size_t bytes) const {
  if (bytes > largest_class_) return pages_for(bytes) * arena_.page_bytes();
  return class_for(bytes).object_bytes();
}

}  // namespace midge
