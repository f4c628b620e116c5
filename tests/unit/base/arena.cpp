#include "broker/base/arena.hpp"

#include <doctest/doctest.h>

#include <cstring>
#include <vector>

#include "tests/unit/base/range.hpp"

using namespace midge;

namespace {

// Opens what it is asked for, up to a bound, and remembers how far that went.
class CountingBacking final : public ArenaBacking {
 public:
  explicit CountingBacking(std::size_t bound) : bound_(bound) {}
  bool open(MutableBytes range) override {
    if (opened + range.size() > bound_) return false;
    opened += range.size();
    return true;
  }
  void release(MutableBytes) override {}

  std::size_t opened = 0;

 private:
  std::size_t bound_;
};

}  // namespace

TEST_CASE("an arena hands out every page once and takes them back in any order") {
  test::Range range(64 * 1024);
  NoBacking backing;
  Arena arena(range.all(), 1024, 0, backing);
  const std::size_t total = arena.total_pages();
  CHECK(total >= 62);  // the map takes the rest
  std::vector<void*> pages;
  while (void* const page = arena.take(1)) {
    std::memset(page, 0xAB, 1024);
    CHECK(arena.page_of(static_cast<char*>(page) + 1023) == page);
    pages.push_back(page);
  }
  CHECK(pages.size() == total);
  CHECK(arena.used_pages() == total);
  for (std::size_t i = 0; i < total; i += 2) arena.give(pages[i], 1);
  for (std::size_t i = 1; i < total; i += 2) arena.give(pages[i], 1);
  CHECK(arena.used_pages() == 0);
  CHECK(arena.most_used_pages() == total);
  void* const all = arena.take(total);  // nothing is left split
  CHECK(all != nullptr);
  CHECK(arena.take(1) == nullptr);
  arena.give(all, total);
}

TEST_CASE("a run of pages is found in a hole that fits and nowhere else") {
  test::Range range(32 * 1024);
  NoBacking backing;
  Arena arena(range.all(), 1024, 0, backing);
  std::vector<void*> pages;
  while (void* const page = arena.take(1)) pages.push_back(page);
  arena.give(pages[3], 1);
  arena.give(pages[10], 1);
  arena.give(pages[11], 1);
  arena.give(pages[12], 1);
  CHECK(arena.take(4) == nullptr);
  CHECK(arena.take(3) == pages[10]);
  CHECK(arena.take(2) == nullptr);
  CHECK(arena.take(1) == pages[3]);
}

TEST_CASE("the reserve is left to those who may use it") {
  test::Range range(16 * 1024);
  NoBacking backing;
  Arena arena(range.all(), 1024, 2, backing);
  std::size_t ordinary = 0;
  while (arena.take(1) != nullptr) ++ordinary;
  CHECK(ordinary == arena.total_pages() - 2);
  CHECK(arena.available_pages() == 0);
  CHECK(arena.take(1, Reserve::Use) != nullptr);
  CHECK(arena.take(1, Reserve::Use) != nullptr);
  CHECK(arena.take(1, Reserve::Use) == nullptr);
}

TEST_CASE("memory is opened in steps, and a system without more is a full arena") {
  test::Range range(8U << 20U);
  CountingBacking backing(std::size_t{3} << 20U);
  Arena arena(range.all(), 4096, 0, backing);
  CHECK(backing.opened <= std::size_t{1} << 20U);
  std::size_t pages = 0;
  while (arena.take(1) != nullptr) ++pages;
  CHECK(backing.opened == std::size_t{3} << 20U);
  CHECK(pages * 4096 <= backing.opened);
  CHECK(pages * 4096 > backing.opened - 8192);
}

namespace {

// Counts what was released, and how often.
class CountedReleases final : public ArenaBacking {
 public:
  std::size_t released_bytes = 0;
  int releases = 0;

  [[nodiscard]] bool open(MutableBytes) override { return true; }
  void release(MutableBytes part) override {
    released_bytes += part.size();
    ++releases;
  }
};

}  // namespace

TEST_CASE("what is free for long goes back to the system, and can be had again") {
  test::Range range(8U << 20U);
  CountedReleases backing;
  Arena arena(range.all(), 4096, 0, backing);
  std::vector<void*> pages;
  for (int i = 0; i < 1'920; ++i) pages.push_back(arena.take(1));
  REQUIRE(pages.back() != nullptr);
  CHECK_FALSE(arena.is_loose());
  // 30 groups of 64 pages: two are in use afterwards, the first and one in the middle.
  for (std::size_t i = 0; i < pages.size(); ++i) {
    if (i != 0 && i != 1'000) arena.give(pages[i], 1);
  }
  CHECK(arena.is_loose());
  // All of it was in use since the last time.
  arena.trim();
  CHECK(backing.releases == 0);
  arena.trim();
  CHECK(backing.releases == 26);
  CHECK(backing.released_bytes == 26U * 64U * 4096U);
  CHECK_FALSE(arena.is_loose());
  arena.trim();
  CHECK(backing.releases == 26);
  CHECK(arena.used_pages() == 2);
  // Again, in one run.
  void* const run = arena.take(900);
  REQUIRE(run != nullptr);
  arena.give(run, 900);
  CHECK(arena.is_loose());
  arena.trim();
  arena.trim();
  CHECK(backing.releases > 26 + 8);
  CHECK_FALSE(arena.is_loose());
}
