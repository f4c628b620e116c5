#include "broker/base/memory.hpp"

#include <algorithm>
#include <new>

namespace midge {

Memory::Memory(Arena& arena) : arena_(arena) {
  const std::size_t usable = Slab::usable_page_bytes(arena.page_bytes());
  const SizeClassTable layout(arena.page_bytes(), usable);
  const std::size_t pages = pages_for(layout.bytes(sizeof(Slab)));
  void* const table = arena.take(pages);
  if (table == nullptr) return;
  table_pages_ = pages;
  classes_ = static_cast<Slab*>(table);
  for (std::size_t bytes = 0; bytes != layout.largest;) {
    bytes = size_class_after(bytes, arena.page_bytes(), usable);
    new (classes_ + class_count_++) Slab(arena_, bytes);
  }
  largest_class_ = layout.largest;
  std::uint8_t next = 0;
  for (std::size_t i = 0; i < layout.granules(); ++i) {
    while (classes_[next].object_bytes() < i * kSizeGranule) ++next;
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
