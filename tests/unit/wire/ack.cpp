#include "broker/wire/ack.hpp"

#include <doctest/doctest.h>

#include "tests/unit/wire/packets.hpp"

using namespace midge;
using namespace midge::wire;
using midge::test::body_of;
using midge::test::check_every_length;
using midge::test::encoded;
using midge::test::hex;

namespace {

struct Kind {
  PacketType type;
  std::string_view first_byte;
  std::string_view reason;  // one that it may have besides Success
};

constexpr Kind kKinds[] = {
    {PacketType::Puback, "40", "87"},
    {PacketType::Pubrec, "50", "97"},
    {PacketType::Pubrel, "62", "92"},  // flags 0010 [MQTT-3.6.1-1]
    {PacketType::Pubcomp, "70", "92"},
};

constexpr Version kVersions[] = {Version::V31, Version::V311, Version::V5};

std::string encode(Version version, PacketType type, const Ack& ack) {
  return encoded([&](Writer& out) { encode_ack(out, version, type, ack); });
}

}  // namespace

TEST_CASE(
    "an acknowledgement of success is its identifier alone [MQTT-2.2.1-5] "
    "[MQTT-2.3.1-6@3.1.1]") {
  for (const Kind& kind : kKinds) {
    for (const Version version : kVersions) {
      CAPTURE(kind.first_byte);
      CAPTURE(version);
      const std::string text = std::string(kind.first_byte) + " 02 12 34";
      const auto got = decode_ack(version, kind.type, body_of(text));
      REQUIRE(got);
      CHECK(got->packet_id == 0x1234);
      CHECK(got->reason == ReasonCode::Success);
      CHECK(encode(version, kind.type, *got) == text);
    }
  }
}

TEST_CASE("a 5.0 acknowledgement may have a reason, and properties behind it [MQTT-2.2.2-1]") {
  for (const Kind& kind : kKinds) {
    CAPTURE(kind.first_byte);
    const auto reason = static_cast<ReasonCode>(hex(kind.reason)[0]);

    const std::string with_reason =
        std::string(kind.first_byte) + " 03 12 34 " + std::string(kind.reason);
    const auto got = decode_ack(Version::V5, kind.type, body_of(with_reason));
    REQUIRE(got);
    CHECK(got->packet_id == 0x1234);
    CHECK(got->reason == reason);
    CHECK(encode(Version::V5, kind.type, *got) == with_reason);
    // Before 5.0 there is nothing to put it in.
    CHECK(encode(Version::V311, kind.type, *got) == std::string(kind.first_byte) + " 02 12 34");

    const std::string whole = std::string(kind.first_byte) + " 0f 12 34 " +
                              std::string(kind.reason) + " 0b 1f 00 01 72 26 00 01 6e 00 01 76";
    const auto body = body_of(whole);
    const auto got_whole = decode_ack(Version::V5, kind.type, body);
    REQUIRE(got_whole);
    CHECK(got_whole->reason == reason);
    CHECK(got_whole->properties.reason_string == "r");
    CHECK(encode(Version::V5, kind.type, *got_whole) == whole);

    const std::string with_properties =
        std::string(kind.first_byte) + " 08 12 34 00 04 1f 00 01 72";
    const auto properties_body = body_of(with_properties);
    const auto got_properties = decode_ack(Version::V5, kind.type, properties_body);
    REQUIRE(got_properties);
    CHECK(got_properties->reason == ReasonCode::Success);
    CHECK(encode(Version::V5, kind.type, *got_properties) == with_properties);

    // Longer than need be, and still right; it is written shorter.
    const auto empty = decode_ack(Version::V5, kind.type, hex("12 34 00 00"));
    REQUIRE(empty);
    CHECK(encode(Version::V5, kind.type, *empty) == std::string(kind.first_byte) + " 02 12 34");
  }
}

TEST_CASE("an acknowledgement of the wrong length is refused and never read past its end") {
  for (const Kind& kind : kKinds) {
    CAPTURE(kind.first_byte);
    const auto decode = [&](Version version) {
      return [&kind, version](Bytes body) { return decode_ack(version, kind.type, body); };
    };
    check_every_length(hex("12 34"), decode(Version::V31));
    check_every_length(hex("12 34"), decode(Version::V311));
    const auto body = hex("12 34 00 0b 1f 00 01 72 26 00 01 6e 00 01 76");
    check_every_length(body, decode(Version::V5), {2, 3});
  }
}

TEST_CASE("an acknowledgement that breaks a rule is refused") {
  struct Vector {
    std::string_view name;
    Version version;
    PacketType type;
    std::string_view body;
    ReasonCode reason;
  };
  using enum PacketType;
  constexpr Vector kVectors[] = {
      {"packet identifier 0", Version::V5, Puback, "00 00", ReasonCode::ProtocolError},
      {"packet identifier 0", Version::V311, Pubrel, "00 00", ReasonCode::ProtocolError},
      {"packet identifier 0", Version::V31, Pubcomp, "00 00", ReasonCode::ProtocolError},
      {"0x92 in a PUBACK [MQTT-3.4.2-1]", Version::V5, Puback, "12 34 92",
       ReasonCode::ProtocolError},
      {"0x95 in a PUBACK [MQTT-3.4.2-1]", Version::V5, Puback, "12 34 95",
       ReasonCode::ProtocolError},
      {"0x95 in a PUBREC [MQTT-3.5.2-1]", Version::V5, Pubrec, "12 34 95",
       ReasonCode::ProtocolError},
      {"0x10 in a PUBREL [MQTT-3.6.2-1]", Version::V5, Pubrel, "12 34 10",
       ReasonCode::ProtocolError},
      {"0x80 in a PUBCOMP [MQTT-3.7.2-1]", Version::V5, Pubcomp, "12 34 80",
       ReasonCode::ProtocolError},
      {"a reason before 5.0", Version::V311, Puback, "12 34 00", ReasonCode::MalformedPacket},
      {"property of another packet", Version::V5, Puback, "12 34 00 03 23 00 01",
       ReasonCode::MalformedPacket},
      {"two Reason Strings", Version::V5, Pubrec, "12 34 00 08 1f 00 01 72 1f 00 01 72",
       ReasonCode::ProtocolError},
      {"Property Length not minimal [MQTT-1.5.5-1]", Version::V5, Pubrel, "12 34 00 80 00",
       ReasonCode::MalformedPacket},
  };
  for (const Vector& v : kVectors) {
    CAPTURE(v.name);
    const auto got = decode_ack(v.version, v.type, hex(v.body));
    REQUIRE_FALSE(got);
    CHECK(got.error() == v.reason);
  }
}
