// The budget against reality.
#include <doctest/doctest.h>

#include "tests/unit/core/promised.hpp"

namespace midge::test {
namespace {

// Some of everything.
Plan rich_plan() {
  Plan plan;
  core::Promise& promise = plan.promise;
  promise.client_id_bytes = 23;
  promise.filter_bytes = 40;
  promise.topic_bytes = 30;
  promise.payload_bytes = 200;
  promise.filter_branches = plan.limits.sessions;
  promise.groups = 3;
  promise.expiring = 10;
  promise.wills = 5;
  promise.inflight = 14;
  promise.receivers = plan.limits.sessions;
  promise.inbound_qos2 = 12;
  promise.aliasing = 4;
  promise.busy = 4;
  promise.half_packets = 3;
  return plan;
}

void check_promise(const Plan& plan) {
  Promised broker(plan);
  for (int round = 0; round < 3; ++round) {
    CAPTURE(round);
    broker.fill();
    REQUIRE(broker.holds_all());
    // One client more is told that there is no room, by the limit and not by memory.
    Client late(broker, Version::V5);
    late.connect(broker.client_id(plan.limits.connections), {.clean_start = false});
    late.expect_refused(ReasonCode::QuotaExceeded, std::nullopt);
    CHECK(broker.metrics[Cause::ConnectionLimit] == static_cast<std::uint64_t>(round) + 1);
    CHECK(broker.metrics[Cause::MemoryFull] == 0);
    broker.clear();
  }
}

TEST_CASE("an arena of the size of the budget holds all that is promised, again and again") {
  for (const std::size_t page_bytes : kPageSizes) {
    CAPTURE(page_bytes);
    Plan plan;
    plan.paging.page_bytes = page_bytes;
    check_promise(plan);
    plan.promise.journal = true;
    check_promise(plan);
  }
}

TEST_CASE("what is promised may be some of everything, with payloads longer than a page") {
  for (const std::size_t page_bytes : kPageSizes) {
    CAPTURE(page_bytes);
    Plan plan = rich_plan();
    plan.paging.page_bytes = page_bytes;
    check_promise(plan);
    plan.promise.payload_bytes = 1'200;
    check_promise(plan);
  }
}

TEST_CASE("what was promised is delivered") {
  const Plan plan;
  Promised broker(plan);
  broker.fill();
  REQUIRE(broker.holds_all());
  broker.online.pop_back();  // nothing waits for this one
  for (std::uint32_t i = 0; i < broker.sleepers(); ++i) {
    const std::uint32_t session = plan.limits.connections + i;
    broker.online.back()->disconnect();
    broker.online.pop_back();
    Client sleeper(broker, Version::V5, broker.client_id(session),
                   {.clean_start = false, .props = {.receive_maximum = 100}});
    for (std::uint32_t n = 0; n < broker.queued_each(); ++n) {
      sleeper.answer(sleeper.expect_publish(broker.filter(session, 0), broker.payload()));
    }
    sleeper.expect_nothing();
    sleeper.disconnect();
  }
}

TEST_CASE("a message to as many as promised finds room while all else is there") {
  Plan plan = rich_plan();
  plan.promise.half_packets = 0;
  Promised broker(plan);
  broker.fill();
  REQUIRE(broker.holds_all());
  for (auto& client : broker.online) static_cast<void>(client->all());
  broker.online[0]->publish(broker.filter(0, 1), "to all", kQoS0);
  CHECK(broker.metrics[Cause::MemoryFull] == 0);
  for (std::size_t i = 1; i < broker.online.size(); ++i) {
    // Who has something in flight may have more waiting in front.
    const auto came = broker.online[i]->all();
    CHECK(std::count_if(came.begin(), came.end(),
                        [](const Packet& packet) { return packet.payload == "to all"; }) == 1);
  }
}

TEST_CASE("what lies there takes the pages that were counted for it") {
  for (const std::size_t page_bytes : kPageSizes) {
    CAPTURE(page_bytes);
    Plan plan;
    plan.paging.page_bytes = page_bytes;
    Promised broker(plan);
    broker.fill();
    REQUIRE(broker.holds_all());
    // Nobody is busy at this moment, nobody arrives, and nothing is being delivered.
    plan.promise.busy = plan.promise.arriving = plan.promise.receivers = 0;
    const std::size_t counted = plan.budget().pages - plan.paging.reserve_pages;
    CHECK(broker.sim.arena().used_pages() <= counted);
    CHECK(broker.sim.arena().used_pages() + 1 >= counted);
  }
}

TEST_CASE("one page less than what is needed, and something is refused") {
  for (const std::size_t page_bytes : kPageSizes) {
    CAPTURE(page_bytes);
    Plan plan;
    plan.paging.page_bytes = page_bytes;
    std::size_t free = 0;
    {
      Promised broker(plan);
      broker.fill();
      REQUIRE(broker.holds_all());
      free = broker.free_pages();
    }
    Promised smaller(plan, free + 1);
    smaller.fill();
    CHECK_FALSE(smaller.holds_all());
    CHECK(smaller.metrics[Cause::MemoryFull] > 0);
  }
}

TEST_CASE("each user's share is needed: with less of it something is refused") {
  Plan plan;
  plan.promise.payload_bytes = 120;  // little less of it and a page holds one message more
  Promised whole(plan);
  whole.fill();
  REQUIRE(whole.holds_all());
  const std::uint64_t enough = plan.budget().pages - whole.free_pages();
  using Change = void (*)(Plan&);
  constexpr struct {
    const char* name;
    Change take;
  } kUsersWithLess[] = {
      {"sessions", [](Plan& less) { --less.limits.sessions; }},
      {"subscriptions and their filters", [](Plan& less) { --less.limits.subscriptions; }},
      {"retained messages", [](Plan& less) { --less.limits.retained_messages; }},
      {"queued messages", [](Plan& less) { --less.limits.total_queued_messages; }},
      {"longer payloads", [](Plan& less) { --less.promise.payload_bytes; }},
  };
  for (const auto& user : kUsersWithLess) {
    CAPTURE(user.name);
    Plan less = plan;
    for (int steps = 0; less.budget().pages >= enough; ++steps) {
      REQUIRE(steps < 24);  // of each there is more than that
      user.take(less);
    }
    Promised broker(plan, plan.budget().pages - less.budget().pages);
    broker.fill();
    CHECK_FALSE(broker.holds_all());
  }
}

}  // namespace
}  // namespace midge::test
