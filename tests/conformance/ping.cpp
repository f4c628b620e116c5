// PINGREQ and PINGRESP (MQTT 5.0 and 3.1.1, sections 3.12 and 3.13).
#include "tests/support/client.hpp"

namespace midge::test {
namespace {

TEST_CASE("a PINGREQ is answered by a PINGRESP [MQTT-3.12.4-1] [MQTT-3.12.4-1@3.1.1]") {
  for (const Version version : kAllVersions) {
    CAPTURE(version);
    Broker broker;
    Client a(broker, version, "a");
    a.send_hex("c0 00");
    a.expect_bytes("d0 00");
    a.expect_nothing();
  }
}

TEST_CASE("every one of several PINGREQs in one piece is answered") {
  for (const Version version : kAllVersions) {
    CAPTURE(version);
    Broker broker;
    Client a(broker, version, "a");
    a.send_hex("c0 00 c0 00 c0 00");
    a.expect_bytes("d0 00 d0 00 d0 00");
  }
}

TEST_CASE("a PINGREQ that comes byte by byte is answered when it is whole") {
  for (const Version version : kAllVersions) {
    CAPTURE(version);
    Broker broker;
    Client a(broker, version, "a");
    a.send_hex("c0");
    a.expect_nothing();
    broker.advance(1s);
    a.expect_nothing();
    a.send_hex("00");
    a.expect_bytes("d0 00");
  }
}

TEST_CASE("a PINGREQ behind a CONNECT in one piece is answered after CONNACK") {
  for (const Version version : kAllVersions) {
    CAPTURE(version);
    Broker broker;
    Client a(broker, version);
    a.together([&] {
      a.connect("a");
      a.ping();
    });
    a.expect_connack();
    a.expect(PacketType::Pingresp);
    a.expect_nothing();
  }
}

TEST_CASE("a PINGREQ before CONNECT closes the connection [MQTT-3.1.0-1] [MQTT-3.1.0-1@3.1.1]") {
  Broker broker;
  Client a(broker, Version::V5);
  a.send_hex("c0 00");
  a.expect_closed();
}

TEST_CASE("a PINGREQ keeps the connection alive") {
  for (const Version version : kAllVersions) {
    CAPTURE(version);
    Broker broker;
    Client a(broker, version, "a", {.keep_alive = 10});
    for (int i = 0; i < 5; ++i) {
      broker.advance(14'900ms);  // just below one and a half times Keep Alive
      a.ping();
      a.expect(PacketType::Pingresp);
      a.expect_nothing();
    }
    broker.advance(14'900ms);
    a.expect_nothing();
    broker.advance(1'100ms);
    a.expect_disconnect(ReasonCode::KeepAliveTimeout);
  }
}

TEST_CASE("a PINGREQ or PINGRESP that is not as it has to be ends the connection") {
  struct Vector {
    const char* name;
    const char* bytes;
    ReasonCode reason;
  };
  constexpr Vector kVectors[] = {
      {"PINGREQ with a flag [MQTT-2.1.3-1] [MQTT-2.2.2-2@3.1.1]", "c1 00",
       ReasonCode::MalformedPacket},
      {"PINGREQ with a body", "c0 01 00", ReasonCode::MalformedPacket},
      {"PINGRESP, which only a server sends", "d0 00", ReasonCode::ProtocolError},
  };
  for (const Version version : kBothVersions) {
    for (const Vector& v : kVectors) {
      CAPTURE(version);
      CAPTURE(v.name);
      Broker broker;
      Client a(broker, version, "a");
      a.send_hex(v.bytes);
      a.expect_disconnect(v.reason);
    }
  }
}

}  // namespace
}  // namespace midge::test
