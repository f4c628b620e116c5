// Delivery at QoS 1 (MQTT 5.0 and 3.1.1, section 4.3.2), both directions. What happens at a new
// connection is in qos_resend.cpp.
#include "tests/support/client.hpp"

namespace midge::test {
namespace {

const ConnectOptions kPersistent{.clean_start = false, .props = {.session_expiry_interval = 3'600}};

// ---- the broker sends

TEST_CASE(
    "a new message goes out with an identifier that is free and with DUP 0 [MQTT-4.3.2-1] "
    "[MQTT-4.3.2-2] [MQTT-4.3.2-1@3.1.1]") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    const bool v5 = version == Version::V5;
    Broker broker;
    Client a(broker, version, "a");
    a.must_subscribe("t", kQoS1);
    Client publisher(broker, version, "publisher");
    publisher.send_hex(v5 ? "32 07 00 01 74 00 09 00 78" : "32 06 00 01 74 00 09 78");
    a.expect_bytes(v5 ? "32 07 00 01 74 00 01 00 78" : "32 06 00 01 74 00 01 78");
    // The publisher's DUP says nothing about the broker's own first sending; 1 is open.
    publisher.send_hex(v5 ? "3a 07 00 01 74 00 09 00 78" : "3a 06 00 01 74 00 09 78");
    a.expect_bytes(v5 ? "32 07 00 01 74 00 02 00 78" : "32 06 00 01 74 00 02 78");
    // 1 is free again, 2 is not.
    a.puback(1);
    publisher.publish("t", "x", kQoS1);
    CHECK(a.expect_publish("t", "x").packet_id != 2);
  }
}

TEST_CASE("a message is open until its PUBACK [MQTT-4.3.2-3] [MQTT-4.3.2-1@3.1.1]") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client a(broker, version, "a", kPersistent);
    a.must_subscribe("t", kQoS1);
    Client publisher(broker, version, "publisher");
    publisher.must_publish("t", "1", kQoS1);
    publisher.must_publish("t", "2", kQoS1);
    const Packet first = a.expect_publish("t", "1");
    const Packet second = a.expect_publish("t", "2");
    broker.advance(3'600s);
    a.puback(second.packet_id);
    a.drop();
    CHECK(a.reconnect(kPersistent).session_present);
    CHECK(a.expect_publish("t", "1").packet_id == first.packet_id);
    a.expect_nothing();
    a.puback(first.packet_id);
    CHECK(a.reconnect(kPersistent).session_present);
    a.expect_nothing();
  }
}

TEST_CASE("an open message can't be ended by what belongs to QoS 2") {
  for (const Version version : kBothVersions) {
    for (const char* bytes : {"50 02 00 01", "70 02 00 01"}) {
      CAPTURE(version);
      CAPTURE(bytes);
      Broker broker;
      Client a(broker, version, "a", kPersistent);
      a.must_subscribe("t", kQoS1);
      Client publisher(broker, version, "publisher");
      publisher.must_publish("t", "x", kQoS1);
      CHECK(a.expect_publish("t", "x").packet_id == 1);
      a.send_hex(bytes);
      a.expect_disconnect(ReasonCode::ProtocolError);
      a.reconnect(kPersistent);
      CHECK(a.expect_publish("t", "x").packet_id == 1);  // it is open still
    }
  }
}

TEST_CASE("messages are sent without waiting for the PUBACK of earlier ones") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client a(broker, version, "a");
    a.must_subscribe("t", kQoS1);
    Client publisher(broker, version, "publisher");
    for (int i = 0; i < 20; ++i) publisher.must_publish("t", std::to_string(i), kQoS1);
    for (int i = 0; i < 20; ++i) a.expect_publish("t", std::to_string(i));
    // Acknowledged in any order.
    for (PacketIdentifier id = 20; id >= 1; --id) a.puback(id);
    a.expect_nothing();
  }
}

// ---- the broker receives

TEST_CASE(
    "PUBACK says that the message is the broker's own from then on [MQTT-4.3.2-4] "
    "[MQTT-4.3.2-2@3.1.1]") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    const bool v5 = version == Version::V5;
    Broker broker;
    Client away(broker, version, "away", kPersistent);
    away.must_subscribe("t", kQoS1);
    away.drop();
    Client publisher(broker, version, "publisher");
    publisher.send_hex(v5 ? "32 07 00 01 74 00 09 00 78" : "32 06 00 01 74 00 09 78");
    publisher.expect_bytes("40 02 00 09");
    publisher.drop();
    CHECK(away.reconnect(kPersistent).session_present);
    away.expect_publish("t", "x");
  }
}

TEST_CASE("PUBACK says in 5.0 when nobody has subscribed") {
  Broker broker;
  Client a(broker, Version::V5, "a");
  a.send_hex("32 07 00 01 74 00 09 00 78");
  a.expect_bytes("40 03 00 09 10");
  a.must_subscribe("t");
  a.send_hex("32 07 00 01 74 00 09 00 78");
  CHECK(a.take(PacketType::Puback).bytes == hex("40 02 00 09"));
  a.expect_publish("t", "x");
}

TEST_CASE(
    "after PUBACK the same identifier is a new message, whatever DUP says [MQTT-4.3.2-5] "
    "[MQTT-4.3.2-2@3.1.1]") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client a(broker, version, "a");
    a.must_subscribe("t");
    Client publisher(broker, version, "publisher");
    for (const bool dup : {false, false, true, true}) {
      CAPTURE(dup);
      publisher.publish("t", "x", kQoS1, {.dup = dup, .packet_id = PacketIdentifier{9}});
      CHECK(publisher.expect(PacketType::Puback).packet_id == 9);
      publisher.expect_nothing();
      a.expect_publish("t", "x");
      a.expect_nothing();
    }
  }
}

TEST_CASE("a PUBLISH of which the end never came is not delivered") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    const bool v5 = version == Version::V5;
    Broker broker;
    Client a(broker, version, "a");
    a.must_subscribe("t");
    Client publisher(broker, version, "publisher");
    publisher.send_hex(v5 ? "32 07 00 01 74 00 09 00" : "32 06 00 01 74 00 09");
    publisher.expect_nothing();
    publisher.drop();
    a.expect_nothing();
  }
}

}  // namespace
}  // namespace midge::test
