// AUTH and the authentication properties (MQTT 5.0 sections 3.15 and 4.12), as far as a broker that
// knows no method can show them.
#include "tests/support/client.hpp"

namespace midge::test {
namespace {

TEST_CASE("an unknown authentication method is refused with 8C and closed [MQTT-4.12.0-1]") {
  struct Vector {
    const char* name;
    const char* bytes;
  };
  constexpr Vector kVectors[] = {
      {"a method alone", "10 12 00 04 4d 51 54 54 05 02 00 00 04 15 00 01 78 00 01 61"},
      {"a method and data",
       "10 16 00 04 4d 51 54 54 05 02 00 00 08 15 00 01 78 16 00 01 00 00 01 61"},
      {"data and a method",
       "10 16 00 04 4d 51 54 54 05 02 00 00 08 16 00 01 00 15 00 01 78 00 01 61"},
      {"an empty method", "10 11 00 04 4d 51 54 54 05 02 00 00 03 15 00 00 00 01 61"},
  };
  for (const Vector& v : kVectors) {
    CAPTURE(v.name);
    Broker broker;
    Client a(broker, Version::V5);
    a.send_hex(v.bytes);
    a.expect_bytes("20 03 00 8c 00");
    CHECK(a.closed());
    CHECK(broker.metrics.clients_total == 0);
  }
}

TEST_CASE("a refused method touches nothing of the session of that name [MQTT-4.12.0-1]") {
  Broker broker;
  Client a(broker, Version::V5, "a");
  a.must_subscribe("t");
  Client b(broker, Version::V5);
  b.connect("a", {.props = {.authentication_method = "SCRAM-SHA-1"}});
  b.expect_refused(ReasonCode::BadAuthenticationMethod, std::nullopt);
  a.publish("t", "x");
  a.expect_publish("t", "x");
}

TEST_CASE("without a method in CONNECT there is no AUTH and no method [MQTT-4.12.0-6]") {
  Broker broker;
  broker.authorizer.user("ada", "secret");
  Client a(broker, Version::V5);
  a.connect("a", {.user_name = "ada", .password = "secret"});
  const Packet connack = a.expect_connack();
  CHECK_FALSE(connack.props.authentication_method);
  CHECK_FALSE(connack.props.authentication_data);
  a.expect_nothing();

  Client b(broker, Version::V5);
  b.connect("b", {.user_name = "ada", .password = "wrong"});
  const auto got = b.all();
  REQUIRE(got.size() == 1);
  CHECK(got[0].type == PacketType::Connack);
  CHECK(got[0].reason == ReasonCode::BadUserNameOrPassword);
  CHECK_FALSE(got[0].props.authentication_method);
  CHECK_FALSE(got[0].props.authentication_data);
  b.expect_closed();
}

TEST_CASE("an AUTH without a method in CONNECT is a protocol error [MQTT-4.12.0-6]") {
  struct Vector {
    const char* name;
    const char* bytes;
  };
  constexpr Vector kVectors[] = {
      {"success, the short form", "f0 00"},
      {"success", "f0 06 00 04 15 00 01 78"},
      {"continue authentication", "f0 06 18 04 15 00 01 78"},
      {"re-authenticate", "f0 06 19 04 15 00 01 78"},
      {"continue authentication without properties", "f0 02 18 00"},
  };
  for (const Vector& v : kVectors) {
    CAPTURE(v.name);
    Broker broker;
    Client a(broker, Version::V5, "a");
    a.send_hex(v.bytes);
    a.expect_bytes("e0 01 82");
    CHECK(a.closed());
  }
}

TEST_CASE("an AUTH with flag bits is malformed and closes the connection [MQTT-3.15.1-1]") {
  for (const char* first_byte :
       {"f1", "f2", "f3", "f4", "f5", "f6", "f7", "f8", "f9", "fa", "fb", "fc", "fd", "fe", "ff"}) {
    CAPTURE(first_byte);
    Broker broker;
    Client a(broker, Version::V5, "a");
    a.send_hex(first_byte + std::string(" 06 18 04 15 00 01 78"));
    a.expect_bytes("e0 01 81");
    CHECK(a.closed());
  }
}

TEST_CASE("an AUTH has one of the reasons listed for it [MQTT-3.15.2-1]") {
  for (const int code : {0x01, 0x04, 0x10, 0x17, 0x1a, 0x80, 0x81, 0x87, 0x8c, 0xff}) {
    CAPTURE(code);
    Broker broker;
    Client a(broker, Version::V5, "a");
    const ByteVector packet = {0xF0, 0x02, static_cast<std::uint8_t>(code), 0x00};
    a.send(packet);
    a.expect_disconnect(ReasonCode::ProtocolError);
  }
}

TEST_CASE("Authentication Data without a method is a protocol error") {
  Broker broker;
  Client a(broker, Version::V5);
  a.send_hex("10 12 00 04 4d 51 54 54 05 02 00 00 04 16 00 01 78 00 01 61");
  a.expect_bytes("20 03 00 82 00");
  CHECK(a.closed());

  Client b(broker, Version::V5, "b");
  b.send_hex("f0 06 18 04 16 00 01 78");
  b.expect_bytes("e0 01 82");
  CHECK(b.closed());
}

TEST_CASE("an AUTH that breaks a rule ends the connection with its reason") {
  struct Vector {
    const char* name;
    const char* bytes;
    ReasonCode reason;
  };
  using enum ReasonCode;
  constexpr Vector kVectors[] = {
      {"Authentication Method twice", "f0 0a 18 08 15 00 01 78 15 00 01 78", ProtocolError},
      {"Authentication Data twice", "f0 0e 18 0c 15 00 01 78 16 00 01 00 16 00 01 00",
       ProtocolError},
      {"Reason String twice", "f0 0e 18 0c 15 00 01 78 1f 00 01 61 1f 00 01 61", ProtocolError},
      {"Session Expiry Interval, a property of CONNECT", "f0 0b 18 09 15 00 01 78 11 00 00 00 01",
       MalformedPacket},
      {"Server Reference, a property of CONNACK", "f0 0a 18 08 15 00 01 78 1c 00 01 78",
       MalformedPacket},
      {"a property that does not exist", "f0 04 18 02 04 00", MalformedPacket},
      {"no properties behind a reason", "f0 01 18", MalformedPacket},
      {"a Property Length behind the end", "f0 02 18 05", MalformedPacket},
      {"a byte behind the properties", "f0 07 18 04 15 00 01 78 00", MalformedPacket},
  };
  for (const Vector& v : kVectors) {
    CAPTURE(v.name);
    Broker broker;
    Client a(broker, Version::V5, "a");
    a.send_hex(v.bytes);
    a.expect_disconnect(v.reason);
  }
}

TEST_CASE("authentication properties of CONNECT that stand twice are a protocol error") {
  struct Vector {
    const char* name;
    const char* bytes;
  };
  constexpr Vector kVectors[] = {
      {"Authentication Method",
       "10 16 00 04 4d 51 54 54 05 02 00 00 08 15 00 01 78 15 00 01 78 00 01 61"},
      {"Authentication Data",
       "10 1a 00 04 4d 51 54 54 05 02 00 00 0c 15 00 01 78 16 00 01 78 16 00 01 78 00 01 61"},
  };
  for (const Vector& v : kVectors) {
    CAPTURE(v.name);
    Broker broker;
    Client a(broker, Version::V5);
    a.send_hex(v.bytes);
    a.expect_bytes("20 03 00 82 00");
    CHECK(a.closed());
  }
}

TEST_CASE("an AUTH before CONNECT, or from a client before 5.0, closes the connection") {
  {
    Broker broker;
    Client a(broker, Version::V5);
    a.send_hex("f0 06 18 04 15 00 01 78");
    a.expect_closed();
  }
  for (const Version version : {Version::V31, Version::V311}) {
    CAPTURE(version);
    Broker broker;
    Client a(broker, version, "a");
    a.send_hex("f0 00");
    a.expect_closed();
  }
}

}  // namespace
}  // namespace midge::test
