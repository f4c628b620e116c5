// CONNACK: what the server announces, and what it does with clients that overstep it (MQTT 5.0
// section 3.2.2.3).
#include "tests/support/client.hpp"

namespace midge::test {
namespace {

TEST_CASE("a limited QoS is announced and granted [MQTT-3.2.2-9] [MQTT-3.2.2-10]") {
  for (const QoS most : kEveryQoS) {
    for (const QoS asked : kEveryQoS) {
      CAPTURE(most);
      CAPTURE(asked);
      Broker broker;
      broker.listener.max_qos = most;
      Client a(broker, Version::V5);
      const Packet connack = a.must_connect("a");
      CHECK(connack.props.maximum_qos ==
            (most == kQoS2 ? std::nullopt
                           : std::optional<std::uint8_t>(static_cast<std::uint8_t>(most))));
      a.subscribe("t", asked);
      const Packet suback = a.expect(PacketType::Suback);
      CHECK(suback.codes == std::vector{static_cast<ReasonCode>(std::min(most, asked))});
      a.publish("t", "x", most);
      CHECK(a.take(PacketType::Publish).qos == std::min(most, asked));
    }
  }
}

TEST_CASE("a PUBLISH above the announced QoS is 0x9B") {
  for (const QoS most : {kQoS0, kQoS1}) {
    CAPTURE(most);
    Broker broker;
    broker.listener.max_qos = most;
    Client a(broker, Version::V5, "a");
    a.publish("t", "x", most == kQoS0 ? kQoS1 : kQoS2);
    a.expect_disconnect(ReasonCode::QoSNotSupported);
  }
}

TEST_CASE("a will above the announced QoS is refused with 0x9B [MQTT-3.2.2-12]") {
  for (const QoS most : kEveryQoS) {
    for (const QoS qos : kEveryQoS) {
      CAPTURE(most);
      CAPTURE(qos);
      Broker broker;
      broker.listener.max_qos = most;
      Client a(broker, Version::V5);
      a.connect("a", {.will = Will{.topic = "w", .qos = qos}});
      if (qos <= most) {
        a.expect_connack();
        continue;
      }
      a.expect_bytes("20 03 00 9b 00");
      a.expect_closed();
      CHECK(broker.metrics.clients_total == 0);
      CHECK(broker.metrics[Cause::QoSNotSupported] == 1);
    }
  }
}

TEST_CASE("a retained will is refused with 0x9A where nothing is retained [MQTT-3.2.2-13]") {
  Broker broker;
  broker.settings.retain_available = false;
  Client a(broker, Version::V5);
  a.connect("a", {.will = Will{.topic = "w", .retain = true}});
  a.expect_bytes("20 03 00 9a 00");
  a.expect_closed();
  CHECK(broker.metrics.clients_total == 0);
  CHECK(broker.metrics[Cause::RetainNotSupported] == 1);
  Client b(broker, Version::V5, "b", {.will = Will{.topic = "w"}});
}

TEST_CASE("before 5.0 a will that can't be kept is refused too") {
  for (const Version version : {Version::V31, Version::V311}) {
    CAPTURE(version);
    Broker broker;
    broker.settings.retain_available = false;
    broker.listener.max_qos = kQoS1;
    Client retained(broker, version);
    retained.connect("a", {.will = Will{.topic = "w", .retain = true}});
    CHECK(retained.closed());
    Client too_high(broker, version);
    too_high.connect("a", {.will = Will{.topic = "w", .qos = kQoS2}});
    CHECK(too_high.closed());
    CHECK(broker.metrics.clients_total == 0);
  }
}

TEST_CASE("a retained PUBLISH where nothing is retained is 0x9A") {
  Broker broker;
  broker.settings.retain_available = false;
  Client a(broker, Version::V5, "a");
  a.publish("t", "x", kQoS0, {.retain = true});
  a.expect_disconnect(ReasonCode::RetainNotSupported);
}

TEST_CASE("a packet above the announced Maximum Packet Size is 0x95") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    broker.limits.packet_bytes = 1'000;
    Client a(broker, version);
    const Packet connack = a.must_connect("a");
    if (version == Version::V5) CHECK(connack.props.maximum_packet_size == 1'000);
    a.must_subscribe("t");
    const std::size_t around = publish_bytes(version, "t", std::string(900, 'x')).size() - 900;
    a.publish("t", std::string(1'000 - around, 'x'));
    a.expect(PacketType::Publish);
    a.publish("t", std::string(1'001 - around, 'x'));
    a.expect_disconnect(ReasonCode::PacketTooLarge);
    CHECK(broker.metrics[Cause::PacketTooLarge] == 1);
  }
}

TEST_CASE("an alias above the announced maximum is 0x94") {
  struct Vector {
    std::uint16_t maximum;
    std::uint16_t alias;
    bool accepted;
  };
  constexpr Vector kVectors[] = {
      {10, 10, true}, {10, 11, false}, {1, 1, true}, {1, 2, false}, {0, 1, false},
  };
  for (const Vector& v : kVectors) {
    CAPTURE(v.maximum);
    CAPTURE(v.alias);
    Broker broker;
    broker.listener.max_topic_alias = v.maximum;
    Client a(broker, Version::V5, "a");
    a.must_subscribe("t");
    a.publish("t", "x", kQoS0, {.props = {.topic_alias = v.alias}});
    if (v.accepted) {
      a.expect_publish("t", "x");
    } else {
      a.expect_disconnect(ReasonCode::TopicAliasInvalid);
    }
  }
}

}  // namespace
}  // namespace midge::test
