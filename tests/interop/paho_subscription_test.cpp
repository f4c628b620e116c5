// Paho C++: the subscription options and identifiers of 5.0.
#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "tests/interop/paho_client.hpp"

namespace midge::interop {

namespace {

using Options = mqtt::subscribe_options;

std::vector<int> identifiers_of(const mqtt::message& message) {
  std::vector<int> found;
  const auto& properties = message.get_properties();
  for (std::size_t i = 0; i < properties.count(Property::SUBSCRIPTION_IDENTIFIER); ++i)
    found.push_back(mqtt::get<int>(properties, Property::SUBSCRIPTION_IDENTIFIER, i));
  return found;
}

}  // namespace

TEST_CASE("No Local keeps a client's own messages from it and only those") {
  Broker broker;
  PahoClient client(broker.uri(), MQTTVERSION_5, "client");
  PahoClient other(broker.uri(), MQTTVERSION_5, "other");
  client.connect();
  other.connect();
  client.subscribe("chat", 1, Options(Options::SUBSCRIBE_NO_LOCAL));
  client.publish("chat", "mine", 1);
  other.publish("chat", "theirs", 1);
  CHECK(client.next_payloads(1) == std::vector<std::string>{"theirs"});
  CHECK(client.silent());
}

TEST_CASE("Retain As Published decides whether a live message keeps its RETAIN flag") {
  Broker broker;
  PahoClient plain(broker.uri(), MQTTVERSION_5, "plain");
  PahoClient keeping(broker.uri(), MQTTVERSION_5, "keeping");
  plain.connect();
  keeping.connect();
  plain.subscribe("state", 1);
  keeping.subscribe("state", 1, Options(false, Options::RETAIN_AS_PUBLISHED));
  plain.publish("state", "retained", 1, true);
  plain.publish("state", "ordinary", 1, false);
  for (const bool retained : {true, false}) {
    CAPTURE(retained);
    const auto to_plain = plain.next();
    const auto to_keeping = keeping.next();
    REQUIRE(to_plain);
    REQUIRE(to_keeping);
    CHECK_FALSE(to_plain->is_retained());
    CHECK(to_keeping->is_retained() == retained);
  }
}

TEST_CASE("Retain Handling 0 always, 1 for a new subscription, 2 never sends retained messages") {
  struct Case {
    Options::RetainHandling handling;
    bool first;
    bool again;
  };
  constexpr Case kCases[] = {
      {Options::SEND_RETAINED_ON_SUBSCRIBE, true, true},
      {Options::SEND_RETAINED_ON_NEW, true, false},
      {Options::DONT_SEND_RETAINED, false, false},
  };
  Broker broker;
  for (const Case& c : kCases) {
    CAPTURE(static_cast<int>(c.handling));
    PahoClient client(broker.uri(), MQTTVERSION_5, "client");
    client.connect();
    client.publish("state", "kept", 1, true);
    const Options options(false, false, c.handling);
    client.subscribe("state", 1, options);
    CHECK((client.next(c.first ? kPatience : 300ms) != nullptr) == c.first);
    client.subscribe("state", 1, options);
    CHECK((client.next(c.again ? kPatience : 300ms) != nullptr) == c.again);
    CHECK(client.silent());
  }
}

TEST_CASE("a message carries the Subscription Identifier of the subscription it matched") {
  Broker broker;
  PahoClient client(broker.uri(), MQTTVERSION_5, "client");
  client.connect();
  client.publish("state/a", "kept", 1, true);
  client.subscribe("state/+", 1, {}, {{Property::SUBSCRIPTION_IDENTIFIER, 7}});
  client.subscribe("event/#", 1, {}, {{Property::SUBSCRIPTION_IDENTIFIER, 268'435'455}});
  client.subscribe("plain", 1);
  client.publish("event/b", "live", 1);
  client.publish("plain", "none", 1);
  const auto kept = client.next();
  const auto live = client.next();
  const auto none = client.next();
  REQUIRE(none);
  CHECK(identifiers_of(*kept) == std::vector{7});
  CHECK(identifiers_of(*live) == std::vector{268'435'455});
  CHECK(identifiers_of(*none).empty());

  // Subscribing again replaces the identifier.
  client.subscribe("event/#", 1, {}, {{Property::SUBSCRIPTION_IDENTIFIER, 8}});
  client.publish("event/b", "live", 1);
  const auto replaced = client.next();
  REQUIRE(replaced);
  CHECK(identifiers_of(*replaced) == std::vector{8});
}

TEST_CASE("overlapping subscriptions hand over all their identifiers") {
  Broker broker;
  PahoClient client(broker.uri(), MQTTVERSION_5, "client");
  client.connect();
  client.subscribe("event/+", 1, {}, {{Property::SUBSCRIPTION_IDENTIFIER, 1}});
  client.subscribe("event/#", 2, {}, {{Property::SUBSCRIPTION_IDENTIFIER, 2}});
  client.publish("event/a", "both", 2);
  // In one copy or in two: the specification allows either.
  std::multiset<int> identifiers;
  while (identifiers.size() < 2) {
    const auto copy = client.next();
    REQUIRE(copy);
    for (const int identifier : identifiers_of(*copy)) identifiers.insert(identifier);
  }
  CHECK(identifiers == std::multiset{1, 2});
  CHECK(client.silent());
}

TEST_CASE("one SUBSCRIBE with many filters is answered filter by filter") {
  Broker broker;
  for (const Level level : kAllLevels) {
    CAPTURE(name_of(level));
    PahoClient client(broker.uri(), level, "client");
    client.connect();
    const auto filters = mqtt::string_collection::create({"a/0", "a/+/1", "a/#", "$SYS/none"});
    auto token = client.library().subscribe(filters, {0, 1, 2, 0});
    REQUIRE(token->wait_for(kPatience));
    const auto response = token->get_subscribe_response();
    std::vector<int> codes;
    for (const mqtt::ReasonCode code : response.get_reason_codes()) codes.push_back(code);
    CHECK(codes == std::vector{0, 1, 2, 0});
  }
}

TEST_CASE("a wildcard filter does not match topics that begin with a dollar sign") {
  Broker broker("sys_interval 1\n");
  for (const Level level : kAllLevels) {
    CAPTURE(name_of(level));
    PahoClient client(broker.uri(), level, "client");
    client.connect();
    client.subscribe("#", 0);
    client.subscribe("+/broker/uptime", 0);
    CHECK(client.next(2s) == nullptr);
  }
}

}  // namespace midge::interop
