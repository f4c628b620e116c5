// Paho C++: shared subscriptions.
#include <doctest/doctest.h>

#include <array>
#include <map>

#include "tests/interop/paho_client.hpp"

namespace midge::interop {

namespace {

constexpr std::size_t kMembers = 3;

void publish_numbers(PahoClient& publisher, int from, int to) {
  for (int i = from; i < to; ++i) publisher.publish("work/item", std::to_string(i), 1);
}

using Members = std::array<std::unique_ptr<PahoClient>, kMembers>;

// How often each payload came, over all members; waits until `expected` have come.
std::map<std::string, int> collect(Members& members, std::size_t expected) {
  (void)eventually([&] {
    std::size_t count = 0;
    for (const auto& member : members) count += member ? member->received_count() : 0;
    return count >= expected;
  });
  std::map<std::string, int> times;
  for (const auto& member : members) {
    if (!member) continue;
    for (auto next = member->next(50ms); next; next = member->next(50ms))
      ++times[next->to_string()];
  }
  return times;
}

bool each_once(const std::map<std::string, int>& times, int from, int to) {
  bool once = times.size() == static_cast<std::size_t>(to - from);
  for (int i = from; i < to; ++i) {
    const auto found = times.find(std::to_string(i));
    once = once && found != times.end() && found->second == 1;
  }
  return once;
}

}  // namespace

TEST_CASE("a shared group of three gets each message once, and all of them when a member leaves") {
  Broker broker;
  for (const Level level : {MQTTVERSION_3_1_1, MQTTVERSION_5}) {
    CAPTURE(name_of(level));
    Members members;
    for (std::size_t i = 0; i < kMembers; ++i) {
      members[i] = std::make_unique<PahoClient>(broker.uri(), level, "member-" + std::to_string(i));
      members[i]->connect();
      members[i]->subscribe("$share/workers/work/#", 1);
    }
    PahoClient everything(broker.uri(), level, "everything");
    everything.connect();
    everything.subscribe("work/#", 1);
    PahoClient publisher(broker.uri(), level, "publisher");
    publisher.connect();

    publish_numbers(publisher, 0, 150);
    REQUIRE(eventually([&] { return everything.received_count() == 150; }));
    for (const auto& member : members) {
      CHECK(eventually([&] { return member->received_count() > 0; }));
    }
    CHECK(each_once(collect(members, 150), 0, 150));

    SUBCASE("by DISCONNECT") {
      members[1].reset();
    }
    SUBCASE("by UNSUBSCRIBE") {
      members[1]->unsubscribe("$share/workers/work/#");
    }
    publish_numbers(publisher, 150, 250);
    CHECK(each_once(collect(members, 100), 150, 250));
    CHECK(everything.next_payloads(250).size() == 250);
  }
}

TEST_CASE("two groups on the same filter each get every message") {
  Broker broker;
  PahoClient red(broker.uri(), MQTTVERSION_5, "red");
  PahoClient blue(broker.uri(), MQTTVERSION_3_1_1, "blue");
  PahoClient publisher(broker.uri(), MQTTVERSION_5, "publisher");
  red.connect();
  blue.connect();
  publisher.connect();
  red.subscribe("$share/red/work/item", 1);
  blue.subscribe("$share/blue/work/item", 1);
  publish_numbers(publisher, 0, 5);
  const std::vector<std::string> all = {"0", "1", "2", "3", "4"};
  CHECK(red.next_payloads(5) == all);
  CHECK(blue.next_payloads(5) == all);
  CHECK(red.silent());
  CHECK(blue.silent());
}

TEST_CASE("a shared subscription gets no retained message when it is made") {
  Broker broker;
  PahoClient client(broker.uri(), MQTTVERSION_5, "client");
  client.connect();
  client.publish("work/item", "old", 1, true);
  client.subscribe("$share/workers/work/item", 1);
  CHECK(client.silent());
}

TEST_CASE("No Local on a shared subscription is a protocol error") {
  Broker broker;
  PahoClient client(broker.uri(), MQTTVERSION_5, "client");
  client.connect();
  REQUIRE_THROWS(client.subscribe("$share/workers/work", 1, mqtt::subscribe_options(true)));
  CHECK(client.lost());
  CHECK(client.disconnect_reason() == std::optional(0x82));
}

}  // namespace midge::interop
