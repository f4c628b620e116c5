// The format of packets (MQTT 5.0 sections 2.1 and 2.2.2; 3.1.1 section 2.2): fixed header flags
// and where a property section may be left out.
#include "tests/support/client.hpp"

namespace midge::test {
namespace {

// A packet that a client may send on an open connection, right but for the flags in its first byte.
struct Right {
  const char* name;
  int first_byte;
  const char* v311;  // what follows it; null: 3.1.1 has no such packet
  const char* v5;
};
constexpr Right kRight[] = {
    {"PUBACK", 0x40, "02 00 07", "02 00 07"},
    {"PUBREC", 0x50, "02 00 07", "02 00 07"},
    {"PUBREL", 0x62, "02 00 07", "02 00 07"},
    {"PUBCOMP", 0x70, "02 00 07", "02 00 07"},
    {"SUBSCRIBE", 0x82, "06 00 07 00 01 74 00", "07 00 07 00 00 01 74 00"},
    {"UNSUBSCRIBE", 0xA2, "05 00 07 00 01 74", "06 00 07 00 00 01 74"},
    {"PINGREQ", 0xC0, "00", "00"},
    {"DISCONNECT", 0xE0, "00", "00"},
};

ByteVector with_first_byte(int first_byte, const char* rest) {
  ByteVector bytes = {static_cast<std::uint8_t>(first_byte)};
  const ByteVector tail = hex(rest);
  bytes.insert(bytes.end(), tail.begin(), tail.end());
  return bytes;
}

TEST_CASE(
    "a packet with other flags than its type has is malformed [MQTT-2.1.3-1] "
    "[MQTT-2.2.2-2@3.1.1]") {
  for (const Version version : kBothVersions) {
    for (const Right& right : kRight) {
      for (int flags = 0; flags < 16; ++flags) {
        CAPTURE(version);
        CAPTURE(right.name);
        CAPTURE(flags);
        Broker broker;
        Client a(broker, version, "a");
        const int first_byte = (right.first_byte & 0xF0) | flags;
        a.send(with_first_byte(first_byte, version == Version::V5 ? right.v5 : right.v311));
        if (first_byte != right.first_byte) {
          a.expect_disconnect(ReasonCode::MalformedPacket);
        } else if (right.first_byte != 0xE0) {
          (void)a.all();
          a.expect_nothing();
        } else {
          a.expect_closed();  // a DISCONNECT as it has to be: no answer
        }
      }
    }
  }
}

TEST_CASE("an AUTH with a flag is malformed before it is out of place [MQTT-2.1.3-1]") {
  Broker broker;
  Client right(broker, Version::V5, "right");
  right.send_hex("f0 00");
  right.expect_disconnect(ReasonCode::ProtocolError);
  for (const char* bytes : {"f1 00", "f2 00", "f4 00", "f8 00"}) {
    CAPTURE(bytes);
    Client wrong(broker, Version::V5, "wrong");
    wrong.send_hex(bytes);
    wrong.expect_disconnect(ReasonCode::MalformedPacket);
  }
}

TEST_CASE("a CONNECT with a flag is refused [MQTT-2.1.3-1] [MQTT-2.2.2-2@3.1.1]") {
  for (int flags = 1; flags < 16; ++flags) {
    CAPTURE(flags);
    Broker broker;
    Client v311(broker, Version::V311);
    v311.send(with_first_byte(0x10 | flags, "0d 00 04 4d 51 54 54 04 02 00 00 00 01 61"));
    v311.expect_closed();
    Client v5(broker, Version::V5);
    v5.send(with_first_byte(0x10 | flags, "0e 00 04 4d 51 54 54 05 02 00 00 00 00 01 61"));
    v5.expect_refused(ReasonCode::MalformedPacket, std::nullopt);
  }
}

TEST_CASE("the two packet types that don't exist are refused [MQTT-2.1.3-1] [MQTT-2.2.2-2@3.1.1]") {
  Broker broker;
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Client zero(broker, version, "a");
    zero.send_hex("00 00");
    zero.expect_disconnect(ReasonCode::MalformedPacket);
  }
  Client fifteen(broker, Version::V311, "a");
  fifteen.send_hex("f0 00");
  fifteen.expect_closed();
}

TEST_CASE(
    "every packet of the broker has the flags of its type [MQTT-2.1.3-1] [MQTT-2.2.2-1@3.1.1]") {
  Broker broker;
  Client publisher(broker, Version::V311, "publisher");
  Client a(broker, Version::V311);
  a.send_hex("10 0d 00 04 4d 51 54 54 04 02 00 00 00 01 61");
  a.expect_bytes("20 02 00 00");
  a.send_hex("82 06 00 01 00 01 74 02");
  a.expect_bytes("90 03 00 01 02");
  publisher.publish("t", "x", kQoS2);
  a.expect_bytes("34 06 00 01 74 00 01 78");
  a.send_hex("50 02 00 01");
  a.expect_bytes("62 02 00 01");
  a.send_hex("70 02 00 01");
  a.expect_bytes("");
  a.send_hex("34 06 00 01 75 00 02 78");
  a.expect_bytes("50 02 00 02");
  a.send_hex("62 02 00 02");
  a.expect_bytes("70 02 00 02");
  a.send_hex("32 06 00 01 75 00 03 78");
  a.expect_bytes("40 02 00 03");
  a.send_hex("a2 05 00 04 00 01 74");
  a.expect_bytes("b0 02 00 04");
  a.send_hex("c0 00");
  a.expect_bytes("d0 00");
}

TEST_CASE(
    "every packet of the broker has its flags, and a length for its properties where they may not "
    "be left out [MQTT-2.1.3-1] [MQTT-2.2.2-1]") {
  Broker broker;
  Client publisher(broker, Version::V5, "publisher");
  Client a(broker, Version::V5);
  a.send_hex("10 0e 00 04 4d 51 54 54 05 02 00 00 00 00 01 61");
  a.expect_bytes("20 0e 00 00 0b 22 00 0a 27 00 1e 84 80 21 00 14");
  a.send_hex("82 07 00 01 00 00 01 74 02");
  a.expect_bytes("90 04 00 01 00 02");
  publisher.publish("t", "x", kQoS2);
  a.expect_bytes("34 07 00 01 74 00 01 00 78");
  a.send_hex("50 02 00 01");
  a.expect_bytes("62 02 00 01");
  a.send_hex("70 02 00 01");
  a.expect_bytes("");
  a.send_hex("34 07 00 01 75 00 02 00 78");
  a.expect_bytes("50 03 00 02 10");
  a.send_hex("62 02 00 02");
  a.expect_bytes("70 02 00 02");
  a.send_hex("32 07 00 01 75 00 03 00 78");
  a.expect_bytes("40 03 00 03 10");
  a.send_hex("a2 06 00 04 00 00 01 74");
  a.expect_bytes("b0 04 00 04 00 00");
  a.send_hex("c0 00");
  a.expect_bytes("d0 00");
  a.send_hex("c1 00");
  a.expect_bytes("e0 01 81");
}

TEST_CASE("a CONNACK without any property has a length of 0 for them [MQTT-2.2.2-1]") {
  Broker broker;
  broker.listener.max_topic_alias = 0;
  broker.limits.packet_bytes = 268'435'460;  // what the format allows, so nothing to say
  broker.limits.inflight_messages = 0;       // 65,535, likewise
  Client a(broker, Version::V5);
  a.send_hex("10 0e 00 04 4d 51 54 54 05 02 00 00 00 00 01 61");
  a.expect_bytes("20 03 00 00 00");
  Client refused(broker, Version::V5);
  refused.send_hex("10 0e 00 04 4d 51 54 54 05 03 00 00 00 00 01 62");  // the reserved flag
  refused.expect_bytes("20 03 00 81 00");
}

TEST_CASE("an acknowledgement may end before its reason code or its properties [MQTT-2.2.2-1]") {
  struct Vector {
    const char* name;
    const char* bytes;
    const char* answer;
  };
  constexpr Vector kVectors[] = {
      {"PUBACK: identifier", "40 02 00 01", ""},
      {"PUBACK: identifier and reason", "40 03 00 01 00", ""},
      {"PUBACK: all of it", "40 04 00 01 00 00", ""},
      {"PUBREC: identifier", "50 02 00 02", "62 02 00 02"},
      {"PUBREC: identifier and reason", "50 03 00 02 00", "62 02 00 02"},
      {"PUBREC: all of it", "50 04 00 02 00 00", "62 02 00 02"},
      {"PUBREL: identifier", "62 02 00 07", "70 02 00 07"},
      {"PUBREL: identifier and reason", "62 03 00 07 00", "70 02 00 07"},
      {"PUBREL: all of it", "62 04 00 07 00 00", "70 02 00 07"},
      {"PUBCOMP: identifier", "70 02 00 03", ""},
      {"PUBCOMP: identifier and reason", "70 03 00 03 00", ""},
      {"PUBCOMP: all of it", "70 04 00 03 00 00", ""},
  };
  for (const Vector& v : kVectors) {
    CAPTURE(v.name);
    Broker broker;
    Client publisher(broker, Version::V311, "publisher");
    Client a(broker, Version::V5, "a", {.props = {.receive_maximum = 3}});
    a.must_subscribe("t/#", kQoS2);
    // Identifier 1 waits for PUBACK, 2 for PUBREC, 3 for PUBCOMP; 7 of ours for PUBREL.
    publisher.must_publish("t/1", "x", kQoS1);
    publisher.must_publish("t/2", "x", kQoS2);
    publisher.must_publish("t/3", "x", kQoS2);
    a.pubrec(3);
    a.publish("u", "x", kQoS2, {.packet_id = PacketIdentifier{7}});
    (void)a.all();
    a.send_hex(v.bytes);
    a.expect_bytes(v.answer);
    a.expect_nothing();
    // What is over has left the window, which the other two fill.
    const bool frees = v.bytes[0] == '4' || v.bytes[0] == '7';
    publisher.must_publish("t/4", "y", kQoS1);
    if (frees) {
      a.expect_publish("t/4", "y");
    } else {
      a.expect_nothing();
    }
  }
}

TEST_CASE("a DISCONNECT may end before its reason code or its properties [MQTT-2.2.2-1]") {
  for (const char* bytes : {"e0 00", "e0 01 00", "e0 02 00 00"}) {
    CAPTURE(bytes);
    Broker broker;
    Client watcher(broker, Version::V5, "watcher");
    watcher.must_subscribe("will");
    Client a(broker, Version::V5, "a", {.will = Will{.topic = "will", .payload = "gone"}});
    a.send_hex(bytes);
    a.expect_closed();
    watcher.expect_nothing();  // understood: the will went with it
  }
}

TEST_CASE(
    "a packet that ends where its property section has to begin is malformed "
    "[MQTT-2.2.2-1]") {
  struct Vector {
    const char* name;
    const char* bytes;
  };
  constexpr Vector kVectors[] = {
      {"PUBLISH at QoS 0", "30 03 00 01 74"},
      {"PUBLISH at QoS 1", "32 05 00 01 74 00 01"},
      {"SUBSCRIBE", "82 02 00 01"},
      {"UNSUBSCRIBE", "a2 02 00 01"},
  };
  for (const Vector& v : kVectors) {
    CAPTURE(v.name);
    Broker broker;
    Client a(broker, Version::V5, "a");
    a.send_hex(v.bytes);
    a.expect_disconnect(ReasonCode::MalformedPacket);
  }
  Broker broker;
  Client connect(broker, Version::V5);
  connect.send_hex("10 0a 00 04 4d 51 54 54 05 02 00 00");
  connect.expect_refused(ReasonCode::MalformedPacket, std::nullopt);
}

}  // namespace
}  // namespace midge::test
