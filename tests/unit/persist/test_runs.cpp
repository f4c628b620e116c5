#include <doctest/doctest.h>

#include <string>

#include "broker/persist/runs.hpp"

using namespace midge;
using persist::Evicted;
using persist::MessageNumber;
using persist::Runs;
using persist::SegmentNumber;

namespace {

struct World {
  alignas(4'096) std::uint8_t memory[64U << 10U];
  NoBacking backing;
  Arena arena{memory, 4'096, 0, backing};
  Runs::RunPool pool{arena};
  Runs runs;
  std::uint32_t stamp = 0;

  Evicted next(MessageNumber number, SegmentNumber segment) {
    return {.number = number,
            .segment = segment,
            .frame = segment * 10,
            .stamp = ++stamp,
            .bytes = 100,
            .payload_bytes = 50};
  }
  void put(MessageNumber number, SegmentNumber segment) {
    REQUIRE(runs.put(pool, next(number, segment), 0));
  }
  void move(MessageNumber number, SegmentNumber segment, SegmentNumber copied) {
    REQUIRE(runs.move(pool, next(number, segment), 0, copied));
  }
  // first-last@segment, and so on.
  [[nodiscard]] std::string shape() const {
    std::string text;
    for (const persist::Run* run = runs.first(); run != nullptr; run = run->next) {
      text += std::to_string(run->first) + "-" + std::to_string(run->last) + "@" +
              std::to_string(run->from.segment) + " ";
    }
    return text;
  }
};

}  // namespace

TEST_CASE("what was told in order is one run, however many segments it lies in") {
  World world;
  world.put(10, 1);
  world.put(12, 1);
  world.put(30, 2);
  world.put(31, 9);
  CHECK(world.shape() == "10-31@1 ");
  CHECK(world.runs.count() == 4);
  CHECK(world.runs.bytes() == 400);
  CHECK(world.runs.payload_bytes() == 200);
  CHECK(world.runs.covers(11));
  CHECK_FALSE(world.runs.covers(9));
  CHECK(world.runs.reaches_back_to(1));
  CHECK_FALSE(world.runs.reaches_back_to(0));
}

TEST_CASE("what was told before the run's last begins another run") {
  World world;
  const Evicted early = world.next(20, 1);
  world.put(10, 1);
  REQUIRE(world.runs.put(world.pool, early, 0));
  CHECK(world.shape() == "10-10@1 20-20@1 ");
  // Nor does a run reach over the end of a life, where something may stand that never counted.
  REQUIRE(world.runs.put(world.pool, world.next(21, 1), 1));
  REQUIRE(world.runs.put(world.pool, world.next(22, 2), 1));
  CHECK(world.shape() == "10-10@1 20-21@1 22-22@2 ");
}

TEST_CASE("a run does not reach over what is in memory") {
  World world;
  world.put(10, 1);
  Evicted behind = world.next(20, 1);
  behind.after = 15;
  REQUIRE(world.runs.put(world.pool, behind, 0));
  CHECK(world.shape() == "10-10@1 20-20@1 ");
}

TEST_CASE("what is copied out of a segment is a run of its own, in its place") {
  World world;
  for (const MessageNumber number : {10U, 11U, 13U}) world.put(number, 1);
  world.put(20, 2);
  world.move(10, 5, 1);
  CHECK(world.shape() == "10-10@5 11-20@1 ");
  world.move(11, 5, 1);
  world.move(13, 5, 1);
  CHECK(world.shape() == "10-13@5 14-20@1 ");
  world.runs.leave(1);
  CHECK(world.shape() == "10-13@5 14-20@2 ");
  CHECK(world.runs.count() == 4);
  world.move(20, 6, 2);
  CHECK(world.shape() == "10-20@5 ");
}

TEST_CASE("what comes back is taken from the front; what is cut out is nowhere") {
  World world;
  for (MessageNumber number = 1; number <= 9; ++number) world.put(number, 1);
  world.runs.take(100, 50, 1);
  CHECK(world.shape() == "2-9@1 ");
  CHECK(world.runs.count() == 8);
  REQUIRE(world.runs.cut(world.pool, 5));
  CHECK(world.shape() == "2-4@1 6-9@1 ");
  REQUIRE(world.runs.cut(world.pool, 9));
  CHECK_FALSE(world.runs.covers(9));
  world.runs.drop_before(world.pool, 8);
  CHECK(world.shape() == "8-8@1 ");
  world.runs.take(100, 50, 8);
  world.runs.drop_read(world.pool);
  CHECK(world.runs.empty());
  world.runs.clear(world.pool);
  CHECK(world.runs.count() == 0);
  CHECK(world.pool.used() == 0);
}
