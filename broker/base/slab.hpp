// Objects of one size, cut from pages of the arena; a page with no object left goes back. Pool<T>
// is the typed form.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>

#include "broker/base/arena.hpp"

namespace midge {

[[nodiscard]] constexpr std::size_t round_up(std::size_t bytes, std::size_t multiple) {
  return (bytes + multiple - 1) / multiple * multiple;
}

class Slab {
 public:
  // Objects of `object_bytes`, which is rounded up to the alignment of a pointer.
  Slab(Arena& arena, std::size_t object_bytes);
  Slab(const Slab&) = delete;
  Slab& operator=(const Slab&) = delete;

  // Uninitialised memory for one object, or null when the arena is full.
  [[nodiscard]] void* take(Reserve reserve = Reserve::Keep);
  void give(void* object);

  // Makes sure that the next `count` calls of take() succeed, whatever is given back in between;
  // false when there is no room. Not for a slab that uses the reserve. settle() ends that and gives
  // back pages that were not needed.
  [[nodiscard]] bool prepare(std::size_t count);
  void settle();

  [[nodiscard]] std::size_t used() const { return used_; }
  [[nodiscard]] std::size_t object_bytes() const { return object_bytes_; }

  // Bytes of a page that objects can have.
  [[nodiscard]] static constexpr std::size_t usable_page_bytes(std::size_t page_bytes) {
    return page_bytes - kFirst;
  }
  // What an object of `bytes` takes of them.
  [[nodiscard]] static constexpr std::size_t taken_bytes(std::size_t bytes) {
    return round_up(std::max(bytes, sizeof(Free)), alignof(void*));
  }

 private:
  struct Free {
    Free* next;
  };
  // Stands at the front of each page. Pages with room hang in a list; full ones in none. What is
  // left of a page from the reserve is not for ordinary objects until the reserve is whole again.
  struct Page {
    Page* next;
    Page* previous;
    Free* free;           // objects given back
    std::uint16_t used;   // objects out
    std::uint16_t fresh;  // objects never handed out begin at this index
    bool of_reserve;
  };
  // Where the first object of a page stands.
  static constexpr std::size_t kFirst = round_up(sizeof(Page), alignof(std::max_align_t));

  [[nodiscard]] Page* page_with_room(Reserve reserve);
  [[nodiscard]] Page* add_page(Reserve reserve);
  void drop_empty_pages();
  void drop_page(Page& page);
  void link(Page& page);
  void unlink(Page& page);

  Arena& arena_;
  std::uint32_t object_bytes_;
  std::uint32_t objects_per_page_;
  std::size_t used_ = 0;
  std::size_t capacity_ = 0;  // objects that the pages of this slab hold
  std::size_t prepared_ = 0;  // of these, promised by prepare() and not taken yet
  std::size_t empty_pages_ = 0;
  Page* partial_ = nullptr;             // pages with room
  Page* partial_of_reserve_ = nullptr;  // those of the reserve
};

template <class T>
class Pool {
 public:
  explicit Pool(Arena& arena) : slab_(arena, sizeof(T)) {}

  // A new object, or null when the arena is full.
  template <class... Arguments>
  [[nodiscard]] T* create(Reserve reserve, Arguments&&... arguments) {
    void* const memory = slab_.take(reserve);
    return memory == nullptr ? nullptr : new (memory) T{std::forward<Arguments>(arguments)...};
  }
  void destroy(T* object) {
    object->~T();
    slab_.give(object);
  }
  [[nodiscard]] bool prepare(std::size_t count) { return slab_.prepare(count); }
  void settle() { slab_.settle(); }
  [[nodiscard]] std::size_t used() const { return slab_.used(); }

 private:
  Slab slab_;
};

}  // namespace midge
