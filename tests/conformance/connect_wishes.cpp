// CONNECT: what a 5.0 client asks of the server for this connection: Maximum Packet Size, Topic
// Alias Maximum, Request Response Information, Request Problem Information (section 3.1.2.11).
#include <map>

#include "tests/support/client.hpp"

namespace midge::test {
namespace {

TEST_CASE("no packet is larger than the client's Maximum Packet Size [MQTT-3.1.2-24]") {
  // "30 len 00 01 74 00 payload": 6 bytes around the payload.
  constexpr std::uint32_t kMaximum = 100;
  for (const QoS qos : kEveryQoS) {
    CAPTURE(qos);
    Broker broker;
    Client a(broker, Version::V5, "a", {.props = {.maximum_packet_size = kMaximum}});
    a.must_subscribe("t", qos);
    Client publisher(broker, Version::V5, "publisher");
    const std::size_t around = qos == kQoS0 ? 6 : 8;
    for (std::size_t bytes = kMaximum - around - 3; bytes <= kMaximum - around + 3; ++bytes) {
      CAPTURE(bytes);
      publisher.must_publish("t", std::string(bytes, 'x'), qos);
      if (bytes + around <= kMaximum) {
        const Packet publish = a.expect_publish("t", std::string(bytes, 'x'));
        CHECK(publish.bytes.size() == bytes + around);
        a.answer(publish);
      } else {
        a.expect_nothing();
      }
    }
    CHECK(broker.metrics[Cause::TooLargeForClient] == 3);
  }
}

TEST_CASE("what is too large for a client counts as delivered [MQTT-3.1.2-25]") {
  for (const QoS qos : {kQoS1, kQoS2}) {
    CAPTURE(qos);
    Broker broker;
    Client a(broker, Version::V5, "a",
             {.props = {.receive_maximum = 1, .maximum_packet_size = 100}});
    a.must_subscribe("t", qos);
    Client small(broker, Version::V5, "small");
    Client publisher(broker, Version::V5, "publisher");
    // It takes neither quota nor identifier, however many there are.
    for (int i = 0; i < 50; ++i) {
      publisher.must_publish("t", std::string(200, 'x'), qos);
      a.expect_nothing();
    }
    publisher.must_publish("t", "one", qos);
    publisher.must_publish("t", std::string(200, 'x'), qos);
    publisher.must_publish("t", "two", qos);
    const Packet one = a.expect_publish("t", "one");
    CHECK(one.packet_id == 1);
    a.expect_nothing();  // Receive Maximum
    a.answer(one);
    const Packet two = a.expect_publish("t", "two");
    CHECK(two.packet_id == 2);
    a.answer(two);
    a.expect_nothing();
    CHECK(broker.metrics.queued_messages == 0);
    CHECK(broker.metrics[Cause::TooLargeForClient] == 51);
  }
}

TEST_CASE("a message too large for one client reaches the others [MQTT-3.1.2-25]") {
  Broker broker;
  Client small(broker, Version::V5, "small", {.props = {.maximum_packet_size = 100}});
  Client large(broker, Version::V5, "large");
  Client old(broker, Version::V311, "old");
  for (Client* const client : {&small, &large, &old}) client->must_subscribe("t", kQoS1);
  const std::string payload(200, 'x');
  Client publisher(broker, Version::V5, "publisher");
  publisher.must_publish("t", payload, kQoS1);
  large.expect_publish("t", payload);
  old.expect_publish("t", payload);
  small.expect_nothing();
}

TEST_CASE("a CONNACK that a client can't take is not sent [MQTT-3.1.2-24]") {
  // CONNACK has 16 bytes here.
  for (std::uint32_t most = 1; most <= 20; ++most) {
    CAPTURE(most);
    Broker broker;
    Client a(broker, Version::V5);
    a.connect("a", {.props = {.session_expiry_interval = 60, .maximum_packet_size = most}});
    if (most < 16) {
      a.expect_closed();
      CHECK(broker.metrics.clients_connected == 0);
    } else {
      CHECK(a.expect_connack().bytes.size() == 16);
      a.expect_nothing();
    }
  }
}

TEST_CASE("acknowledgements keep to the Maximum Packet Size [MQTT-3.1.2-24]") {
  // Room for CONNACK and for PUBACK with reason and no properties, but not for a Reason String.
  Broker broker;
  broker.authorizer.deny_publish("secret");
  broker.authorizer.deny_subscribe("secret");
  Client a(broker, Version::V5, "a", {.props = {.maximum_packet_size = 16}});
  a.publish("secret", "x", kQoS1, {.packet_id = 1});
  a.expect_bytes("40 03 00 01 87");
  a.subscribe("secret", kQoS0, {.packet_id = 2});
  a.expect_bytes("90 04 00 02 00 87");
  a.expect_nothing();
}

TEST_CASE("outgoing aliases stay within the client's maximum [MQTT-3.1.2-26]") {
  constexpr std::uint16_t kMaxima[] = {1, 2, 5};
  for (const std::uint16_t maximum : kMaxima) {
    CAPTURE(maximum);
    Broker broker;
    Client a(broker, Version::V5, "a", {.props = {.topic_alias_maximum = maximum}});
    a.must_subscribe("#");
    Client publisher(broker, Version::V5, "publisher");
    std::map<std::uint16_t, std::string> known;
    std::size_t used = 0;
    for (int i = 0; i < 60; ++i) {
      const std::string topic = "sensors/" + std::to_string(i % 8);
      publisher.publish(topic, "x");
      const Packet publish = a.expect_publish();
      const auto alias = publish.props.topic_alias;
      if (alias) {
        CHECK(*alias >= 1);
        CHECK(*alias <= maximum);
        if (!publish.topic.empty()) known[*alias] = publish.topic;
        CHECK(known[*alias] == topic);
        used += publish.topic.empty() ? 1U : 0U;
      } else {
        CHECK(publish.topic == topic);
      }
    }
    CHECK(used > 0);
  }
}

TEST_CASE("a client that names no alias maximum, or 0, gets no aliases [MQTT-3.1.2-27]") {
  for (const auto maximum : {std::optional<std::uint16_t>{}, std::optional<std::uint16_t>{0}}) {
    CAPTURE(maximum);
    Broker broker;
    Client a(broker, Version::V5, "a", {.props = {.topic_alias_maximum = maximum}});
    a.must_subscribe("#");
    Client publisher(broker, Version::V5, "publisher");
    for (int i = 0; i < 20; ++i) {
      publisher.publish("sensors/temperature", "x");
      CHECK_FALSE(a.expect_publish("sensors/temperature", "x").props.topic_alias);
    }
  }
}

TEST_CASE("Response Information only goes to who asked for it [MQTT-3.1.2-28]") {
  struct Vector {
    std::optional<std::uint8_t> request;
    bool sent;
  };
  constexpr Vector kVectors[] = {
      {std::nullopt, false}, {std::uint8_t{0}, false}, {std::uint8_t{1}, true}};
  for (const Vector& v : kVectors) {
    CAPTURE(v.request);
    Broker broker;
    broker.settings.response_information = "replies/";
    Client a(broker, Version::V5);
    const Packet connack =
        a.must_connect("a", {.props = {.request_response_information = v.request}});
    CHECK(connack.props.response_information ==
          (v.sent ? std::optional<std::string>("replies/") : std::nullopt));
  }
  // Asked for, and there is none.
  Broker broker;
  Client a(broker, Version::V5);
  CHECK_FALSE(a.must_connect("a", {.props = {.request_response_information = 1}})
                  .props.response_information);
}

TEST_CASE("without Request Problem Information acknowledgements are bare [MQTT-3.1.2-29]") {
  for (const auto request : {std::optional<std::uint8_t>{}, std::optional<std::uint8_t>{1},
                             std::optional<std::uint8_t>{0}}) {
    CAPTURE(request);
    const bool wanted = request != 0;
    Broker broker;
    broker.authorizer.deny_publish("secret");
    broker.authorizer.deny_subscribe("secret");
    Client a(broker, Version::V5, "a", {.props = {.request_problem_information = request}});

    const auto check = [&](const Packet& ack, ReasonCode reason) {
      CHECK(ack.reason == reason);
      CHECK(ack.props.reason_string.has_value() == wanted);
      CHECK(ack.props.user.empty());
    };
    a.publish("secret", "x", kQoS1);
    check(a.expect(PacketType::Puback), ReasonCode::NotAuthorized);
    a.publish("secret", "x", kQoS2);
    check(a.expect(PacketType::Pubrec), ReasonCode::NotAuthorized);
    a.subscribe("secret");
    const Packet suback = a.expect(PacketType::Suback);
    CHECK(suback.codes == std::vector{ReasonCode::NotAuthorized});
    CHECK(suback.props.reason_string.has_value() == wanted);
    a.unsubscribe("never/subscribed");
    const Packet unsuback = a.expect(PacketType::Unsuback);
    CHECK_FALSE(unsuback.props.reason_string);
    CHECK(unsuback.props.user.empty());

    // A PUBLISH keeps its User Properties in any case.
    a.must_subscribe("t");
    const Properties props{.user = {{"k", "v"}}};
    a.publish("t", "x", kQoS0, {.props = props});
    CHECK(a.expect_publish("t", "x").props == props);
  }
}

}  // namespace
}  // namespace midge::test
