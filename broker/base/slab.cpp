#include "broker/base/slab.hpp"

#include <algorithm>

#include "broker/base/assert.hpp"

namespace midge {

namespace {

constexpr std::size_t round_up(std::size_t bytes, std::size_t alignment) {
  return (bytes + alignment - 1) / alignment * alignment;
}

}  // namespace

std::size_t Slab::usable_page_bytes(const Arena& arena) {
  return arena.page_bytes() - round_up(sizeof(Page), alignof(std::max_align_t));
}

Slab::Slab(Arena& arena, std::size_t object_bytes)
    : arena_(arena),
      object_bytes_(static_cast<std::uint32_t>(
          round_up(std::max(object_bytes, sizeof(Free)), alignof(void*)))),
      objects_per_page_(static_cast<std::uint32_t>(usable_page_bytes(arena) / object_bytes_)) {
  MIDGE_ASSERT(objects_per_page_ > 0);
}

void* Slab::take(Reserve reserve) {
  if (partial_ == nullptr && !add_page(reserve)) return nullptr;
  Page& page = *partial_;
  void* object;
  if (page.free != nullptr) {
    object = page.free;
    page.free = page.free->next;
  } else {
    auto* const first =
        reinterpret_cast<std::uint8_t*>(&page) + round_up(sizeof(Page), alignof(std::max_align_t));
    object = first + std::size_t{page.fresh++} * object_bytes_;
  }
  if (page.used == 0) --empty_pages_;
  if (++page.used == objects_per_page_) unlink(page);
  ++used_;
  if (prepared_ > 0) --prepared_;
  return object;
}

void Slab::give(void* object) {
  Page& page = *static_cast<Page*>(arena_.page_of(object));
  auto* const free = static_cast<Free*>(object);
  free->next = page.free;
  page.free = free;
  if (page.used-- == objects_per_page_) link(page);
  --used_;
  if (page.used == 0) ++empty_pages_;
  if (prepared_ == 0 && empty_pages_ > 0) drop_empty_pages();
}

// One empty page is kept, so that a slab at a page's edge does not flutter, until the others have
// half a page of room. An empty slab keeps nothing.
void Slab::drop_empty_pages() {
  const std::size_t kept = used_ == 0 ? 0 : objects_per_page_ + objects_per_page_ / 2;
  for (Page* page = partial_; page != nullptr && empty_pages_ > 0 && capacity_ - used_ >= kept;) {
    Page* const next = page->next;
    if (page->used == 0) {
      unlink(*page);
      capacity_ -= objects_per_page_;
      --empty_pages_;
      arena_.give(page, 1);
    }
    page = next;
  }
}

bool Slab::prepare(std::size_t count) {
  prepared_ = count;
  while (capacity_ - used_ < count) {
    if (add_page(Reserve::Keep)) continue;
    settle();
    return false;
  }
  return true;
}

void Slab::settle() {
  prepared_ = 0;
  if (empty_pages_ > 0) drop_empty_pages();
}

bool Slab::add_page(Reserve reserve) {
  void* const memory = arena_.take(1, reserve);
  if (memory == nullptr) return false;
  auto* const page = new (memory) Page{};
  link(*page);
  ++empty_pages_;
  capacity_ += objects_per_page_;
  return true;
}

void Slab::link(Page& page) {
  page.previous = nullptr;
  page.next = partial_;
  if (partial_ != nullptr) partial_->previous = &page;
  partial_ = &page;
}

void Slab::unlink(Page& page) {
  if (page.previous != nullptr) {
    page.previous->next = page.next;
  } else {
    partial_ = page.next;
  }
  if (page.next != nullptr) page.next->previous = page.previous;
}

}  // namespace midge
