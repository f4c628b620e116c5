// What is sent again at a new connection (MQTT 5.0 and 3.1.1, section 4.4), both directions.
#include "tests/support/client.hpp"

namespace midge::test {
namespace {

const ConnectOptions kPersistent{.clean_start = false, .props = {.session_expiry_interval = 3'600}};

// A session with messages 1 to 4 in different states: 1 and 2 wait for their PUBACK and PUBREC, 3
// for its PUBCOMP, 4 for its PUBACK.
void open_four(Client& a, Client& publisher) {
  a.must_subscribe("t", kQoS2);
  publisher.must_publish("t", "1", kQoS1);
  publisher.must_publish("t", "2", kQoS2);
  publisher.must_publish("t", "3", kQoS2);
  publisher.must_publish("t", "4", kQoS1);
  for (const char* payload : {"1", "2", "3", "4"}) a.expect_publish("t", payload);
  a.pubrec(3);
  CHECK(a.expect(PacketType::Pubrel).packet_id == 3);
}

TEST_CASE(
    "a new connection of a session gets all that is open again, with its identifiers, DUP 1 and in "
    "order [MQTT-4.4.0-1] [MQTT-4.4.0-1@3.1.1] [MQTT-4.6.0-1] [MQTT-4.6.0-1@3.1.1]") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client publisher(broker, version, "publisher");
    Client a(broker, version, "a", kPersistent);
    open_four(a, publisher);
    for (int round = 0; round < 3; ++round) {
      CAPTURE(round);
      CHECK(a.reconnect(kPersistent).session_present);
      a.expect_bytes(version == Version::V5
                         ? "3a 07 00 01 74 00 01 00 31   3c 07 00 01 74 00 02 00 32   62 02 00 03"
                           "3a 07 00 01 74 00 04 00 34"
                         : "3a 06 00 01 74 00 01 31   3c 06 00 01 74 00 02 32   62 02 00 03"
                           "3a 06 00 01 74 00 04 34");
    }
    a.puback(1);
    a.pubrec(2);
    CHECK(a.expect(PacketType::Pubrel).packet_id == 2);
    a.pubcomp(2);
    a.pubcomp(3);
    a.puback(4);
    CHECK(a.reconnect(kPersistent).session_present);
    a.expect_nothing();
  }
}

TEST_CASE("nothing is sent again at another time [MQTT-4.4.0-1]") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client publisher(broker, version, "publisher");
    Client a(broker, version, "a", kPersistent);
    open_four(a, publisher);
    for (int i = 0; i < 100; ++i) {
      broker.advance(600s);
      a.ping();
      a.expect(PacketType::Pingresp);
      a.expect_nothing();
    }
  }
}

TEST_CASE("a new session gets nothing of the old one again [MQTT-4.4.0-1]") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client publisher(broker, version, "publisher");
    Client a(broker, version, "a", kPersistent);
    open_four(a, publisher);
    CHECK_FALSE(a.reconnect({.clean_start = true}).session_present);
    a.expect_nothing();
    // What belongs to the old session is unknown in the new one.
    a.pubrec(2);
    CHECK(a.expect(PacketType::Pubrel).packet_id == 2);
    a.puback(1);
    a.expect_nothing();
  }
}

TEST_CASE("messages that were never sent follow those that were, with DUP 0 [MQTT-4.4.0-1]") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client publisher(broker, version, "publisher");
    Client a(broker, version, "a", kPersistent);
    a.must_subscribe("t", kQoS1);
    publisher.must_publish("t", "1", kQoS1);
    a.expect_publish("t", "1");
    a.drop();
    publisher.must_publish("t", "2", kQoS1);
    a.reconnect(kPersistent);
    const Packet first = a.expect_publish("t", "1");
    CHECK(first.dup);
    CHECK(first.packet_id == 1);
    const Packet second = a.expect_publish("t", "2");
    CHECK_FALSE(second.dup);
    CHECK(second.packet_id == 2);
    a.expect_nothing();
  }
}

TEST_CASE("a message of which the client got a part only is sent again whole [MQTT-4.4.0-1]") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client publisher(broker, version, "publisher");
    Client a(broker, version, "a", kPersistent);
    a.must_subscribe("t", kQoS1);
    const std::string payload(100'000, 'x');
    a.link().stop_reading();
    a.link().options().client_window = 1'000;
    publisher.must_publish("t", payload, kQoS1);
    publisher.must_publish("t", "next", kQoS1);
    a.drop();
    broker.settle();
    a.reconnect(kPersistent);
    CHECK(a.expect_publish("t", payload).packet_id == 1);
    CHECK(a.expect_publish("t", "next").packet_id == 2);
  }
}

TEST_CASE("a take-over is a new connection of the session [MQTT-4.4.0-1] [MQTT-4.4.0-1@3.1.1]") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client publisher(broker, version, "publisher");
    Client a(broker, version, "a", kPersistent);
    open_four(a, publisher);
    Client second(broker, version);
    CHECK(second.must_connect("a", kPersistent).session_present);
    a.expect_disconnect(ReasonCode::SessionTakenOver);
    CHECK(second.expect_publish("t", "1").dup);
    CHECK(second.expect_publish("t", "2").dup);
    CHECK(second.expect(PacketType::Pubrel).packet_id == 3);
    CHECK(second.expect_publish("t", "4").dup);
    second.expect_nothing();
  }
}

TEST_CASE("a session goes on in the other version [MQTT-4.4.0-1] [MQTT-4.4.0-1@3.1.1]") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    const Version other = version == Version::V5 ? Version::V311 : Version::V5;
    Broker broker;
    Client publisher(broker, version, "publisher");
    Client a(broker, version, "a", kPersistent);
    open_four(a, publisher);
    a.drop();
    Client b(broker, other);
    CHECK(b.must_connect("a", kPersistent).session_present);
    CHECK(b.expect_publish("t", "1").packet_id == 1);
    CHECK(b.expect_publish("t", "2").packet_id == 2);
    CHECK(b.expect(PacketType::Pubrel).packet_id == 3);
    CHECK(b.expect_publish("t", "4").packet_id == 4);
  }
}

TEST_CASE("a PUBACK or PUBREC of 0x80 or above settles its PUBLISH [MQTT-4.4.0-2]") {
  Broker broker;
  Client publisher(broker, Version::V5, "publisher");
  Client a(broker, Version::V5, "a", kPersistent);
  a.must_subscribe("t", kQoS2);
  publisher.must_publish("t", "1", kQoS1);
  publisher.must_publish("t", "2", kQoS2);
  publisher.must_publish("t", "3", kQoS1);
  for (const char* payload : {"1", "2", "3"}) a.expect_publish("t", payload);
  a.send_hex("40 03 00 01 97");
  a.send_hex("50 03 00 02 80");
  a.expect_nothing();
  CHECK(a.reconnect(kPersistent).session_present);
  CHECK(a.expect_publish("t", "3").packet_id == 3);
  a.expect_nothing();
}

// ---- the client sends again

TEST_CASE(
    "a QoS 2 message that is sent again at a new connection is delivered once [MQTT-4.4.0-1] "
    "[MQTT-4.3.3-10] [MQTT-4.3.3-2@3.1.1]") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client watcher(broker, version, "watcher");
    watcher.must_subscribe("t");
    Client a(broker, version, "a", kPersistent);
    a.publish("t", "x", kQoS2, {.packet_id = PacketIdentifier{9}});
    watcher.expect_publish("t", "x");
    a.drop();  // the PUBREC is lost, as far as the broker can tell
    CHECK(a.reconnect(kPersistent).session_present);
    a.publish("t", "x", kQoS2, {.dup = true, .packet_id = PacketIdentifier{9}});
    CHECK(a.expect(PacketType::Pubrec).packet_id == 9);
    watcher.expect_nothing();
    a.drop();
    CHECK(a.reconnect(kPersistent).session_present);
    a.pubrel(9);
    CHECK(a.expect(PacketType::Pubcomp).reason == ReasonCode::Success);
    a.drop();
    CHECK(a.reconnect(kPersistent).session_present);
    a.pubrel(9);  // the PUBCOMP was lost
    CHECK(a.expect(PacketType::Pubcomp).packet_id == 9);
    a.publish("t", "y", kQoS2, {.packet_id = PacketIdentifier{9}});
    a.expect(PacketType::Pubrec);
    watcher.expect_publish("t", "y");
    watcher.expect_nothing();
  }
}

TEST_CASE("in a new session the identifiers of the old one are free") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client watcher(broker, version, "watcher");
    watcher.must_subscribe("t");
    Client a(broker, version, "a", kPersistent);
    a.publish("t", "x", kQoS2, {.packet_id = PacketIdentifier{9}});
    watcher.expect_publish("t", "x");
    CHECK_FALSE(a.reconnect({.clean_start = true}).session_present);
    a.publish("t", "x", kQoS2, {.dup = true, .packet_id = PacketIdentifier{9}});
    CHECK(a.expect(PacketType::Pubrec).packet_id == 9);
    watcher.expect_publish("t", "x");
  }
}

}  // namespace
}  // namespace midge::test
