#include "broker/base/page_count.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "broker/base/memory.hpp"
#include "tests/unit/base/range.hpp"

using namespace midge;

namespace {

struct Wide {
  std::uint8_t bytes[100];
};

}  // namespace

TEST_CASE("pages are counted before there is an arena as they are taken in it") {
  for (const std::size_t page_bytes : {std::size_t{256}, std::size_t{512}, std::size_t{4096}}) {
    CAPTURE(page_bytes);
    std::mt19937 random(3);
    for (int round = 0; round < 50; ++round) {
      test::Range range(4U << 20U);
      NoBacking backing;
      Arena arena(range.all(), page_bytes, 0, backing);
      Memory memory(arena);
      Pool<Wide> pool(arena);
      PageCount count(page_bytes);
      count.add_pages(memory.own_pages());
      const PageCount::Place wide = count.pool(sizeof(Wide));
      for (auto i = random() % 40; i > 0; --i) {
        const std::size_t bytes = random() % (2 * page_bytes) + 1;
        const auto objects = random() % 20;
        CHECK(count.memory(bytes).bytes == memory.capacity_for(bytes));
        count.add(count.memory(bytes), objects);
        count.add(wide, objects);
        for (auto object = objects; object > 0; --object) {
          REQUIRE(memory.allocate(bytes) != nullptr);
          REQUIRE(pool.create(Reserve::Keep) != nullptr);
        }
      }
      CHECK(count.pages() == arena.used_pages());
      CHECK(count.largest_class_bytes() == memory.largest_class_bytes());
    }
  }
}

TEST_CASE("objects that come and go never take more pages than were counted for the most of them") {
  constexpr std::size_t kSizes[] = {24, 70, 100, 150, 300};
  constexpr std::size_t kMost = 60;
  PageCount count(512);
  for (const std::size_t bytes : kSizes) count.add(count.memory(bytes), kMost);
  test::Range range(1U << 20U);
  NoBacking backing;
  Arena arena(range.all(), 512, 0, backing);
  Memory memory(arena);
  std::mt19937 random(5);
  std::vector<void*> objects[std::size(kSizes)];
  for (int step = 0; step < 20'000; ++step) {
    const std::size_t at = random() % std::size(kSizes);
    if (random() % 2 == 0 && objects[at].size() < kMost) {
      objects[at].push_back(memory.allocate(kSizes[at]));
    } else if (!objects[at].empty()) {
      std::swap(objects[at][random() % objects[at].size()], objects[at].back());
      memory.release(objects[at].back(), kSizes[at]);
      objects[at].pop_back();
    }
    REQUIRE(arena.used_pages() - memory.own_pages() <= count.pages());
  }
}

TEST_CASE("a range of so many bytes has exactly so many pages behind its map") {
  for (const std::size_t page_bytes : {std::size_t{256}, std::size_t{512}, std::size_t{4096}}) {
    for (std::size_t pages = 1; pages < 9'000; pages += pages < 200 ? 1 : 97) {
      const std::size_t bytes = Arena::range_bytes(pages, page_bytes);
      test::Range range(bytes);
      NoBacking backing;
      CHECK(Arena(range.all(), page_bytes, 0, backing).total_pages() == pages);
      CHECK(Arena(range.all().first(bytes - page_bytes), page_bytes, 0, backing).total_pages() <
            pages);
    }
  }
}
