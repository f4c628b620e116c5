// PUBLISH is answered as its QoS demands (MQTT 5.0 sections 3.3.4, 3.4 and 3.5; 3.1.1 section
// 3.3.4).
#include "tests/support/client.hpp"

namespace midge::test {
namespace {

TEST_CASE("a QoS 0 PUBLISH is not answered [MQTT-3.3.4-1] [MQTT-3.3.4-1@3.1.1]") {
  for (const Version version : kAllVersions) {
    CAPTURE(version);
    Broker broker;
    Client subscriber(broker, version, "subscriber");
    subscriber.must_subscribe("t");
    Client a(broker, version, "a");
    a.publish("t", "x");
    a.expect_nothing();
    subscriber.expect_publish("t", "x");
    a.publish("nobody", "x");
    a.expect_nothing();
  }
}

TEST_CASE(
    "a QoS 1 PUBLISH is answered by PUBACK with its identifier [MQTT-3.3.4-1] "
    "[MQTT-3.3.4-1@3.1.1]") {
  for (const Version version : kAllVersions) {
    CAPTURE(version);
    Broker broker;
    Client subscriber(broker, version, "subscriber");
    subscriber.must_subscribe("t", kQoS1);
    Client a(broker, version, "a");
    a.send_hex(version == Version::V5 ? "32 07 00 01 74 12 34 00 78" : "32 06 00 01 74 12 34 78");
    a.expect_bytes("40 02 12 34");
    // The largest identifier.
    a.send_hex(version == Version::V5 ? "32 07 00 01 74 ff ff 00 79" : "32 06 00 01 74 ff ff 79");
    a.expect_bytes("40 02 ff ff");
    subscriber.expect_publish("t", "x");
    subscriber.expect_publish("t", "y");
    subscriber.expect_nothing();
  }
}

TEST_CASE(
    "a QoS 2 PUBLISH is answered by PUBREC with its identifier, its PUBREL by PUBCOMP "
    "[MQTT-3.3.4-1] [MQTT-3.3.4-1@3.1.1]") {
  for (const Version version : kAllVersions) {
    CAPTURE(version);
    Broker broker;
    Client subscriber(broker, version, "subscriber");
    subscriber.must_subscribe("t", kQoS2);
    Client a(broker, version, "a");
    a.send_hex(version == Version::V5 ? "34 07 00 01 74 12 34 00 78" : "34 06 00 01 74 12 34 78");
    a.expect_bytes("50 02 12 34");
    a.send_hex("62 02 12 34");
    a.expect_bytes("70 02 12 34");
    subscriber.expect_publish("t", "x");
    subscriber.expect_nothing();
  }
}

TEST_CASE("each of several PUBLISHes in one piece is answered in order [MQTT-3.3.4-1]") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client subscriber(broker, version, "subscriber");
    subscriber.must_subscribe("t", kQoS2);
    Client a(broker, version, "a");
    a.together([&] {
      a.publish("t", "1", kQoS2, {.packet_id = 7});
      a.publish("t", "2", kQoS1, {.packet_id = 3});
      a.publish("t", "3", kQoS0);
      a.publish("t", "4", kQoS1, {.packet_id = 9});
      a.ping();
      a.publish("t", "5", kQoS2, {.packet_id = 8});
    });
    a.take(PacketType::Pingresp);  // whose place is free
    a.expect_bytes("50 02 00 07 40 02 00 03 40 02 00 09 50 02 00 08");
    for (const char* payload : {"1", "2", "3", "4", "5"}) subscriber.expect_publish("t", payload);
  }
}

TEST_CASE("PUBACK says 0x10 when nobody has subscribed, before 5.0 it is an ordinary one") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client other(broker, version, "other");
    other.must_subscribe("other");
    Client a(broker, version, "a");
    a.publish("t", "x", kQoS1, {.packet_id = 7});
    a.expect_bytes(version == Version::V5 ? "40 03 00 07 10" : "40 02 00 07");
    // A retained message is stored all the same.
    a.publish("t", "y", kQoS1, {.retain = true, .packet_id = 8});
    a.expect_bytes(version == Version::V5 ? "40 03 00 08 10" : "40 02 00 08");
    CHECK(broker.metrics.retained_messages == 1);
    // A session without a connection counts as somebody.
    ConnectOptions lasting{.clean_start = false};
    if (version == Version::V5) lasting.props.session_expiry_interval = 100;
    Client absent(broker, version, "absent", lasting);
    absent.must_subscribe("t", kQoS1);
    absent.drop();
    a.publish("t", "z", kQoS1, {.packet_id = 9});
    a.expect_bytes("40 02 00 09");
    other.expect_nothing();
  }
}

TEST_CASE("an identifier is free again after PUBACK and PUBCOMP") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client subscriber(broker, version, "subscriber");
    subscriber.must_subscribe("t");
    Client a(broker, version, "a");
    for (const char* payload : {"1", "2", "3"}) {
      a.publish("t", payload, kQoS1, {.packet_id = 5});
      a.expect_bytes("40 02 00 05");
      subscriber.expect_publish("t", payload);
      a.publish("t", payload, kQoS2, {.packet_id = 5});
      a.expect_bytes("50 02 00 05");
      a.pubrel(5);
      a.expect_bytes("70 02 00 05");
      subscriber.expect_publish("t", payload);
    }
    subscriber.expect_nothing();
  }
}

TEST_CASE("a PUBLISH with an empty payload is a message like others") {
  for (const Version version : kAllVersions) {
    CAPTURE(version);
    Broker broker;
    Client a(broker, version, "a");
    a.must_subscribe("t");
    a.send_hex(version == Version::V5 ? "30 04 00 01 74 00" : "30 03 00 01 74");
    a.expect_bytes(version == Version::V5 ? "30 04 00 01 74 00" : "30 03 00 01 74");
  }
}

TEST_CASE("QoS 0 with a packet identifier, or above without one, can't be: the field is payload") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client a(broker, version, "a");
    a.must_subscribe("t");
    if (version == Version::V5) {
      a.send_hex("30 06 00 01 74 00 00 07");  // no properties, then two bytes of payload
      a.expect_bytes("30 06 00 01 74 00 00 07");
    } else {
      a.send_hex("30 05 00 01 74 00 07");
      a.expect_bytes("30 05 00 01 74 00 07");
    }
    a.send_hex("32 03 00 01 74");  // QoS 1, and the packet ends where the identifier should be
    a.expect_disconnect(ReasonCode::MalformedPacket);
  }
}

TEST_CASE("packet identifier 0 is a protocol error") {
  for (const Version version : kBothVersions) {
    for (const char* first : {"32", "34"}) {
      CAPTURE(version);
      CAPTURE(first);
      Broker broker;
      Client a(broker, version, "a");
      a.send_hex(std::string(first) +
                 (version == Version::V5 ? " 07 00 01 74 00 00 00 78" : " 06 00 01 74 00 00 78"));
      a.expect_disconnect(ReasonCode::ProtocolError);
    }
  }
}

}  // namespace
}  // namespace midge::test
