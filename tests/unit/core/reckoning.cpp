// What a budget says of itself.
#include <doctest/doctest.h>

#include <numeric>

#include "tests/unit/core/promised.hpp"

namespace midge::test {
namespace {

using core::Budget;
using core::User;

TEST_CASE("the lines of a budget are all of its bytes") {
  for (const std::size_t page_bytes : kPageSizes) {
    Plan plan;
    plan.paging.page_bytes = page_bytes;
    for (const core::Promise& promise : {plan.promise, core::Promise{}}) {
      plan.promise = promise;
      const Budget budget = plan.budget();
      const std::uint64_t sum = std::accumulate(
          budget.lines.begin(), budget.lines.end(), std::uint64_t{0},
          [](std::uint64_t bytes, const Budget::Line& line) { return bytes + line.bytes; });
      CHECK(sum == budget.arena_bytes);
      CHECK(budget.arena_bytes % page_bytes == 0);
    }
  }
}

TEST_CASE("without limits no memory is enough, and the size still fits a number") {
  Plan plan;
  plan.limits = {};
  plan.promise = {};
  const Budget budget = plan.budget();
  CHECK(budget.arena_bytes > core::kMostBytes);
  CHECK(core::with_memory(plan.limits, budget).memory_bytes == core::kMostBytes);
}

TEST_CASE("a promise of more than the limits allow counts as far as they allow it") {
  Plan plan;
  plan.promise.inflight = 1'000'000;
  plan.promise.groups = 1'000'000;
  plan.promise.half_packets = 1'000'000;
  const Budget budget = plan.budget();
  CHECK(budget[User::Inflight].count == plan.limits.sessions * plan.limits.inflight_messages);
  CHECK(budget[User::Groups].count == plan.limits.subscriptions);
  CHECK(budget[User::HalfPackets].count == plan.limits.connections);
  // Half packets have half of the arena at most, so it is twice as large.
  CHECK(budget.pages * plan.paging.page_bytes >= 2 * budget[User::HalfPackets].bytes);
}

TEST_CASE("one more of each costs what a budget for many more says") {
  Plan plan;
  const Budget before = plan.budget();
  constexpr std::uint32_t kMore = 1'000;
  const auto grown_by = [&](auto change) {
    Plan more = plan;
    change(more);
    return (more.budget().pages - before.pages) * plan.paging.page_bytes;
  };
  // The workspace of the core grows a little with all of it.
  const auto about = [&](const PageCount::Cost& cost) {
    CHECK(cost.with_page >= cost.bytes);
    return doctest::Approx(static_cast<double>(kMore * cost.with_page)).epsilon(0.05);
  };
  const Budget::Costs& costs = before.costs;
  CHECK(static_cast<double>(grown_by([](Plan& more) {
          more.limits.connections += kMore;
          more.limits.sessions += kMore;
        })) == about(costs.connection + costs.session));
  CHECK(static_cast<double>(grown_by([](Plan& more) {
          more.limits.total_queued_messages += kMore;
          more.limits.queued_messages += kMore;
        })) == about(costs.queued));
}

}  // namespace
}  // namespace midge::test
