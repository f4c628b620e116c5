// Delivery at QoS 2 (MQTT 5.0 and 3.1.1, section 4.3.3), both directions. What happens at a new
// connection is in qos_resend.cpp.
#include "tests/support/client.hpp"

namespace midge::test {
namespace {

const ConnectOptions kPersistent{.clean_start = false, .props = {.session_expiry_interval = 3'600}};

// ---- the broker sends

TEST_CASE(
    "a new message goes out with an identifier that is free and with DUP 0 [MQTT-4.3.3-1] "
    "[MQTT-4.3.3-2] [MQTT-4.3.3-1@3.1.1]") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    const bool v5 = version == Version::V5;
    Broker broker;
    Client a(broker, version, "a");
    a.must_subscribe("t", kQoS2);
    Client publisher(broker, version, "publisher");
    publisher.send_hex(v5 ? "34 07 00 01 74 00 09 00 78" : "34 06 00 01 74 00 09 78");
    a.expect_bytes(v5 ? "34 07 00 01 74 00 01 00 78" : "34 06 00 01 74 00 01 78");
    // The publisher's DUP says nothing about the broker's own first sending; 1 is open.
    publisher.send_hex(v5 ? "3c 07 00 01 74 00 0a 00 78" : "3c 06 00 01 74 00 0a 78");
    a.expect_bytes(v5 ? "34 07 00 01 74 00 02 00 78" : "34 06 00 01 74 00 02 78");
    // With its PUBREC 1 is no less open.
    a.pubrec(1);
    CHECK(a.expect(PacketType::Pubrel).packet_id == 1);
    publisher.publish("t", "x", kQoS2, {.packet_id = PacketIdentifier{11}});
    CHECK(a.expect_publish("t", "x").packet_id > 2);
  }
}

TEST_CASE(
    "PUBREC is answered by PUBREL with the same identifier, and nothing but PUBCOMP ends it "
    "[MQTT-4.3.3-3] [MQTT-4.3.3-4] [MQTT-4.3.3-5] [MQTT-4.3.3-6] [MQTT-4.3.3-1@3.1.1]") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client a(broker, version, "a", kPersistent);
    a.must_subscribe("t", kQoS2);
    Client publisher(broker, version, "publisher");
    publisher.must_publish("t", "x", kQoS2);
    CHECK(a.expect_publish("t", "x").packet_id == 1);
    a.reconnect(kPersistent);
    CHECK(a.expect_publish("t", "x").packet_id == 1);  // open until PUBREC
    a.send_hex("50 02 00 01");
    a.expect_bytes("62 02 00 01");
    a.reconnect(kPersistent);
    a.expect_bytes("62 02 00 01");  // the PUBREL, no PUBLISH, until PUBCOMP
    a.send_hex("50 02 00 01");      // as does a client that has forgotten its PUBREL
    a.expect_bytes("62 02 00 01");
    a.send_hex("70 02 00 01");
    a.expect_bytes("");
    a.reconnect(kPersistent);
    a.expect_nothing();
  }
}

TEST_CASE("any PUBREC below 0x80 is answered by PUBREL [MQTT-4.3.3-4]") {
  Broker broker;
  Client a(broker, Version::V5, "a");
  a.must_subscribe("t", kQoS2);
  Client publisher(broker, Version::V5, "publisher");
  publisher.must_publish("t", "x", kQoS2);
  a.expect_publish("t", "x");
  a.send_hex("50 03 00 01 10");  // No matching subscribers
  a.expect_bytes("62 02 00 01");
}

TEST_CASE(
    "a PUBREC of 0x80 or above ends the message: no PUBREL, and its identifier is free "
    "[MQTT-4.3.3-9] [MQTT-4.3.3-4]") {
  for (const char* bytes :
       {"50 03 00 01 80", "50 03 00 01 83", "50 03 00 01 87", "50 03 00 01 97"}) {
    CAPTURE(bytes);
    Broker broker;
    Client a(
        broker, Version::V5, "a",
        {.clean_start = false, .props = {.session_expiry_interval = 3'600, .receive_maximum = 1}});
    a.must_subscribe("t", kQoS2);
    Client publisher(broker, Version::V5, "publisher");
    publisher.must_publish("t", "1", kQoS2);
    publisher.must_publish("t", "2", kQoS2);
    CHECK(a.expect_publish("t", "1").packet_id == 1);
    a.expect_nothing();
    a.send_hex(bytes);
    a.expect_publish("t", "2");  // it has left the window
    a.expect_nothing();
    a.send_hex("50 02 00 01");
    a.expect_bytes("62 03 00 01 92");  // nothing is open under 1
    a.reconnect(kPersistent);
    CHECK(a.expect_publish("t", "2").dup);
    a.expect_nothing();
  }
}

TEST_CASE("what belongs to another step is a protocol error [MQTT-4.3.3-3] [MQTT-4.3.3-5]") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client publisher(broker, version, "publisher");
    const auto with_open_message = [&](Client& a, bool released) {
      a.must_subscribe("t", kQoS2);
      publisher.must_publish("t", "x", kQoS2);
      a.expect_publish("t", "x");
      if (!released) return;
      a.pubrec(1);
      a.expect(PacketType::Pubrel);
    };
    {
      Client a(broker, version, "a");
      with_open_message(a, false);
      a.send_hex("40 02 00 01");  // PUBACK
      a.expect_disconnect(ReasonCode::ProtocolError);
    }
    {
      Client a(broker, version, "a");
      with_open_message(a, false);
      a.send_hex("70 02 00 01");  // PUBCOMP before PUBREC
      a.expect_disconnect(ReasonCode::ProtocolError);
    }
    {
      Client a(broker, version, "a");
      with_open_message(a, true);
      a.send_hex("40 02 00 01");  // PUBACK after PUBREC
      a.expect_disconnect(ReasonCode::ProtocolError);
    }
  }
}

TEST_CASE(
    "what was sent does not expire: the handshake goes on to its end [MQTT-4.3.3-7] "
    "[MQTT-4.3.3-13]") {
  Broker broker;
  Client a(broker, Version::V5, "a", kPersistent);
  a.must_subscribe("t", kQoS2);
  Client publisher(broker, Version::V5, "publisher");
  publisher.must_publish("t", "1", kQoS2, {.props = {.message_expiry_interval = 2}});
  publisher.must_publish("t", "2", kQoS2, {.props = {.message_expiry_interval = 2}});
  a.expect_publish("t", "1");
  a.expect_publish("t", "2");
  broker.advance(10s);
  a.pubrec(1);
  CHECK(a.expect(PacketType::Pubrel).packet_id == 1);
  a.reconnect(kPersistent);
  // In the order of the PUBLISHes; the second is not given up for its age.
  CHECK(a.expect(PacketType::Pubrel).packet_id == 1);
  const Packet again = a.expect_publish("t", "2");
  CHECK(again.packet_id == 2);
  CHECK(again.dup);
  a.pubcomp(1);
  a.answer(again);
  a.expect_nothing();
}

// ---- the broker receives

TEST_CASE(
    "PUBREC says that the message is the broker's own from then on [MQTT-4.3.3-8] "
    "[MQTT-4.3.3-2@3.1.1]") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    const bool v5 = version == Version::V5;
    Broker broker;
    Client away(broker, version, "away", kPersistent);
    away.must_subscribe("t", kQoS2);
    away.drop();
    Client publisher(broker, version, "publisher");
    publisher.send_hex(v5 ? "34 07 00 01 74 00 09 00 78" : "34 06 00 01 74 00 09 78");
    publisher.expect_bytes("50 02 00 09");
    publisher.drop();  // its session ends; no PUBREL ever comes
    CHECK(away.reconnect(kPersistent).session_present);
    away.expect_publish("t", "x");
  }
}

TEST_CASE(
    "until PUBREL a PUBLISH with the same identifier is a duplicate: PUBREC, and no second "
    "delivery [MQTT-4.3.3-10] [MQTT-4.3.3-2@3.1.1]") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client a(broker, version, "a");
    a.must_subscribe("t");
    Client publisher(broker, version, "publisher");
    publisher.publish("t", "x", kQoS2, {.packet_id = PacketIdentifier{9}});
    CHECK(publisher.expect(PacketType::Pubrec).packet_id == 9);
    a.expect_publish("t", "x");
    for (const bool dup : {true, false, true}) {
      CAPTURE(dup);
      publisher.publish("t", "x", kQoS2, {.dup = dup, .packet_id = PacketIdentifier{9}});
      const Packet pubrec = publisher.expect(PacketType::Pubrec);
      CHECK(pubrec.packet_id == 9);
      CHECK_FALSE(wire::is_error(pubrec.reason));
      publisher.expect_nothing();
      a.expect_nothing();
    }
    publisher.pubrel(9);
    CHECK(publisher.expect(PacketType::Pubcomp).reason == ReasonCode::Success);
    a.expect_nothing();
  }
}

TEST_CASE("two copies of a PUBLISH in one piece are delivered once [MQTT-4.3.3-10]") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client a(broker, version, "a");
    a.must_subscribe("t");
    Client publisher(broker, version, "publisher");
    publisher.together([&] {
      publisher.publish("t", "x", kQoS2, {.packet_id = PacketIdentifier{9}});
      publisher.publish("t", "x", kQoS2, {.dup = true, .packet_id = PacketIdentifier{9}});
    });
    CHECK(publisher.expect(PacketType::Pubrec).packet_id == 9);
    CHECK(publisher.expect(PacketType::Pubrec).packet_id == 9);
    publisher.expect_nothing();
    a.expect_publish("t", "x");
    a.expect_nothing();
  }
}

TEST_CASE(
    "PUBREL is answered by PUBCOMP with the same identifier, which then means a new message "
    "[MQTT-4.3.3-11] [MQTT-4.3.3-12] [MQTT-4.3.3-2@3.1.1]") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client a(broker, version, "a");
    a.must_subscribe("t");
    Client publisher(broker, version, "publisher");
    for (const bool dup : {false, false, true}) {
      CAPTURE(dup);
      publisher.publish("t", "x", kQoS2, {.dup = dup, .packet_id = PacketIdentifier{0x0908}});
      publisher.expect_bytes("50 02 09 08");
      publisher.send_hex("62 02 09 08");
      publisher.expect_bytes("70 02 09 08");
      a.expect_publish("t", "x");
      a.expect_nothing();
    }
  }
}

TEST_CASE(
    "after a PUBREC of 0x80 or above the identifier is free for a new message "
    "[MQTT-4.3.3-9]") {
  Broker broker;
  broker.authorizer.deny_publish("secret");
  Client a(broker, Version::V5, "a");
  a.must_subscribe("t");
  Client publisher(broker, Version::V5, "publisher");
  publisher.publish("secret", "x", kQoS2, {.packet_id = PacketIdentifier{9}});
  CHECK(publisher.expect(PacketType::Pubrec).reason == ReasonCode::NotAuthorized);
  publisher.publish("t", "x", kQoS2, {.packet_id = PacketIdentifier{9}});
  CHECK(publisher.expect(PacketType::Pubrec).reason == ReasonCode::Success);
  a.expect_publish("t", "x");
  publisher.pubrel(9);
  CHECK(publisher.expect(PacketType::Pubcomp).reason == ReasonCode::Success);
  // And a PUBREL for a message that was refused belongs to nothing.
  publisher.publish("secret", "x", kQoS2, {.packet_id = PacketIdentifier{10}});
  CHECK(publisher.expect(PacketType::Pubrec).reason == ReasonCode::NotAuthorized);
  publisher.pubrel(10);
  CHECK(publisher.expect(PacketType::Pubcomp).reason == ReasonCode::PacketIdentifierNotFound);
}

TEST_CASE("the handshake goes on for a message that has expired [MQTT-4.3.3-13]") {
  Broker broker;
  Client publisher(broker, Version::V5, "publisher");
  Client away(broker, Version::V5, "away", kPersistent);
  away.must_subscribe("t", kQoS2);
  away.drop();
  publisher.publish("t", "x", kQoS2,
                    {.packet_id = PacketIdentifier{9}, .props = {.message_expiry_interval = 1}});
  publisher.expect_bytes("50 02 00 09");
  broker.advance(10s);
  publisher.publish(
      "t", "x", kQoS2,
      {.dup = true, .packet_id = PacketIdentifier{9}, .props = {.message_expiry_interval = 1}});
  publisher.expect_bytes("50 02 00 09");
  publisher.send_hex("62 02 00 09");
  publisher.expect_bytes("70 02 00 09");
  away.reconnect(kPersistent);
  away.expect_nothing();
}

TEST_CASE("an identifier can't be open as QoS 1 and QoS 2 at a time but is told apart") {
  // The spec has one space of identifiers; a client that reuses an open one at another QoS is
  // wrong, and the broker neither loses its state nor delivers twice.
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client a(broker, version, "a");
    a.must_subscribe("t");
    Client publisher(broker, version, "publisher");
    publisher.publish("t", "2", kQoS2, {.packet_id = PacketIdentifier{9}});
    publisher.expect(PacketType::Pubrec);
    a.expect_publish("t", "2");
    publisher.publish("t", "1", kQoS1, {.packet_id = PacketIdentifier{9}});
    publisher.expect(PacketType::Puback);
    a.expect_publish("t", "1");
    publisher.publish("t", "2", kQoS2, {.dup = true, .packet_id = PacketIdentifier{9}});
    publisher.expect(PacketType::Pubrec);
    a.expect_nothing();
  }
}

}  // namespace
}  // namespace midge::test
