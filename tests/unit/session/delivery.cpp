#include "broker/session/delivery.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

#include "tests/unit/session/world.hpp"

using namespace midge;
using namespace midge::session;

namespace {

std::vector<std::uint32_t> identifiers(const Delivery& delivery) {
  std::vector<std::uint32_t> all;
  Deliveries::for_each_identifier(delivery, [&all](std::uint32_t id) { all.push_back(id); });
  std::sort(all.begin(), all.end());
  return all;
}

}  // namespace

TEST_CASE("a delivery keeps as many Subscription Identifiers as it is given") {
  test::World world;
  Deliveries& deliveries = world.sessions.deliveries();
  message::Message* const message = world.message();
  Delivery* const delivery = deliveries.create(*message);
  CHECK(identifiers(*delivery).empty());
  std::vector<std::uint32_t> expected;
  for (std::uint32_t id = 1; id <= 23; ++id) {
    REQUIRE(deliveries.add_identifier(*delivery, id));
    expected.push_back(id);
    CHECK(identifiers(*delivery) == expected);
  }
  deliveries.destroy(delivery);
  CHECK(deliveries.used() == 0);
  world.messages.release(*message);
  CHECK(world.metrics.stored_messages == 0);
}

TEST_CASE("what is prepared is enough for a delivery of every subscription, merged or not") {
  test::World world(64U << 10U);
  Deliveries& deliveries = world.sessions.deliveries();
  message::Message* const message = world.message();
  REQUIRE(deliveries.prepare(100));
  while (world.arena.take(1) != nullptr) {
  }
  Delivery* const delivery = deliveries.create(*message);
  REQUIRE(delivery != nullptr);
  for (std::uint32_t id = 1; id <= 100; ++id) CHECK(deliveries.add_identifier(*delivery, id));
  CHECK(identifiers(*delivery).size() == 100);
}
