// Packet identifiers (MQTT 5.0 section 2.2.1; 3.1.1 section 2.3.1).
#include <set>

#include "tests/support/client.hpp"

namespace midge::test {
namespace {

TEST_CASE(
    "packet identifier 0 is a protocol error [MQTT-2.2.1-3] [MQTT-2.2.1-4] [MQTT-2.3.1-1@3.1.1]") {
  struct Vector {
    const char* name;
    const char* v311;
    const char* v5;
  };
  constexpr Vector kVectors[] = {
      {"PUBLISH at QoS 1", "32 06 00 01 74 00 00 78", "32 07 00 01 74 00 00 00 78"},
      {"PUBLISH at QoS 2", "34 06 00 01 74 00 00 78", "34 07 00 01 74 00 00 00 78"},
      {"SUBSCRIBE", "82 06 00 00 00 01 74 00", "82 07 00 00 00 00 01 74 00"},
      {"UNSUBSCRIBE", "a2 05 00 00 00 01 74", "a2 06 00 00 00 00 01 74"},
  };
  for (const Version version : kBothVersions) {
    for (const Vector& v : kVectors) {
      CAPTURE(version);
      CAPTURE(v.name);
      Broker broker;
      Client watcher(broker, version, "watcher");
      watcher.must_subscribe("t");
      Client a(broker, version, "a");
      a.send_hex(version == Version::V5 ? v.v5 : v.v311);
      a.expect_disconnect(ReasonCode::ProtocolError);
      watcher.expect_nothing();
    }
  }
}

TEST_CASE("a QoS 0 PUBLISH has no packet identifier [MQTT-2.2.1-2] [MQTT-2.3.1-5@3.1.1]") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client a(broker, version, "a");
    a.must_subscribe("t", kQoS0);
    const bool v5 = version == Version::V5;
    // The two bytes behind the topic are payload (in 5.0 behind the empty property section).
    a.send_hex(v5 ? "30 06 00 01 74 00 00 07" : "30 05 00 01 74 00 07");
    a.expect_bytes(v5 ? "30 06 00 01 74 00 00 07" : "30 05 00 01 74 00 07");
    // A message that came with an identifier goes out at QoS 0 without one.
    a.send_hex(v5 ? "32 07 00 01 74 00 07 00 78" : "32 06 00 01 74 00 07 78");
    CHECK(a.take(PacketType::Puback).packet_id == 7);
    a.expect_bytes(v5 ? "30 05 00 01 74 00 78" : "30 04 00 01 74 78");
  }
}

TEST_CASE(
    "acknowledgements carry the identifier of their PUBLISH [MQTT-2.2.1-5] "
    "[MQTT-2.3.1-6@3.1.1]") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client a(broker, version, "a");
    a.must_subscribe("t", kQoS2);
    for (const int number : {1, 0x0102, 0x7FFF, 0x8000, 0xFFFF}) {
      CAPTURE(number);
      const auto id = static_cast<PacketIdentifier>(number);
      a.publish("u", "x", kQoS1, {.packet_id = id});
      CHECK(a.expect(PacketType::Puback).packet_id == id);
      a.publish("u", "x", kQoS2, {.packet_id = id});
      CHECK(a.expect(PacketType::Pubrec).packet_id == id);
      a.pubrel(id);
      CHECK(a.expect(PacketType::Pubcomp).packet_id == id);
      a.expect_nothing();
    }
    // The broker's PUBREL carries its own PUBLISH's.
    Client publisher(broker, version, "publisher");
    publisher.publish("t", "x", kQoS2, {.packet_id = PacketIdentifier{900}});
    const PacketIdentifier id = a.expect_publish("t", "x").packet_id;
    CHECK(id != 900);
    a.pubrec(id);
    CHECK(a.expect(PacketType::Pubrel).packet_id == id);
  }
}

TEST_CASE(
    "SUBACK and UNSUBACK carry the identifier of their request [MQTT-2.2.1-6] "
    "[MQTT-2.3.1-7@3.1.1]") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client a(broker, version, "a");
    for (const int number : {1, 0x0102, 0x7FFF, 0x8000, 0xFFFF}) {
      CAPTURE(number);
      const auto id = static_cast<PacketIdentifier>(number);
      a.subscribe("t", kQoS0, {.packet_id = id});
      CHECK(a.expect(PacketType::Suback).packet_id == id);
      a.send(unsubscribe_bytes(version, id, {"t"}));
      CHECK(a.expect(PacketType::Unsuback).packet_id == id);
    }
  }
}

TEST_CASE("the identifiers of the two directions have nothing to do with each other") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client a(broker, version, "a");
    a.must_subscribe("t", kQoS2, {.packet_id = PacketIdentifier{100}});
    // The client's own identifier 1 is open while the broker uses its first.
    a.publish("t", "x", kQoS2, {.packet_id = PacketIdentifier{1}});
    CHECK(a.take(PacketType::Pubrec).packet_id == 1);
    const Packet p = a.expect_publish("t", "x");
    CHECK(p.packet_id == 1);
    a.pubrec(1);
    CHECK(a.expect(PacketType::Pubrel).packet_id == 1);
    a.pubrel(1);
    CHECK(a.expect(PacketType::Pubcomp).packet_id == 1);
    a.pubcomp(1);
    a.expect_nothing();
  }
}

TEST_CASE("sessions have identifiers of their own") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client a(broker, version, "a");
    Client b(broker, version, "b");
    a.must_subscribe("t", kQoS1);
    b.must_subscribe("t", kQoS1);
    Client publisher(broker, version, "publisher");
    publisher.must_publish("t", "x", kQoS1);
    CHECK(a.expect_publish("t", "x").packet_id == 1);
    CHECK(b.expect_publish("t", "x").packet_id == 1);
    a.puback(1);
    b.puback(1);
  }
}

TEST_CASE(
    "every PUBLISH with QoS > 0 has an identifier that no open one of its session has "
    "[MQTT-2.2.1-4] [MQTT-2.3.1-4@3.1.1] [MQTT-2.3.1-1@3.1.1]") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client publisher(broker, version, "publisher");
    Client a(broker, version, "a");
    a.must_subscribe("t/#", kQoS2);
    std::set<PacketIdentifier> open;
    for (int i = 0; i < 20; ++i) publisher.must_publish("t/1", "x", i % 2 == 0 ? kQoS1 : kQoS2);
    for (const Packet& p : a.all()) {
      REQUIRE(p.type == PacketType::Publish);
      CHECK(p.packet_id != 0);
      CHECK(open.insert(p.packet_id).second);
      if (p.qos == kQoS2) a.pubrec(p.packet_id);  // open until its PUBCOMP
    }
    CHECK(open.size() == 20);
  }
}

// Sends `count` messages at QoS 1 to `subscriber`, each acknowledged at once.
void pass_messages(Client& publisher, Client& subscriber, int count, PacketIdentifier& last) {
  for (int i = 0; i < count; ++i) {
    publisher.publish("t", "x", kQoS1);
    publisher.take(PacketType::Puback);
    const Packet p = subscriber.expect_publish("t", "x");
    last = p.packet_id;
    subscriber.puback(last);
  }
}

TEST_CASE(
    "identifiers go on at 1 after 65535, never at 0 [MQTT-2.2.1-4] [MQTT-2.3.1-4@3.1.1] "
    "[MQTT-2.3.1-1@3.1.1]") {
  Broker broker;
  Client publisher(broker, Version::V311, "publisher");
  Client a(broker, Version::V311, "a");
  a.must_subscribe("t", kQoS1);
  PacketIdentifier last = 0;
  pass_messages(publisher, a, 65'535, last);
  CHECK(last == 65'535);
  pass_messages(publisher, a, 1, last);
  CHECK(last == 1);
}

TEST_CASE(
    "an identifier that is still open after 65535 others is passed by [MQTT-2.2.1-4] "
    "[MQTT-2.3.1-4@3.1.1]") {
  Broker broker;
  Client publisher(broker, Version::V311, "publisher");
  Client a(broker, Version::V311, "a");
  a.must_subscribe("t", kQoS1);
  a.must_subscribe("slow", kQoS2);
  PacketIdentifier last = 0;
  pass_messages(publisher, a, 2, last);
  publisher.must_publish("slow", "1", kQoS2);
  CHECK(a.expect_publish("slow", "1").packet_id == 3);
  pass_messages(publisher, a, 2, last);
  publisher.must_publish("slow", "2", kQoS2);
  CHECK(a.expect_publish("slow", "2").packet_id == 6);
  a.pubrec(6);
  a.expect(PacketType::Pubrel);
  pass_messages(publisher, a, 65'529, last);
  CHECK(last == 65'535);
  pass_messages(publisher, a, 2, last);
  CHECK(last == 2);
  pass_messages(publisher, a, 1, last);
  CHECK(last == 4);  // 3 waits for PUBREC
  pass_messages(publisher, a, 1, last);
  CHECK(last == 5);
  pass_messages(publisher, a, 1, last);
  CHECK(last == 7);  // 6 waits for PUBCOMP
  // And they are open still.
  a.pubcomp(6);
  a.pubrec(3);
  CHECK(a.expect(PacketType::Pubrel).packet_id == 3);
  a.pubcomp(3);
  a.expect_nothing();
}

TEST_CASE("an acknowledgement for an identifier that is not open, and 0") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    const bool v5 = version == Version::V5;
    Broker broker;
    Client a(broker, version, "a");
    a.send_hex("40 02 00 09");  // PUBACK: ignored
    a.expect_nothing();
    a.send_hex("70 02 00 09");  // PUBCOMP: ignored
    a.expect_nothing();
    a.send_hex("50 02 00 09");  // PUBREC: PUBREL, so that its sender can end
    a.expect_bytes(v5 ? "62 03 00 09 92" : "62 02 00 09");
    a.send_hex("62 02 00 09");  // PUBREL: PUBCOMP
    a.expect_bytes(v5 ? "70 03 00 09 92" : "70 02 00 09");
    a.expect_nothing();
  }
}

}  // namespace
}  // namespace midge::test
