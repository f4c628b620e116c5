// How many pages so many objects will take: the arithmetic of Slab and Memory, while there is no
// arena yet. Exact, whatever the order in which objects come and go: a slab adds a page only when
// all of its pages are full, so it never has more than its most objects at one time fill.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "broker/base/size_classes.hpp"
#include "broker/base/slab.hpp"

namespace midge {

class PageCount {
 public:
  // What one more object costs: itself, rounded up, and with its part of its page.
  struct Cost {
    std::uint64_t bytes = 0;
    std::uint64_t with_page = 0;

    constexpr Cost operator+(const Cost& other) const {
      return {bytes + other.bytes, with_page + other.with_page};
    }
    constexpr Cost operator*(std::uint64_t count) const {
      return {bytes * count, with_page * count};
    }
  };
  // Where objects of a size lie: in one of the slabs, or in pages of their own.
  struct Place {
    static constexpr std::size_t kPages = ~std::size_t{0};
    std::size_t slab = kPages;
    std::size_t bytes = 0;  // an object takes
  };

  // Starts with the classes of Memory, and without an object.
  constexpr explicit PageCount(std::size_t page_bytes)
      : page_bytes_(page_bytes), usable_bytes_(Slab::usable_page_bytes(page_bytes)) {
    std::size_t bytes = 0;
    while ((bytes = size_class_after(bytes, page_bytes, usable_bytes_)) != 0) {
      static_cast<void>(pool(bytes));
      ++classes_;
    }
  }

  // A slab of its own for objects of this size.
  constexpr Place pool(std::size_t object_bytes) {
    const Place place{slab_count_++, Slab::taken_bytes(object_bytes)};
    slabs_[place.slab].object_bytes = place.bytes;
    return place;
  }
  // Where Memory::allocate(bytes) finds its place.
  [[nodiscard]] constexpr Place memory(std::size_t bytes) const {
    for (std::size_t slab = 0; slab < classes_; ++slab) {
      if (slabs_[slab].object_bytes >= bytes) return {slab, slabs_[slab].object_bytes};
    }
    return {.bytes = round_up(bytes, page_bytes_)};
  }
  [[nodiscard]] constexpr std::size_t largest_class_bytes() const {
    return slabs_[classes_ - 1].object_bytes;
  }
  // The classes of sizes up to this one.
  [[nodiscard]] constexpr std::size_t classes_up_to(std::size_t bytes) const {
    return std::min(memory(bytes).slab, classes_ - 1) + 1;
  }

  // `count` objects more.
  constexpr void add(const Place& place, std::uint64_t count) {
    if (place.slab == Place::kPages) {
      add_pages(count * (place.bytes / page_bytes_));
    } else {
      slabs_[place.slab].count += count;
    }
  }
  constexpr void add_pages(std::uint64_t count) { pages_ += count; }

  // All that the objects take.
  [[nodiscard]] constexpr std::uint64_t pages() const {
    std::uint64_t pages = pages_;
    for (std::size_t slab = 0; slab < slab_count_; ++slab) {
      const std::uint64_t each = objects_per_page(slab);
      pages += (slabs_[slab].count + each - 1) / each;
    }
    return pages;
  }
  [[nodiscard]] constexpr Cost cost(const Place& place) const {
    if (place.slab == Place::kPages) return {place.bytes, place.bytes};
    const std::size_t each = objects_per_page(place.slab);
    return {place.bytes, (page_bytes_ + each - 1) / each};
  }

 private:
  [[nodiscard]] constexpr std::size_t objects_per_page(std::size_t slab) const {
    return usable_bytes_ / slabs_[slab].object_bytes;
  }

  struct Objects {
    std::size_t object_bytes = 0;
    std::uint64_t count = 0;
  };
  static constexpr std::size_t kMaximumSlabs = 64;

  std::size_t page_bytes_;
  std::size_t usable_bytes_;
  std::size_t classes_ = 0;
  std::size_t slab_count_ = 0;
  std::uint64_t pages_ = 0;  // in rows
  std::array<Objects, kMaximumSlabs> slabs_{};
};

}  // namespace midge
