// Paho C++: the properties of a 5.0 PUBLISH on their way through the broker.
#include <doctest/doctest.h>

#include "tests/interop/paho_client.hpp"

namespace midge::interop {

namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

Pairs user_properties(const mqtt::message& message) {
  Pairs found;
  const auto& properties = message.get_properties();
  for (std::size_t i = 0; i < properties.count(Property::USER_PROPERTY); ++i) {
    const auto [name, value] = mqtt::get<mqtt::string_pair>(properties, Property::USER_PROPERTY, i);
    found.emplace_back(name, value);
  }
  return found;
}

std::uint32_t expiry_of(const mqtt::message& message) {
  return mqtt::get<std::uint32_t>(message.get_properties(), Property::MESSAGE_EXPIRY_INTERVAL);
}

}  // namespace

TEST_CASE("every property a receiver is meant to see arrives as it was sent") {
  Broker broker;
  PahoClient client(broker.uri(), MQTTVERSION_5, "client");
  client.connect();
  client.subscribe("event", 2);
  const std::string binary("\0\x01\xff\n", 4);
  for (const int qos : {0, 1, 2}) {
    CAPTURE(qos);
    client.publish("event", "{}", qos, false,
                   {{Property::PAYLOAD_FORMAT_INDICATOR, 1},
                    {Property::CONTENT_TYPE, "application/json"},
                    {Property::RESPONSE_TOPIC, "reply/here"},
                    {Property::CORRELATION_DATA, binary},
                    {Property::USER_PROPERTY, "key", "second name first"},
                    {Property::USER_PROPERTY, "a", "1"},
                    {Property::USER_PROPERTY, "key", "again, and never sorted"},
                    {Property::USER_PROPERTY, "", ""},
                    {Property::USER_PROPERTY, "größe", "straße"}});
    const auto arrived = client.next();
    REQUIRE(arrived);
    const auto& got = arrived->get_properties();
    CHECK(mqtt::get<std::uint8_t>(got, Property::PAYLOAD_FORMAT_INDICATOR) == 1);
    CHECK(mqtt::get<std::string>(got, Property::CONTENT_TYPE) == "application/json");
    CHECK(mqtt::get<std::string>(got, Property::RESPONSE_TOPIC) == "reply/here");
    CHECK(mqtt::get<std::string>(got, Property::CORRELATION_DATA) == binary);
    CHECK(user_properties(*arrived) == Pairs{{"key", "second name first"},
                                             {"a", "1"},
                                             {"key", "again, and never sorted"},
                                             {"", ""},
                                             {"größe", "straße"}});
    CHECK_FALSE(got.contains(Property::MESSAGE_EXPIRY_INTERVAL));
  }
}

TEST_CASE("a retained message keeps its properties") {
  Broker broker;
  PahoClient client(broker.uri(), MQTTVERSION_5, "client");
  client.connect();
  client.publish("state", "kept", 1, true,
                 {{Property::CONTENT_TYPE, "text/plain"}, {Property::USER_PROPERTY, "a", "b"}});
  client.subscribe("state", 1);
  const auto kept = client.next();
  REQUIRE(kept);
  CHECK(mqtt::get<std::string>(kept->get_properties(), Property::CONTENT_TYPE) == "text/plain");
  CHECK(user_properties(*kept) == Pairs{{"a", "b"}});
}

TEST_CASE("a request finds its way back by response topic and correlation data") {
  Broker broker;
  PahoClient asking(broker.uri(), MQTTVERSION_5, "asking");
  PahoClient answering(broker.uri(), MQTTVERSION_5, "answering");
  asking.connect();
  answering.connect();
  answering.subscribe("v1/price/ask", 1);
  asking.subscribe("reply/asking", 1);
  for (int i = 0; i < 10; ++i) {
    const std::string correlation = "request " + std::to_string(i);
    asking.publish(
        "v1/price/ask", std::to_string(i), 1, false,
        {{Property::RESPONSE_TOPIC, "reply/asking"}, {Property::CORRELATION_DATA, correlation}});
    const auto request = answering.next();
    REQUIRE(request);
    const auto& properties = request->get_properties();
    answering.publish(
        mqtt::get<std::string>(properties, Property::RESPONSE_TOPIC),
        "answer to " + request->to_string(), 1, false,
        {mqtt::property(Property::CORRELATION_DATA,
                        mqtt::get<std::string>(properties, Property::CORRELATION_DATA))});
    const auto answer = asking.next();
    REQUIRE(answer);
    CHECK(answer->to_string() == "answer to " + std::to_string(i));
    CHECK(mqtt::get<std::string>(answer->get_properties(), Property::CORRELATION_DATA) ==
          correlation);
  }
}

TEST_CASE("a queued message is forwarded with what is left of its expiry or not at all") {
  Broker broker;
  PahoClient reader(broker.uri(), MQTTVERSION_5, "reader");
  PahoClient publisher(broker.uri(), MQTTVERSION_5, "publisher");
  publisher.connect();
  reader.connect(kept_options(MQTTVERSION_5));
  reader.subscribe("queue", 1);
  publisher.publish("queue", "at once", 1, false, {{Property::MESSAGE_EXPIRY_INTERVAL, 100}});
  const auto at_once = reader.next();
  REQUIRE(at_once);
  CHECK(expiry_of(*at_once) <= 100);
  CHECK(expiry_of(*at_once) >= 90);
  reader.disconnect();
  publisher.publish("queue", "too old", 1, false, {{Property::MESSAGE_EXPIRY_INTERVAL, 1}});
  publisher.publish("queue", "old", 1, false, {{Property::MESSAGE_EXPIRY_INTERVAL, 100}});
  publisher.publish("queue", "ageless", 1);
  broker.wait(2100ms);
  reader.connect(kept_options(MQTTVERSION_5));
  const auto old = reader.next();
  REQUIRE(old);
  CHECK(old->to_string() == "old");
  CHECK(expiry_of(*old) <= 98);
  CHECK(reader.next_payloads(1) == std::vector<std::string>{"ageless"});
  CHECK(reader.silent());
}

TEST_CASE("a 3.1.1 receiver gets the payload of a message that has properties") {
  Broker broker;
  PahoClient reader(broker.uri(), MQTTVERSION_3_1_1, "reader");
  PahoClient publisher(broker.uri(), MQTTVERSION_5, "publisher");
  reader.connect();
  publisher.connect();
  reader.subscribe("event", 2);
  publisher.publish("event", "payload", 2, false,
                    {{Property::CONTENT_TYPE, "text/plain"}, {Property::USER_PROPERTY, "a", "b"}});
  CHECK(reader.next_payloads(1) == std::vector<std::string>{"payload"});
}

}  // namespace midge::interop
