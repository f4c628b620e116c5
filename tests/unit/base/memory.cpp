#include "broker/base/memory.hpp"

#include <doctest/doctest.h>

#include <cstring>
#include <random>
#include <vector>

#include "tests/unit/base/range.hpp"

using namespace midge;

TEST_CASE("pieces of any size don't overlap and are all given back") {
  for (const std::size_t page_bytes : {std::size_t{512}, std::size_t{4096}}) {
    CAPTURE(page_bytes);
    test::Range range(4U << 20U);
    NoBacking backing;
    Arena arena(range.all(), page_bytes, 0, backing);
    {
      Memory memory(arena);
      struct Piece {
        std::uint8_t* data;
        std::size_t bytes;
        std::uint8_t mark;
      };
      std::vector<Piece> pieces;
      std::mt19937 random(7);
      std::uint8_t mark = 0;
      for (int step = 0; step < 20'000; ++step) {
        if (pieces.size() < 300 && random() % 3 != 0) {
          const std::size_t bytes = random() % 10 == 0 ? random() % 20'000 + 1 : random() % 600 + 1;
          auto* const data = static_cast<std::uint8_t*>(memory.allocate(bytes));
          if (data == nullptr) continue;
          CHECK(reinterpret_cast<std::uintptr_t>(data) % alignof(void*) == 0);
          CHECK(memory.capacity_for(bytes) >= bytes);
          std::memset(data, ++mark, bytes);
          pieces.push_back({data, bytes, mark});
        } else if (!pieces.empty()) {
          const std::size_t at = random() % pieces.size();
          const Piece piece = pieces[at];
          pieces[at] = pieces.back();
          pieces.pop_back();
          CHECK(piece.data[0] == piece.mark);
          CHECK(piece.data[piece.bytes - 1] == piece.mark);
          memory.release(piece.data, piece.bytes);
        }
      }
      for (const Piece& piece : pieces) memory.release(piece.data, piece.bytes);
    }
    CHECK(arena.used_pages() == 0);
  }
}

TEST_CASE("memory without room for its tables gives whole pages, and takes them back") {
  test::Range range(64U << 10U);
  NoBacking backing;
  Arena arena(range.all(), 512, 0, backing);
  void* const first = arena.take(1);
  REQUIRE(first != nullptr);
  while (arena.take(1) != nullptr) {
  }
  arena.give(first, 1);
  Memory memory(arena);
  CHECK(memory.own_pages() == 0);
  CHECK(memory.capacity_for(10) == 512);
  void* const piece = memory.allocate(10);
  CHECK(piece == first);
  CHECK(memory.allocate(10) == nullptr);
  memory.release(piece, 10);
  CHECK(memory.allocate(512) == first);
}

TEST_CASE("what was prepared can be taken, even when the arena is full then") {
  test::Range range(64U << 10U);
  NoBacking backing;
  Arena arena(range.all(), 4096, 0, backing);
  Slab slab(arena, 40);
  CHECK(slab.prepare(250));
  while (arena.take(1) != nullptr) {
  }
  for (int i = 0; i < 250; ++i) {
    // What is given back in between takes nothing of it away.
    void* const object = slab.take();
    CHECK(object != nullptr);
    if (i % 3 == 0) slab.give(object);
  }
  CHECK_FALSE(slab.prepare(1'000));
  CHECK(slab.prepare(100));
  slab.settle();
  CHECK(slab.used() == 166);
}

TEST_CASE("an object that is destroyed makes room for the next") {
  test::Range range(16U << 10U);
  NoBacking backing;
  Arena arena(range.all(), 4096, 0, backing);
  struct Thing {
    int value = 0;
    char bytes[100] = {};
  };
  Pool<Thing> pool(arena);
  std::vector<Thing*> things;
  while (Thing* const thing = pool.create(Reserve::Keep, static_cast<int>(things.size()))) {
    things.push_back(thing);
  }
  CHECK(things.size() > 100);
  for (std::size_t i = 0; i < things.size(); ++i) CHECK(things[i]->value == static_cast<int>(i));
  pool.destroy(things.back());
  things.pop_back();
  CHECK(pool.create(Reserve::Keep, 1) != nullptr);
  CHECK(pool.used() == things.size() + 1);
}

TEST_CASE("what is left of a page from the reserve is not for ordinary objects") {
  test::Range range(16U << 10U);
  NoBacking backing;
  Arena arena(range.all(), 4096, 1, backing);
  Slab slab(arena, 1'000);
  void* const page = arena.take(1);
  void* const ordinary[] = {slab.take(), slab.take(), slab.take(), slab.take()};
  CHECK(ordinary[3] != nullptr);
  CHECK(slab.take() == nullptr);
  CHECK(arena.is_reserve_whole());
  // An acknowledgement begins the page of the reserve, another one shares it.
  void* const first = slab.take(Reserve::Use);
  void* const second = slab.take(Reserve::Use);
  CHECK(second != nullptr);
  CHECK_FALSE(arena.is_reserve_whole());
  CHECK(slab.take() == nullptr);
  // What is given back elsewhere is for everybody.
  slab.give(ordinary[0]);
  CHECK(slab.take() == ordinary[0]);
  // The page goes back with the last of them.
  slab.give(first);
  CHECK(slab.take() == nullptr);
  slab.give(second);
  CHECK(arena.is_reserve_whole());
  // When there is room again, the page is as any other.
  void* const third = slab.take(Reserve::Use);
  arena.give(page, 1);
  void* const fourth = slab.take();
  CHECK(fourth != nullptr);
  CHECK(arena.page_of(fourth) == arena.page_of(third));
  CHECK(arena.used_pages() == 2);
}
