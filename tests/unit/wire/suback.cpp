#include "broker/wire/suback.hpp"

#include <doctest/doctest.h>

#include "tests/unit/wire/packets.hpp"

using namespace midge;
using namespace midge::wire;
using midge::test::body_of;
using midge::test::check_every_length;
using midge::test::dump;
using midge::test::encoded;
using midge::test::hex;
using midge::test::packet;

namespace {

std::string encode(Version version, PacketType type, const Suback& suback) {
  return encoded([&](Writer& out) { encode_suback(out, version, type, suback); });
}

}  // namespace

TEST_CASE(
    "a 5.0 SUBACK is read and written, with its codes in order "
    "[MQTT-3.8.4-2] [MQTT-3.9.3-1]") {
  constexpr std::string_view kPacket =
      "90 13  12 34  0b 1f 00 01 72 26 00 01 6e 00 01 76  02 00 87 01 a2";
  const auto body = body_of(kPacket);
  const auto got = decode_suback(Version::V5, PacketType::Suback, body);
  REQUIRE(got);
  CHECK(got->packet_id == 0x1234);
  CHECK(got->properties.reason_string == "r");
  CHECK(dump(got->codes) == "02 00 87 01 a2");
  CHECK(encode(Version::V5, PacketType::Suback, *got) == packet(kPacket));
}

TEST_CASE(
    "a 5.0 UNSUBACK is read and written, with its codes in order "
    "[MQTT-3.10.4-5] [MQTT-3.11.3-1]") {
  constexpr std::string_view kPacket = "b0 05  12 34  00  11 00";
  const auto body = body_of(kPacket);
  const auto got = decode_suback(Version::V5, PacketType::Unsuback, body);
  REQUIRE(got);
  CHECK(got->packet_id == 0x1234);
  CHECK(dump(got->codes) == "11 00");
  CHECK(encode(Version::V5, PacketType::Unsuback, *got) == packet(kPacket));
}

TEST_CASE("a SUBACK before 5.0 has granted QoS and 0x80 [MQTT-3.9.3-2@3.1.1]") {
  const auto body = hex("12 34 02 80 00 01");
  for (const auto version : {Version::V31, Version::V311}) {
    const auto got = decode_suback(version, PacketType::Suback, body);
    REQUIRE(got);
    CHECK(dump(got->codes) == "02 80 00 01");
    CHECK(encode(version, PacketType::Suback, *got) == packet("90 06 12 34 02 80 00 01"));
  }
  const auto codes = hex("01 87 8f 9e 02");
  Suback suback;
  suback.packet_id = 7;
  suback.codes = codes;
  CHECK(encode(Version::V311, PacketType::Suback, suback) == packet("90 07 00 07 01 80 80 80 02"));
}

TEST_CASE("an UNSUBACK before 5.0 is its identifier alone") {
  for (const auto version : {Version::V31, Version::V311}) {
    const auto got = decode_suback(version, PacketType::Unsuback, hex("12 34"));
    REQUIRE(got);
    CHECK(got->packet_id == 0x1234);
    CHECK(got->codes.empty());
    const auto codes = hex("00 11");
    Suback suback = *got;
    suback.codes = codes;
    CHECK(encode(version, PacketType::Unsuback, suback) == packet("b0 02 12 34"));
  }
}

TEST_CASE("a SUBACK of the wrong length is refused and never read past its end") {
  const auto decode = [](Version version, PacketType type) {
    return [version, type](Bytes body) { return decode_suback(version, type, body); };
  };
  // Each code more makes a packet, and 0x00 behind the end is a code too.
  const auto with_properties = hex("12 34  04 1f 00 01 72  01 02");
  check_every_length(with_properties, decode(Version::V5, PacketType::Suback), {8}, true);
  check_every_length(hex("12 34 00 11 00"), decode(Version::V5, PacketType::Unsuback), {4}, true);
  check_every_length(hex("12 34 01 02"), decode(Version::V311, PacketType::Suback), {3}, true);
  check_every_length(hex("12 34 01 02"), decode(Version::V31, PacketType::Suback), {3}, true);
  check_every_length(hex("12 34"), decode(Version::V311, PacketType::Unsuback));
  check_every_length(hex("12 34"), decode(Version::V31, PacketType::Unsuback));
}

TEST_CASE("a SUBACK or UNSUBACK that breaks a rule is refused") {
  struct Vector {
    std::string_view name;
    Version version;
    PacketType type;
    std::string_view body;
    ReasonCode reason;
  };
  using enum PacketType;
  constexpr Vector kVectors[] = {
      {"packet identifier 0", Version::V5, Suback, "00 00 00 00", ReasonCode::ProtocolError},
      {"packet identifier 0", Version::V311, Unsuback, "00 00", ReasonCode::ProtocolError},
      {"half a packet identifier", Version::V311, Unsuback, "12", ReasonCode::MalformedPacket},
      {"no code", Version::V5, Suback, "12 34 00", ReasonCode::MalformedPacket},
      {"no code", Version::V311, Suback, "12 34", ReasonCode::MalformedPacket},
      {"a code before 5.0", Version::V311, Unsuback, "12 34 00", ReasonCode::MalformedPacket},
      {"code 3 [MQTT-3.9.3-2]", Version::V5, Suback, "12 34 00 03", ReasonCode::ProtocolError},
      {"an UNSUBACK's code in a SUBACK [MQTT-3.9.3-2]", Version::V5, Suback, "12 34 00 00 11",
       ReasonCode::ProtocolError},
      {"code 3 [MQTT-3.9.3-2@3.1.1]", Version::V311, Suback, "12 34 03", ReasonCode::ProtocolError},
      {"code 0x87 [MQTT-3.9.3-2@3.1.1]", Version::V311, Suback, "12 34 87",
       ReasonCode::ProtocolError},
      {"a SUBACK's code in an UNSUBACK [MQTT-3.11.3-2]", Version::V5, Unsuback, "12 34 00 01",
       ReasonCode::ProtocolError},
      {"property of another packet", Version::V5, Suback, "12 34 02 0b 01 00",
       ReasonCode::MalformedPacket},
      {"property of another packet", Version::V5, Unsuback, "12 34 02 0b 01 00",
       ReasonCode::MalformedPacket},
  };
  for (const Vector& v : kVectors) {
    CAPTURE(v.name);
    const auto got = decode_suback(v.version, v.type, hex(v.body));
    REQUIRE_FALSE(got);
    CHECK(got.error() == v.reason);
  }
}
