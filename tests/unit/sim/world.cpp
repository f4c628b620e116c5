// Virtual time, turns and the trace.
#include "platform/sim/world.hpp"

#include <doctest/doctest.h>

#include "tests/unit/sim/fake_engine.hpp"

namespace midge::test {
namespace {

using namespace std::chrono_literals;
using sim::Link;
using sim::LinkOptions;
using sim::World;

// Several clients on rough links and an echo behind them.
std::uint64_t trace_of(std::uint64_t seed) {
  World world(seed);
  FakeEngine engine(world);
  engine.echo = true;
  for (int i = 0; i < 5; ++i) {
    Link& link = world.connect(0, LinkOptions::rough(world.random()));
    for (int n = 0; n < 5; ++n) {
      link.send(as_bytes(std::string(world.random().between(1, 100), 'x')));
      world.advance(Duration{world.random().between(0, 30)});
    }
    if (world.random().chance(30)) link.cut();
  }
  world.advance(60s);
  return world.trace_hash();
}

TEST_CASE("the same seed makes the same run") {
  CHECK(trace_of(1) == trace_of(1));
  CHECK(trace_of(2) == trace_of(2));
  CHECK(trace_of(1) != trace_of(2));
}

TEST_CASE("the trace can be read") {
  World world;
  FakeEngine engine(world);
  world.keep_trace = true;
  Link& link = world.connect();
  link.send(as_bytes("ab"));
  world.settle();
  CHECK(world.trace() == std::vector<std::string>{"3600000 #1 to broker 61 62"});
}

TEST_CASE("what is due at one instant happens in the order of scheduling") {
  World world;
  std::string done;
  world.after(2ms, [&] { done += 'c'; });
  world.after(1ms, [&] { done += 'a'; });
  world.after(1ms, [&] { done += 'b'; });
  world.advance(1ms);
  CHECK(done == "ab");
  world.advance(1ms);
  CHECK(done == "abc");
}

TEST_CASE("what an event schedules for now belongs to the next turn") {
  World world;
  FakeEngine engine(world);
  std::vector<std::size_t> turns;
  world.after(0ms, [&] {
    turns.push_back(engine.turns.size());
    world.after(0ms, [&] { turns.push_back(engine.turns.size()); });
  });
  world.after(0ms, [&] { turns.push_back(engine.turns.size()); });
  world.settle();
  CHECK(turns == std::vector<std::size_t>{1, 1, 2});
}

TEST_CASE("a turn can be limited to some of the events that are due") {
  World world;
  FakeEngine engine(world);
  world.events_per_turn = {2, 2};
  for (int i = 0; i < 5; ++i) world.after(0ms, [] {});
  world.settle();
  CHECK(engine.turns.size() == 3);
}

TEST_CASE("the engine has its turn at its deadline, and none without a reason") {
  World world;
  FakeEngine engine(world);
  const Instant start = world.now();
  engine.deadline = start + 10s;
  world.advance(9'999ms);
  CHECK(engine.turns.empty());
  world.after(1ms, [&] { engine.deadline = kNever; });
  world.advance(1h);
  CHECK(engine.turns == std::vector<Instant>{start + 10s});
  CHECK(world.now() == start + 9'999ms + 1h);
}

TEST_CASE("an engine that never rests is a fault, not an endless loop") {
  World world;
  FakeEngine engine(world);
  engine.deadline = world.now();
  world.settle();
  CHECK(world.faults().size() == 1);
}

TEST_CASE("the wall clock jumps without moving time") {
  World world;
  CHECK(world.wall() == WallTime{1'704'067'200'000});
  const Instant before = world.now();
  world.jump_wall(-1h);
  CHECK(world.now() == before);
  CHECK(world.wall() == WallTime{1'704'063'600'000});
}

TEST_CASE("random numbers stay in their range and reach both ends") {
  sim::Random random(7);
  bool least = false;
  bool most = false;
  for (int i = 0; i < 1'000; ++i) {
    const std::uint64_t number = random.between(3, 5);
    REQUIRE(number >= 3);
    REQUIRE(number <= 5);
    least |= number == 3;
    most |= number == 5;
  }
  CHECK(least);
  CHECK(most);
  CHECK(random.in({4, 4}) == 4);
  CHECK_FALSE(random.chance(0));
  CHECK(random.chance(100));
}

}  // namespace
}  // namespace midge::test
