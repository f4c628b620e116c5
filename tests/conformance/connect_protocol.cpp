// CONNECT: the first packet, protocol name and level (MQTT 5.0 and 3.1.1, sections 3.1 and 3.1.2).
#include "tests/conformance/connect_bytes.hpp"
#include "tests/support/client.hpp"

namespace midge::test {
namespace {

TEST_CASE("the smallest CONNECT is accepted [MQTT-3.1.4-5] [MQTT-3.1.4-4@3.1.1]") {
  struct Vector {
    Version version;
    const char* connect;
    const char* connack;
  };
  constexpr Vector kVectors[] = {
      {Version::V31, "10 0f 00 06 4d 51 49 73 64 70 03 02 00 00 00 01 61", "20 02 00 00"},
      {Version::V311, "10 0d 00 04 4d 51 54 54 04 02 00 00 00 01 61", "20 02 00 00"},
      {Version::V5, "10 0e 00 04 4d 51 54 54 05 02 00 00 00 00 01 61",
       "20 0e 00 00 0b 22 00 0a 27 00 1e 84 80 21 00 14"},
  };
  for (const Vector& v : kVectors) {
    CAPTURE(v.version);
    Broker broker;
    Client a(broker, v.version);
    a.expect_nothing();
    a.send_hex(v.connect);
    a.expect_bytes(v.connack);
    a.expect_nothing();
    CHECK(broker.metrics.clients_connected == 1);
  }
}

TEST_CASE("anything before CONNECT closes the connection [MQTT-3.1.0-1] [MQTT-3.1.0-1@3.1.1]") {
  struct Vector {
    const char* name;
    const char* bytes;
  };
  constexpr Vector kVectors[] = {
      {"type 0", "00 00"},
      {"CONNACK", "20 02 00 00"},
      {"PUBLISH at QoS 0", "30 04 00 01 74 78"},
      {"PUBLISH at QoS 2", "34 06 00 01 74 00 01 78"},
      {"PUBACK", "40 02 00 01"},
      {"PUBREC", "50 02 00 01"},
      {"PUBREL", "62 02 00 01"},
      {"PUBCOMP", "70 02 00 01"},
      {"SUBSCRIBE", "82 06 00 01 00 01 74 00"},
      {"SUBACK", "90 03 00 01 00"},
      {"UNSUBSCRIBE", "a2 05 00 01 00 01 74"},
      {"UNSUBACK", "b0 02 00 01"},
      {"PINGREQ", "c0 00"},
      {"PINGRESP", "d0 00"},
      {"DISCONNECT", "e0 00"},
      {"AUTH", "f0 02 18 00"},
  };
  for (const Vector& v : kVectors) {
    for (const Version version : kAllVersions) {
      CAPTURE(v.name);
      CAPTURE(version);
      Broker broker;
      Client watcher(broker, version, "watcher");
      watcher.must_subscribe("#");
      Client a(broker, version);
      // The CONNECT behind it changes nothing.
      a.together([&] {
        a.send_hex(v.bytes);
        a.connect("a");
      });
      a.expect_closed();
      watcher.expect_nothing();
      CHECK(broker.metrics.clients_total == 1);
    }
  }
}

TEST_CASE("a second CONNECT ends the connection [MQTT-3.1.0-2] [MQTT-3.1.0-2@3.1.1]") {
  for (const Version version : kAllVersions) {
    for (const char* const id : {"a", "b", "c"}) {
      CAPTURE(version);
      CAPTURE(id);
      Broker broker;
      Client b(broker, version, "b");
      Client a(broker, version, "a");
      a.connect(id);
      a.expect_disconnect(ReasonCode::ProtocolError);
      // Nobody else was taken over, and nothing was made for a third one.
      b.expect_nothing();
      CHECK(broker.metrics.clients_total == 1);
      CHECK(broker.metrics[Cause::ProtocolError] == 1);
    }
  }
}

TEST_CASE("an unknown protocol name is not served [MQTT-3.1.2-1] [MQTT-3.1.2-1@3.1.1]") {
  struct Vector {
    const char* name;
    const char* bytes;
  };
  constexpr Vector kVectors[] = {
      {"MQTX", "10 0d 00 04 4d 51 54 58 04 02 00 00 00 01 61"},
      {"MQTX at level 5", "10 0e 00 04 4d 51 54 58 05 02 00 00 00 00 01 61"},
      {"mqtt", "10 0d 00 04 6d 71 74 74 04 02 00 00 00 01 61"},
      {"MQT", "10 0c 00 03 4d 51 54 04 02 00 00 00 01 61"},
      {"MQTTT", "10 0e 00 05 4d 51 54 54 54 04 02 00 00 00 01 61"},
      {"MQIsdP", "10 0f 00 06 4d 51 49 73 64 50 03 02 00 00 00 01 61"},
      {"no name at all", "10 09 00 00 04 02 00 00 00 01 61"},
      {"not UTF-8", "10 0d 00 04 4d 51 54 ff 04 02 00 00 00 01 61"},
      {"cut off", "10 04 00 04 4d 51"},
      {"nothing", "10 00"},
  };
  for (const Vector& v : kVectors) {
    CAPTURE(v.name);
    Broker broker;
    Client a(broker, Version::V311);
    a.send_hex(v.bytes);
    a.expect_closed();
    CHECK(broker.metrics.clients_total == 0);
  }
}

TEST_CASE("an unknown level gets return code 1 [MQTT-3.1.2-2] [MQTT-3.1.2-2@3.1.1]") {
  struct Vector {
    const char* name;
    const char* bytes;
  };
  constexpr Vector kVectors[] = {
      {"MQTT 0", "10 0d 00 04 4d 51 54 54 00 02 00 00 00 01 61"},
      {"MQTT 3", "10 0d 00 04 4d 51 54 54 03 02 00 00 00 01 61"},
      {"MQTT 6", "10 0e 00 04 4d 51 54 54 06 02 00 00 00 00 01 61"},
      {"MQTT 127", "10 0d 00 04 4d 51 54 54 7f 02 00 00 00 01 61"},
      {"MQTT 0x80", "10 0d 00 04 4d 51 54 54 80 02 00 00 00 01 61"},
      {"MQTT 0x85: 5.0 has no bridge bit", "10 0e 00 04 4d 51 54 54 85 02 00 00 00 00 01 61"},
      {"MQTT 0xff", "10 0d 00 04 4d 51 54 54 ff 02 00 00 00 01 61"},
      {"MQIsdp 2", "10 0f 00 06 4d 51 49 73 64 70 02 02 00 00 00 01 61"},
      {"MQIsdp 4", "10 0f 00 06 4d 51 49 73 64 70 04 02 00 00 00 01 61"},
      {"MQIsdp 5", "10 10 00 06 4d 51 49 73 64 70 05 02 00 00 00 00 01 61"},
      {"MQTT 6, and what follows is not ours to judge", "10 09 00 04 4d 51 54 54 06 ff ff"},
  };
  for (const Vector& v : kVectors) {
    CAPTURE(v.name);
    Broker broker;
    Client a(broker, Version::V311);
    a.send_hex(v.bytes);
    a.expect_bytes("20 02 00 01");
    a.expect_closed();
    CHECK(broker.metrics.clients_total == 0);
    CHECK(broker.metrics[Cause::ProtocolVersion] == 1);
  }
}

TEST_CASE("a version that the listener does not accept [MQTT-3.1.2-2] [MQTT-3.1.2-2@3.1.1]") {
  for (const Version refused : kAllVersions) {
    CAPTURE(refused);
    Broker broker;
    broker.settings.listener_count = 2;
    broker.listener.accept_v31 = refused != Version::V31;
    broker.listener.accept_v311 = refused != Version::V311;
    broker.listener.accept_v5 = refused != Version::V5;
    for (const Version version : kAllVersions) {
      CAPTURE(version);
      Client a(broker, version);
      a.connect("a");
      if (version == refused) {
        a.expect_bytes(version == Version::V5 ? "20 03 00 84 00" : "20 02 00 01");
        a.expect_closed();
      } else {
        a.expect_connack();
      }
      // The other listener has its own opinion.
      Client b(broker, version, std::uint16_t{1});
      b.must_connect("b");
    }
    CHECK(broker.metrics[Cause::ProtocolVersion] == 1);
  }
}

TEST_CASE("CONNECT with a flag in its fixed header [MQTT-2.1.3-1] [MQTT-2.2.2-2@3.1.1]") {
  for (const Version version : kBothVersions) {
    for (std::uint8_t flags = 1; flags < 16; ++flags) {
      CAPTURE(version);
      CAPTURE(flags);
      Broker broker;
      Client a(broker, version);
      ByteVector packet = connect_bytes(version, "a");
      packet[0] = static_cast<std::uint8_t>(packet[0] | flags);
      a.send(packet);
      a.expect_refused(ReasonCode::MalformedPacket, std::nullopt);
      CHECK(broker.metrics.clients_total == 0);
    }
  }
}

// Others' bridges set the 0x80 bit of the level: they don't want back what they sent, and need the
// RETAIN flag to pass it on.
TEST_CASE("levels 0x83 and 0x84 are bridges: No Local and Retain As Published") {
  struct Vector {
    Version version;
    bool bridge;
    const char* connect;
  };
  constexpr Vector kVectors[] = {
      {Version::V31, true, "10 0f 00 06 4d 51 49 73 64 70 83 02 00 00 00 01 61"},
      {Version::V311, true, "10 0d 00 04 4d 51 54 54 84 02 00 00 00 01 61"},
      {Version::V31, false, "10 0f 00 06 4d 51 49 73 64 70 03 02 00 00 00 01 61"},
      {Version::V311, false, "10 0d 00 04 4d 51 54 54 04 02 00 00 00 01 61"},
  };
  for (const Vector& v : kVectors) {
    CAPTURE(v.version);
    CAPTURE(v.bridge);
    Broker broker;
    Client bridge(broker, v.version);
    bridge.send_hex(v.connect);
    bridge.expect_bytes("20 02 00 00");
    CHECK(broker.log.has("New bridge connected from ") == v.bridge);
    CHECK(broker.log.has("New client connected from ") == !v.bridge);

    bridge.must_subscribe("t/#", kQoS1);
    bridge.publish("t/own", "x");
    if (v.bridge) {
      bridge.expect_nothing();
    } else {
      bridge.expect_publish("t/own", "x");
    }
    Client other(broker, Version::V311, "other");
    other.publish("t/kept", "y", kQoS0, {.retain = true});
    CHECK(bridge.expect_publish("t/kept", "y").retain == v.bridge);
    other.publish("t/passing", "z");
    CHECK_FALSE(bridge.expect_publish("t/passing", "z").retain);
  }
}

}  // namespace
}  // namespace midge::test
