// Who may publish when (broker/routing/schedule.hpp).
#include "broker/routing/schedule.hpp"

#include <doctest/doctest.h>

namespace midge::routing {
namespace {

using Gate = Schedule::Gate;

constexpr std::size_t kMemory = std::size_t{64} << 20;
constexpr std::size_t kMany = Schedule::kFew + 1;

void publish(Schedule& schedule, const session::Session& publisher, std::size_t receivers) {
  schedule.begin(&publisher, receivers);
  for (std::size_t i = 0; i < receivers; ++i) schedule.on_queued(false);
  schedule.end();
}

TEST_CASE("a publisher has its share of a turn, and another one has his") {
  Schedule schedule(kMemory);
  session::Session a;
  session::Session b;
  schedule.start_turn();
  while (schedule.gate(a, true) == Gate::Open) publish(schedule, a, 16);
  CHECK(schedule.gate(a, true) == Gate::ShareUsed);
  CHECK(schedule.gate(b, true) == Gate::Open);
  CHECK_FALSE(schedule.has_unserved());
  schedule.start_turn();
  CHECK(schedule.gate(a, true) == Gate::Open);
}

TEST_CASE("a session where much waits stops messages for few until the next turn") {
  Schedule schedule(kMemory);
  session::Session a;
  session::Session b;
  schedule.start_turn();
  schedule.begin(&a, 1);
  schedule.on_queued(true);
  schedule.end();
  CHECK(schedule.gate(a, true) == Gate::ShareUsed);
  CHECK(schedule.gate(b, true) == Gate::Full);
  CHECK(schedule.has_unserved());
  schedule.start_turn();
  CHECK_FALSE(schedule.has_unserved());
  CHECK(schedule.gate(b, true) == Gate::Open);
}

TEST_CASE("messages for many stop when enough wait, and go on when all are out") {
  Schedule schedule(kMemory);
  session::Session wide;
  session::Session narrow;
  std::size_t queued = 0;
  int turns = 0;
  for (; !schedule.is_wide_full(); ++turns) {
    schedule.start_turn();
    while (schedule.gate(wide, false) == Gate::Open) {
      publish(schedule, wide, 1'000);
      queued += 1'000;
    }
    // Until then more is at hand, which goes out in the same writes.
    CHECK(schedule.goes_on() == !schedule.is_wide_full());
    CHECK(schedule.gate(narrow, true) == Gate::Open);
  }
  CHECK(queued >= Schedule::kBacklog);
  CHECK(queued < Schedule::kBacklog + 1'000);
  CHECK(turns == 11);  // three thousand a turn
  schedule.start_turn();
  CHECK(schedule.gate(wide, false) == Gate::Full);
  CHECK_FALSE(schedule.goes_on());
  schedule.on_backlog_flushed();
  schedule.start_turn();
  CHECK(schedule.gate(wide, false) == Gate::Open);
}

TEST_CASE("all publishers of messages for many together have a share of a turn") {
  Schedule schedule(kMemory);
  session::Session publishers[8];
  schedule.start_turn();
  int served = 0;
  for (session::Session& publisher : publishers) {
    if (schedule.gate(publisher, false) != Gate::Open) continue;
    ++served;
    while (schedule.gate(publisher, false) == Gate::Open) publish(schedule, publisher, 2'048);
  }
  CHECK(served == 4);
  CHECK(schedule.has_unserved());
}

TEST_CASE("where memory is small less may wait") {
  Schedule schedule(std::size_t{64} << 10);
  session::Session a;
  schedule.start_turn();
  std::size_t queued = 0;
  while (!schedule.is_wide_full()) {
    publish(schedule, a, kMany);
    queued += kMany;
  }
  CHECK(queued < Schedule::kSessionAhead + kMany);
}

TEST_CASE("a client has its share of subscribing") {
  Schedule schedule(kMemory);
  session::Session a;
  session::Session b;
  schedule.start_turn();
  schedule.on_filters(a, Schedule::kFilters - 1);
  CHECK_FALSE(schedule.is_share_used(a));
  schedule.on_filters(a, 1);
  CHECK(schedule.is_share_used(a));
  CHECK_FALSE(schedule.is_share_used(b));
  schedule.on_filters(b, 1);
  CHECK_FALSE(schedule.is_share_used(b));
  schedule.start_turn();
  CHECK_FALSE(schedule.is_share_used(a));
}

}  // namespace
}  // namespace midge::routing
