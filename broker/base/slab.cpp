#include "broker/base/slab.hpp"

#include "broker/base/assert.hpp"

namespace midge {

Slab::Slab(Arena& arena, std::size_t object_bytes)
    : arena_(arena),
      object_bytes_(static_cast<std::uint32_t>(taken_bytes(object_bytes))),
      objects_per_page_(
          static_cast<std::uint32_t>(usable_page_bytes(arena.page_bytes()) / object_bytes_)) {
  MIDGE_ASSERT(objects_per_page_ > 0);
}

Slab::Page* Slab::page_with_room(Reserve reserve) {
  if (partial_ != nullptr) return partial_;
  if (partial_of_reserve_ != nullptr) {
    Page& page = *partial_of_reserve_;
    if (reserve != Reserve::Keep) return &page;
    if (arena_.is_reserve_whole()) {
      unlink(page);
      page.of_reserve = false;
      link(page);
      return &page;
    }
  }
  return add_page(reserve);
}

void* Slab::take(Reserve reserve) {
  Page* const with_room = page_with_room(reserve);
  if (with_room == nullptr) return nullptr;
  Page& page = *with_room;
  void* object;
  if (page.free != nullptr) {
    object = page.free;
    page.free = page.free->next;
  } else {
    auto* const first = reinterpret_cast<std::uint8_t*>(&page) + kFirst;
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
  if (page.used == 0 && page.of_reserve) return drop_page(page);
  if (prepared_ == 0 && empty_pages_ > 0) drop_empty_pages();
}

// One empty page is kept, so that a slab at a page's edge does not flutter, until the others have
// half a page of room. An empty slab keeps nothing.
void Slab::drop_empty_pages() {
  const std::size_t kept = used_ == 0 ? 0 : objects_per_page_ + objects_per_page_ / 2;
  for (Page* page = partial_; page != nullptr && empty_pages_ > 0 && capacity_ - used_ >= kept;) {
    Page* const next = page->next;
    if (page->used == 0) drop_page(*page);
    page = next;
  }
}

void Slab::drop_page(Page& page) {
  unlink(page);
  capacity_ -= objects_per_page_;
  --empty_pages_;
  arena_.give(&page, 1);
}

bool Slab::prepare(std::size_t count) {
  prepared_ = count;
  while (capacity_ - used_ < count) {
    if (add_page(Reserve::Keep) != nullptr) continue;
    settle();
    return false;
  }
  return true;
}

void Slab::settle() {
  prepared_ = 0;
  if (empty_pages_ > 0) drop_empty_pages();
}

Slab::Page* Slab::add_page(Reserve reserve) {
  void* const memory = arena_.take(1, reserve);
  if (memory == nullptr) return nullptr;
  auto* const page = new (memory) Page{};
  page->of_reserve = !arena_.is_reserve_whole();
  link(*page);
  ++empty_pages_;
  capacity_ += objects_per_page_;
  return page;
}

void Slab::link(Page& page) {
  Page*& first = page.of_reserve ? partial_of_reserve_ : partial_;
  page.previous = nullptr;
  page.next = first;
  if (first != nullptr) first->previous = &page;
  first = &page;
}

void Slab::unlink(Page& page) {
  if (page.previous != nullptr) {
    page.previous->next = page.next;
  } else {
    (page.of_reserve ? partial_of_reserve_ : partial_) = page.next;
  }
  if (page.next != nullptr) page.next->previous = page.previous;
}

}  // namespace midge
