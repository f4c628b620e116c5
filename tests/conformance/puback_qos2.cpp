// PUBREC, PUBREL and PUBCOMP (MQTT 5.0 and 3.1.1 sections 3.5 to 3.7), in both directions.
#include "tests/support/client.hpp"

namespace midge::test {
namespace {

ConnectOptions lasting(Version version) {
  ConnectOptions options{.clean_start = false};
  if (version == Version::V5) options.props.session_expiry_interval = 100;
  return options;
}

TEST_CASE(
    "a PUBREC is answered by PUBREL, whose flags are 0010 [MQTT-3.6.1-1] [MQTT-3.6.1-1@3.1.1]") {
  for (const Version version : kAllVersions) {
    CAPTURE(version);
    Broker broker;
    Client a(broker, version, "a");
    a.must_subscribe("t", kQoS2);
    Client b(broker, version, "b");
    b.must_publish("t", "x", kQoS2);
    REQUIRE(a.expect_publish("t", "x").packet_id == 1);
    a.send_hex("50 02 00 01");
    a.expect_bytes("62 02 00 01");
    a.send_hex("70 02 00 01");
    a.expect_nothing();
    CHECK(broker.metrics.inflight_messages == 0);
    CHECK(broker.metrics.stored_messages == 0);
  }
}

TEST_CASE("a PUBREL that is sent again has the same two bytes and flags [MQTT-3.6.1-1]") {
  for (const Version version : kAllVersions) {
    CAPTURE(version);
    Broker broker;
    Client a(broker, version, "a", lasting(version));
    a.must_subscribe("t", kQoS2);
    a.must_publish("t", "x", kQoS2);
    const PacketIdentifier id = a.expect_publish("t", "x").packet_id;
    a.pubrec(id);
    const Packet pubrel = a.expect(PacketType::Pubrel);
    a.drop();
    a.reconnect(lasting(version));
    CHECK(a.expect(PacketType::Pubrel).bytes == pubrel.bytes);
    a.expect_nothing();
    a.pubcomp(id);
    a.drop();
    a.reconnect(lasting(version));
    a.expect_nothing();
  }
}

TEST_CASE("a PUBREC with an error ends the delivery: no PUBREL, nothing is sent again") {
  for (const int code : {0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99}) {
    const auto reason = static_cast<ReasonCode>(code);
    CAPTURE(reason);
    Broker broker;
    Client a(broker, Version::V5, "a", lasting(Version::V5));
    a.must_subscribe("t", kQoS2);
    a.must_publish("t", "x", kQoS2);
    a.pubrec(a.expect_publish("t", "x").packet_id, reason);
    a.expect_nothing();
    CHECK(broker.metrics.inflight_messages == 0);
    a.drop();
    a.reconnect(lasting(Version::V5));
    a.expect_nothing();
  }
}

TEST_CASE("a PUBREC with 0x10 is a good one") {
  Broker broker;
  Client a(broker, Version::V5, "a");
  a.must_subscribe("t", kQoS2);
  a.must_publish("t", "x", kQoS2);
  REQUIRE(a.expect_publish("t", "x").packet_id == 1);
  a.send_hex("50 03 00 01 10");
  a.expect_bytes("62 02 00 01");
}

TEST_CASE("a PUBREC that comes again is answered by PUBREL again") {
  for (const Version version : kAllVersions) {
    CAPTURE(version);
    Broker broker;
    Client a(broker, version, "a");
    a.must_subscribe("t", kQoS2);
    a.must_publish("t", "x", kQoS2);
    REQUIRE(a.expect_publish("t", "x").packet_id == 1);
    for (int i = 0; i < 3; ++i) {
      a.pubrec(1);
      a.expect_bytes("62 02 00 01");
    }
    a.pubcomp(1);
    CHECK(broker.metrics.inflight_messages == 0);
  }
}

TEST_CASE("an unknown PUBREC gets PUBREL and an unknown PUBREL gets PUBCOMP, 0x92 in 5.0") {
  for (const Version version : kAllVersions) {
    CAPTURE(version);
    const bool v5 = version == Version::V5;
    Broker broker;
    Client a(broker, version, "a");
    a.pubrec(0x1234);
    a.expect_bytes(v5 ? "62 03 12 34 92" : "62 02 12 34");
    a.pubrel(0x1234);
    a.expect_bytes(v5 ? "70 03 12 34 92" : "70 02 12 34");
    a.pubcomp(0x1234);
    a.expect_nothing();
    CHECK(broker.metrics[Cause::UnknownIdentifier] == 3);
  }
}

TEST_CASE(
    "PUBREL and PUBCOMP never have properties, so they fit the client's Maximum Packet Size "
    "[MQTT-3.6.2-1] [MQTT-3.6.2-2] [MQTT-3.6.2-3] [MQTT-3.7.2-1] [MQTT-3.7.2-2] [MQTT-3.7.2-3]") {
  // CONNACK must fit too, so the limit can't be as low as the size of these.
  for (const std::uint32_t limit : {0U, 30U, 1'000U}) {
    CAPTURE(limit);
    ConnectOptions options{.props = {.request_problem_information = 1}};
    if (limit > 0) options.props.maximum_packet_size = limit;
    Broker broker;
    Client a(broker, Version::V5, "a", options);
    a.must_subscribe("t", kQoS2);
    a.publish("t", "x", kQoS2, {.packet_id = 7});
    a.take(PacketType::Publish);
    a.expect_bytes("50 02 00 07");
    // What a client has to say in its packets is not sent back.
    const Properties chatty{.reason_string = "because", .user = {{"k", "v"}}};
    a.pubrel(7, ReasonCode::Success, chatty);
    a.expect_bytes("70 02 00 07");
    a.pubrel(7, ReasonCode::PacketIdentifierNotFound, chatty);
    a.expect_bytes("70 03 00 07 92");
    a.pubrec(1, ReasonCode::Success, chatty);
    a.expect_bytes("62 02 00 01");
    a.pubcomp(1, ReasonCode::Success, chatty);
    a.pubrec(1, ReasonCode::Success, chatty);
    a.expect_bytes("62 03 00 01 92");
  }
}

TEST_CASE("an acknowledgement of the wrong kind for an open identifier is a protocol error") {
  struct Vector {
    const char* name;
    QoS qos;
    bool received;  // after its PUBREC and PUBREL
    PacketType wrong;
  };
  constexpr Vector kVectors[] = {
      {"PUBREC for QoS 1", kQoS1, false, PacketType::Pubrec},
      {"PUBCOMP for QoS 1", kQoS1, false, PacketType::Pubcomp},
      {"PUBACK for QoS 2", kQoS2, false, PacketType::Puback},
      {"PUBCOMP before PUBREC", kQoS2, false, PacketType::Pubcomp},
      {"PUBACK after PUBREC", kQoS2, true, PacketType::Puback},
  };
  for (const Version version : kBothVersions) {
    for (const Vector& v : kVectors) {
      CAPTURE(version);
      CAPTURE(v.name);
      Broker broker;
      Client a(broker, version, "a");
      a.must_subscribe("t", v.qos);
      a.must_publish("t", "x", v.qos);
      const PacketIdentifier id = a.expect_publish("t", "x").packet_id;
      if (v.received) {
        a.pubrec(id);
        a.expect(PacketType::Pubrel);
      }
      a.send(ack_bytes(version, v.wrong, id));
      a.expect_disconnect(ReasonCode::ProtocolError);
    }
  }
}

}  // namespace
}  // namespace midge::test
