#include "broker/base/memory.hpp"

#include "broker/base/assert.hpp"

namespace midge {

Memory::Memory(Arena& arena) : arena_(arena), largest_class_(Slab::usable_page_bytes(arena)) {
  MIDGE_ASSERT(arena.page_bytes() <= 4096);
  // Fine steps while objects are small, then what divides a page with the least waste.
  const auto add = [this](std::size_t bytes) {
    if (bytes > largest_class_ || class_count_ == kMaximumClasses) return;
    if (class_count_ > 0 && bytes <= classes_[class_count_ - 1]->object_bytes()) return;
    classes_[class_count_++].emplace(arena_, bytes);
  };
  // Each class may leave a page half empty, so small pages have coarser steps.
  const std::size_t step = arena.page_bytes() >= 2048 ? 8 : 16;
  std::size_t bytes = 32;
  for (; bytes <= 192; bytes += step) add(bytes);
  for (; bytes <= 256; bytes += 2 * step) add(bytes);
  for (; bytes <= 448; bytes += 64) add(bytes);
  for (std::size_t parts = 8; parts > 0; --parts) {
    const std::size_t part = largest_class_ / parts / kGranule * kGranule;
    if (part > bytes - 64) add(part);
  }
  largest_class_ = classes_[class_count_ - 1]->object_bytes();
  std::size_t next = 0;
  for (std::size_t granules = 0; granules < class_of_.size(); ++granules) {
    while (next + 1 < class_count_ && classes_[next]->object_bytes() < granules * kGranule) ++next;
    class_of_[granules] = static_cast<std::uint8_t>(next);
  }
}

void* Memory::allocate(std::size_t bytes, Reserve reserve) {
  if (bytes > largest_class_) return arena_.take(pages_for(bytes), reserve);
  return classes_[class_of_[(bytes + kGranule - 1) / kGranule]]->take(reserve);
}

void Memory::release(void* memory, std::size_t bytes) {
  if (bytes > largest_class_) {
    arena_.give(memory, pages_for(bytes));
  } else {
    classes_[class_of_[(bytes + kGranule - 1) / kGranule]]->give(memory);
  }
}

std::size_t Memory::capacity_for(std::size_t bytes) const {
  if (bytes > largest_class_) return pages_for(bytes) * arena_.page_bytes();
  return classes_[class_of_[(bytes + kGranule - 1) / kGranule]]->object_bytes();
}

}  // namespace midge
