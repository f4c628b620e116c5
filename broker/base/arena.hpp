// All of the broker's memory: one range, handed out in pages. On a board it is a static array; on
// Linux reserved address space that is opened in steps.
#pragma once

#include <cstddef>
#include <cstdint>

#include "broker/base/bytes.hpp"

namespace midge {

// Makes parts of a reserved range usable. NoBacking is for a range that already is.
class ArenaBacking {
 public:
  // Opens `range` for use; false when the system has no memory for it.
  [[nodiscard]] virtual bool open(MutableBytes range) = 0;
  // The contents of `range` are no longer needed; it stays usable.
  virtual void release(MutableBytes range) = 0;

 protected:
  ~ArenaBacking() = default;
};

class NoBacking final : public ArenaBacking {
 public:
  [[nodiscard]] bool open(MutableBytes) override { return true; }
  void release(MutableBytes) override {}
};

// How far an allocation may go into the reserve.
enum class Reserve : std::uint8_t {
  Keep,   // not at all
  Enter,  // half of it, for what brings a client in: it may fetch what fills the memory
  Use,    // all, for what must not fail: acknowledgements, UNSUBSCRIBE, DISCONNECT
};

class Arena {
 public:
  // Takes `range`, whose start is a multiple of `page_bytes` (a power of two, at least 256), and
  // keeps `reserve_pages` for allocations that say so. A map of one bit a page stands in front,
  // and another of one bit for each word of the first.
  // `backing` outlives the arena.
  Arena(MutableBytes range, std::size_t page_bytes, std::size_t reserve_pages,
        ArenaBacking& backing);
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  // The range, at a multiple of `page_bytes`, that has so many pages behind the map.
  [[nodiscard]] static constexpr std::size_t range_bytes(std::size_t pages,
                                                         std::size_t page_bytes) {
    // The map is for the pages that it lies in itself, too.
    std::size_t front = 1;
    while (map_bytes(front + pages) > front * page_bytes) ++front;
    return (front + pages) * page_bytes;
  }

  [[nodiscard]] std::size_t page_bytes() const { return page_bytes_; }
  [[nodiscard]] std::size_t total_pages() const { return total_; }
  [[nodiscard]] std::size_t used_pages() const { return used_; }
  [[nodiscard]] std::size_t most_used_pages() const { return most_used_; }
  // Pages that an ordinary allocation could still get, if they lay in a row.
  [[nodiscard]] std::size_t available_pages() const {
    return total_ - used_ > reserve_ ? total_ - used_ - reserve_ : 0;
  }

  [[nodiscard]] std::size_t reserve_pages() const { return reserve_; }
  // Another reserve from now on: before there are clients none is needed.
  void keep(std::size_t reserve_pages) { reserve_ = reserve_pages; }

  // False while allocations that may use the reserve have taken some of it.
  [[nodiscard]] bool is_reserve_whole() const { return total_ - used_ >= reserve_; }

  // `count` pages in a row, or null: then nothing has changed. Contents are undefined.
  [[nodiscard]] void* take(std::size_t count, Reserve reserve = Reserve::Keep);
  // Gives back what take() gave, whole.
  void give(void* pages, std::size_t count);

  // True while so much was used and is free again that trim() may have something to do.
  [[nodiscard]] bool is_loose() const { return idle_groups_ > kIdleGroups; }
  // Gives what is free back to the system, but for as much as was in use at some time since the
  // last trim(). Call it now and then while is_loose().
  void trim();

  // The page that `inside` lies in.
  [[nodiscard]] void* page_of(void* inside) const {
    return reinterpret_cast<void*>(reinterpret_cast<std::uintptr_t>(inside) & ~(page_bytes_ - 1));
  }

 private:
  using Word = std::uintptr_t;  // of the maps
  // Pages come to the system and go back to it by groups, one word of the map each.
  static constexpr std::size_t kGroup = 8 * sizeof(Word);
  static constexpr std::size_t kIdleGroups = 4;  // that are kept however little is used

  [[nodiscard]] static constexpr std::size_t groups_of(std::size_t pages) {
    return (pages + kGroup - 1) / kGroup;
  }
  // Both maps of a range of so many pages.
  [[nodiscard]] static constexpr std::size_t map_bytes(std::size_t pages) {
    return (groups_of(pages) + groups_of(groups_of(pages))) * sizeof(Word);
  }

  [[nodiscard]] static bool has(const Word* map, std::size_t bit) {
    return (map[bit / kGroup] >> (bit % kGroup) & 1) != 0;
  }
  static void mark(Word* map, std::size_t first, std::size_t count, bool value);
  [[nodiscard]] bool is_used(std::size_t page) const { return has(map_, page); }
  [[nodiscard]] bool is_touched(std::size_t group) const { return has(touched_, group); }
  [[nodiscard]] std::size_t find_run(std::size_t count) const;  // total_ when there is none
  [[nodiscard]] bool open_until(std::uint8_t* end);

  std::uint8_t* base_;  // page 0, behind the map
  Word* map_;           // one bit a page, set when used
  Word* touched_;       // one bit a group, set when the system may have memory for it
  std::size_t page_bytes_;
  std::size_t total_;
  std::size_t reserve_;
  std::size_t used_ = 0;
  std::size_t most_used_ = 0;
  std::size_t most_used_lately_ = 0;  // since the last trim()
  std::size_t touched_groups_ = 0;
  std::size_t idle_groups_ = 0;  // of these, without a used page
  std::size_t lowest_free_ = 0;  // no free page lies below
  std::size_t top_ = 0;          // no used page lies at or above: the map is valid below only
  std::uint8_t* opened_;         // usable memory ends here
  std::uint8_t* range_end_;
  ArenaBacking& backing_;
};

}  // namespace midge
