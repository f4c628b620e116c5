// Paho C++: retained messages in every version.
#include <doctest/doctest.h>

#include "tests/interop/paho_client.hpp"

namespace midge::interop {

TEST_CASE("a retained message is kept, replaced and removed by an empty one in every version") {
  Broker broker;
  for (const Level level : kAllLevels) {
    CAPTURE(name_of(level));
    PahoClient publisher(broker.uri(), level, "publisher");
    publisher.connect();
    publisher.publish("state/door", "open", 1, true);
    publisher.publish("state/door", "closed", 1, true);
    {
      PahoClient late(broker.uri(), level, "late");
      late.connect();
      late.subscribe("state/#", 1);
      const auto kept = late.next();
      REQUIRE(kept);
      CHECK(kept->to_string() == "closed");
      CHECK(kept->get_topic() == "state/door");
      CHECK(kept->get_qos() == 1);
      CHECK(kept->is_retained());
      publisher.publish("state/door", "ajar", 1, true);
      const auto live = late.next();
      REQUIRE(live);
      CHECK(live->to_string() == "ajar");
      CHECK_FALSE(live->is_retained());
      publisher.publish("state/door", "", 1, true);
      const auto removal = late.next();
      REQUIRE(removal);
      CHECK(removal->to_string().empty());
      CHECK(late.silent());
    }
    PahoClient later(broker.uri(), level, "later");
    later.connect();
    later.subscribe("state/#", 1);
    CHECK(later.silent());
  }
}

TEST_CASE("two hundred retained messages reach a subscriber that asks for all of them") {
  Broker broker("max_retained_messages 300\n");
  if (broker.lacks_room()) return;
  constexpr std::size_t kMessages = 200;
  for (const Level level : {MQTTVERSION_3_1_1, MQTTVERSION_5}) {
    CAPTURE(name_of(level));
    PahoClient client(broker.uri(), level, "client");
    client.connect();
    for (std::size_t i = 0; i < kMessages; ++i)
      client.publish("many/" + std::to_string(i), std::to_string(i), 1, true);
    client.subscribe("many/+", 1);
    std::vector<bool> seen(kMessages);
    for (std::size_t i = 0; i < kMessages; ++i) {
      const auto arrived = client.next();
      REQUIRE(arrived);
      CHECK(arrived->is_retained());
      seen.at(std::stoul(arrived->to_string())) = true;
    }
    CHECK(seen == std::vector<bool>(kMessages, true));
    CHECK(client.silent());
  }
}

TEST_CASE("a retained message is gone after its Message Expiry Interval") {
  Broker broker;
  PahoClient client(broker.uri(), MQTTVERSION_5, "client");
  client.connect();
  client.publish("brief", "gone soon", 1, true, {{Property::MESSAGE_EXPIRY_INTERVAL, 1}});
  client.publish("long", "stays", 1, true, {{Property::MESSAGE_EXPIRY_INTERVAL, 1000}});
  broker.wait(2100ms);
  client.subscribe("#", 1);
  const auto kept = client.next();
  REQUIRE(kept);
  CHECK(kept->get_topic() == "long");
  CHECK(mqtt::get<std::uint32_t>(kept->get_properties(), Property::MESSAGE_EXPIRY_INTERVAL) <= 999);
  CHECK(client.silent());
}

}  // namespace midge::interop
