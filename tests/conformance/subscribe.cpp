// SUBSCRIBE (MQTT 5.0 and 3.1.1, section 3.8): what it has to look like, and that it is answered.
#include "tests/support/client.hpp"

namespace midge::test {
namespace {

TEST_CASE(
    "a SUBSCRIBE is answered by a SUBACK with its Packet Identifier "
    "[MQTT-3.8.4-1] [MQTT-3.8.4-2] [MQTT-3.8.4-1@3.1.1] [MQTT-3.8.4-2@3.1.1]") {
  for (const Version version : kAllVersions) {
    CAPTURE(version);
    Broker broker;
    Client a(broker, version, "a");
    if (version == Version::V5) {
      a.send_hex("82 07 12 34 00 00 01 74 01");
      a.expect_bytes("90 04 12 34 00 01");
      a.send_hex("82 07 ff ff 00 00 01 75 02");
      a.expect_bytes("90 04 ff ff 00 02");
    } else {
      a.send_hex("82 06 12 34 00 01 74 01");
      a.expect_bytes("90 03 12 34 01");
      a.send_hex("82 06 ff ff 00 01 75 02");
      a.expect_bytes("90 03 ff ff 02");
    }
    a.expect_nothing();
  }
}

TEST_CASE(
    "a SUBSCRIBE with wrong flags is malformed and closes the connection "
    "[MQTT-3.8.1-1] [MQTT-3.8.1-1@3.1.1]") {
  constexpr const char* kWrongFlags[] = {"80", "81", "83", "84", "85", "86", "87", "88",
                                         "89", "8a", "8b", "8c", "8d", "8e", "8f"};
  for (const Version version : kBothVersions) {
    for (const char* first_byte : kWrongFlags) {
      CAPTURE(version);
      CAPTURE(first_byte);
      Broker broker;
      Client a(broker, version, "a");
      a.send_hex(first_byte + std::string(version == Version::V5 ? " 07 00 01 00 00 01 74 00"
                                                                 : " 06 00 01 00 01 74 00"));
      a.expect_disconnect(ReasonCode::MalformedPacket);
      CHECK(broker.metrics.subscriptions == 0);
    }
  }
}

TEST_CASE("the flags of a 3.1 SUBSCRIBE are not judged") {
  Broker broker;
  Client a(broker, Version::V31, "a");
  a.send_hex("8a 06 00 01 00 01 74 00");  // DUP, as 3.1 allows
  a.expect_bytes("90 03 00 01 00");
}

TEST_CASE(
    "a SUBSCRIBE without a filter is a protocol error [MQTT-3.8.3-2] [MQTT-3.8.3-3@3.1.1] "
    "[MQTT-4.8.0-1@3.1.1]") {
  for (const Version version : kAllVersions) {
    CAPTURE(version);
    Broker broker;
    Client a(broker, version, "a");
    a.send_hex(version == Version::V5 ? "82 03 00 01 00" : "82 02 00 01");
    a.expect_disconnect(ReasonCode::ProtocolError);
  }
}

struct Vector {
  const char* name;
  const char* bytes;
  ReasonCode reason;
};

TEST_CASE("a SUBSCRIBE of 5.0 that breaks a rule ends the connection with its reason") {
  using enum ReasonCode;
  constexpr Vector kVectors[] = {
      {"first reserved option bit [MQTT-3.8.3-5]", "82 07 00 01 00 00 01 74 40", MalformedPacket},
      {"second reserved option bit [MQTT-3.8.3-5]", "82 07 00 01 00 00 01 74 80", MalformedPacket},
      {"reserved bit of the second filter [MQTT-3.8.3-5]", "82 0b 00 01 00 00 01 74 00 00 01 75 40",
       MalformedPacket},
      {"QoS 3", "82 07 00 01 00 00 01 74 03", ProtocolError},
      {"Retain Handling 3", "82 07 00 01 00 00 01 74 30", ProtocolError},
      {"Subscription Identifier 0", "82 09 00 01 02 0b 00 00 01 74 00", ProtocolError},
      {"Subscription Identifier twice", "82 0b 00 01 04 0b 01 0b 02 00 01 74 00", ProtocolError},
      {"Subscription Identifier twice, the same", "82 0b 00 01 04 0b 01 0b 01 00 01 74 00",
       ProtocolError},
      {"Subscription Identifier of five bytes", "82 0d 00 01 06 0b 80 80 80 80 01 00 01 74 00",
       MalformedPacket},
      {"Session Expiry Interval, a property of CONNECT",
       "82 0c 00 01 05 11 00 00 00 01 00 01 74 00", MalformedPacket},
      {"Reason String, a property of answers", "82 0b 00 01 04 1f 00 01 78 00 01 74 00",
       MalformedPacket},
      {"Topic Alias, a property of PUBLISH", "82 0a 00 01 03 23 00 01 00 01 74 00",
       MalformedPacket},
      {"a property that does not exist", "82 09 00 01 02 04 00 00 01 74 00", MalformedPacket},
      {"a property cut off by the Property Length", "82 08 00 01 01 0b 00 01 74 00",
       MalformedPacket},
      {"a Property Length behind the end", "82 07 00 01 7f 00 01 74 00", MalformedPacket},
      {"no Property Length", "82 02 00 01", MalformedPacket},
      {"half a Packet Identifier", "82 01 00", MalformedPacket},
      {"Packet Identifier 0 [MQTT-2.2.1-3]", "82 07 00 00 00 00 01 74 00", ProtocolError},
      {"no options behind the filter", "82 06 00 01 00 00 01 74", MalformedPacket},
      {"a filter longer than the packet", "82 07 00 01 00 00 05 74 00", MalformedPacket},
      {"one byte of a second filter", "82 08 00 01 00 00 01 74 00 00", MalformedPacket},
      {"an empty filter [MQTT-4.7.3-1]", "82 06 00 01 00 00 00 00", MalformedPacket},
      {"no body at all", "82 00", MalformedPacket},
  };
  for (const Vector& v : kVectors) {
    CAPTURE(v.name);
    Broker broker;
    Client a(broker, Version::V5, "a");
    a.send_hex(v.bytes);
    a.expect_disconnect(v.reason);
    CHECK(broker.metrics.subscriptions == 0);
  }
}

TEST_CASE("a SUBSCRIBE of 3.1.1 that breaks a rule closes the connection [MQTT-4.8.0-1@3.1.1]") {
  constexpr Vector kVectors[] = {
      {"QoS 3 [MQTT-3.8.3-4@3.1.1]", "82 06 00 01 00 01 74 03", {}},
      {"reserved bit 2 [MQTT-3.8.3-4@3.1.1]", "82 06 00 01 00 01 74 04", {}},
      {"reserved bit 3 [MQTT-3.8.3-4@3.1.1]", "82 06 00 01 00 01 74 08", {}},
      {"reserved bit 4 [MQTT-3.8.3-4@3.1.1]", "82 06 00 01 00 01 74 10", {}},
      {"reserved bit 5 [MQTT-3.8.3-4@3.1.1]", "82 06 00 01 00 01 74 20", {}},
      {"reserved bit 6 [MQTT-3.8.3-4@3.1.1]", "82 06 00 01 00 01 74 40", {}},
      {"reserved bit 7 [MQTT-3.8.3-4@3.1.1]", "82 06 00 01 00 01 74 80", {}},
      {"the second filter's bits [MQTT-3.8.3-4@3.1.1]", "82 0a 00 01 00 01 74 00 00 01 75 03", {}},
      {"Packet Identifier 0 [MQTT-2.3.1-1@3.1.1]", "82 06 00 00 00 01 74 00", {}},
      {"half a Packet Identifier", "82 01 00", {}},
      {"no options behind the filter", "82 05 00 01 00 01 74", {}},
      {"a filter longer than the packet", "82 06 00 01 00 05 74 00", {}},
      {"an empty filter [MQTT-4.7.3-1@3.1.1]", "82 05 00 01 00 00 00", {}},
      {"no body at all", "82 00", {}},
  };
  for (const Vector& v : kVectors) {
    CAPTURE(v.name);
    Broker broker;
    Client a(broker, Version::V311, "a");
    a.send_hex(v.bytes);
    a.expect_closed();
    CHECK(broker.metrics.subscriptions == 0);
  }
}

TEST_CASE("nothing of a SUBSCRIBE happens when a later filter of it breaks the protocol") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    ConnectOptions keeps{.clean_start = false};
    if (version == Version::V5) keeps.props.session_expiry_interval = 100;
    Client a(broker, version, "a", keeps);
    a.subscribe({{.filter = "good"}, {.filter = "bad/#/bad"}});
    a.expect_disconnect(ReasonCode::MalformedPacket);
    CHECK(a.reconnect(keeps).session_present);
    Client publisher(broker, version, "publisher");
    publisher.publish("good", "x");
    a.expect_nothing();
  }
}

TEST_CASE("the largest Subscription Identifier is repeated in what the subscription delivers") {
  Broker broker;
  Client a(broker, Version::V5, "a");
  a.send_hex("82 0c 00 01 05 0b ff ff ff 7f 00 01 74 00");
  a.expect_bytes("90 04 00 01 00 00");
  a.publish("t", "x");
  a.expect_bytes("30 0a 00 01 74 05 0b ff ff ff 7f 78");
}

TEST_CASE("User Properties of a SUBSCRIBE may repeat and change nothing") {
  Broker broker;
  Client a(broker, Version::V5, "a");
  a.subscribe({{.filter = "t", .qos = kQoS1}},
              {.subscription_identifier = 7, .user = {{"k", "1"}, {"k", "2"}, {"", ""}}});
  a.expect_bytes("90 04 00 01 00 01");
  a.publish("t", "x");
  const Packet p = a.expect_publish("t", "x");
  CHECK(p.props.user.empty());
  CHECK(p.props.subscription_ids == std::vector<std::uint32_t>{7});
}

TEST_CASE("a SUBSCRIBE that comes byte by byte is handled when it is whole") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client a(broker, version, "a");
    const ByteVector bytes = subscribe_bytes(version, 0x0102, {{.filter = "a/b", .qos = kQoS1}});
    for (std::size_t i = 0; i + 1 < bytes.size(); ++i) {
      a.send(Bytes(bytes).subspan(i, 1));
      a.expect_nothing();
    }
    a.send(Bytes(bytes).last(1));
    a.expect_bytes(version == Version::V5 ? "90 04 01 02 00 01" : "90 03 01 02 01");
  }
}

TEST_CASE("packets that only a server sends are a protocol error [MQTT-4.8.0-1@3.1.1]") {
  struct ServerPacket {
    const char* name;
    const char* v311;
    const char* v5;
  };
  constexpr ServerPacket kPackets[] = {
      {"SUBACK", "90 03 00 01 00", "90 04 00 01 00 00"},
      {"UNSUBACK", "b0 02 00 01", "b0 04 00 01 00 00"},
  };
  for (const Version version : kBothVersions) {
    for (const ServerPacket& packet : kPackets) {
      CAPTURE(version);
      CAPTURE(packet.name);
      Broker broker;
      Client a(broker, version, "a");
      a.send_hex(version == Version::V5 ? packet.v5 : packet.v311);
      a.expect_disconnect(ReasonCode::ProtocolError);
    }
  }
}

}  // namespace
}  // namespace midge::test
