#include "broker/wire/connack.hpp"

#include <doctest/doctest.h>

#include "tests/unit/wire/packets.hpp"

using namespace midge;
using namespace midge::wire;
using midge::test::body_of;
using midge::test::check_every_length;
using midge::test::encoded;
using midge::test::hex;
using midge::test::packet;

namespace {

std::string encode(Version version, const Connack& connack) {
  return encoded([&](Writer& out) { encode_connack(out, version, connack); });
}

constexpr std::string_view kFull5 =
    "20 12  01 00  0f  22 00 0a  27 00 1e 84 80  21 00 14  1f 00 01 72";

}  // namespace

TEST_CASE("a 5.0 CONNACK is read and written") {
  const auto body = body_of(kFull5);
  const auto got = decode_connack(Version::V5, 0, body);
  REQUIRE(got);
  CHECK(got->session_present);
  CHECK(got->reason == ReasonCode::Success);
  CHECK(got->properties.topic_alias_maximum == 10);
  CHECK(got->properties.maximum_packet_size == 2'000'000U);
  CHECK(got->properties.receive_maximum == 20);
  CHECK(got->properties.reason_string == "r");
  CHECK(encode(Version::V5, *got) == packet(kFull5));

  Connack refused;
  refused.reason = ReasonCode::NotAuthorized;
  CHECK(encode(Version::V5, refused) == packet("20 03 00 87 00"));
}

TEST_CASE("the CONNACK of 3.1 and 3.1.1 has two bytes") {
  const auto got = decode_connack(Version::V311, 0, hex("01 00"));
  REQUIRE(got);
  CHECK(got->session_present);
  CHECK(got->reason == ReasonCode::Success);
  CHECK(encode(Version::V311, *got) == packet("20 02 01 00"));
  // 3.1 has no Session Present: the byte is reserved, whatever it has.
  CHECK(encode(Version::V31, *got) == packet("20 02 00 00"));
  const auto got31 = decode_connack(Version::V31, 0, hex("ff 00"));
  REQUIRE(got31);
  CHECK_FALSE(got31->session_present);
}

TEST_CASE("the return codes of 3.1 and 3.1.1 are mapped both ways") {
  struct Vector {
    std::string_view packet;
    ReasonCode reason;
  };
  constexpr Vector kVectors[] = {
      {"20 02 00 00", ReasonCode::Success},
      {"20 02 00 01", ReasonCode::UnsupportedProtocolVersion},
      {"20 02 00 02", ReasonCode::ClientIdentifierNotValid},
      {"20 02 00 03", ReasonCode::ServerUnavailable},
      {"20 02 00 04", ReasonCode::BadUserNameOrPassword},
      {"20 02 00 05", ReasonCode::NotAuthorized},
  };
  for (const auto version : {Version::V31, Version::V311}) {
    for (const Vector& v : kVectors) {
      CAPTURE(v.packet);
      const auto got = decode_connack(version, 0, body_of(v.packet));
      REQUIRE(got);
      CHECK(got->reason == v.reason);
      CHECK(encode(version, *got) == v.packet);
    }
  }
  for (const auto reason : {ReasonCode::QuotaExceeded, ReasonCode::ServerBusy,
                            ReasonCode::ServerShuttingDown, ReasonCode::UseAnotherServer,
                            ReasonCode::ServerMoved, ReasonCode::ConnectionRateExceeded}) {
    CHECK(return_code_of(reason) == ReturnCode::ServerUnavailable);
  }
  CHECK(return_code_of(ReasonCode::Banned) == ReturnCode::NotAuthorized);
  CHECK(return_code_of(ReasonCode::RetainNotSupported) == ReturnCode::NotAuthorized);
  CHECK(return_code_of(ReasonCode::QoSNotSupported) == ReturnCode::NotAuthorized);
}

TEST_CASE("a reason without return code writes nothing before 5.0 [MQTT-3.2.2-6@3.1.1]") {
  for (const auto reason : {ReasonCode::MalformedPacket, ReasonCode::ProtocolError,
                            ReasonCode::PacketTooLarge, ReasonCode::TopicNameInvalid,
                            ReasonCode::UnspecifiedError, static_cast<ReasonCode>(0xFF)}) {
    CHECK_FALSE(return_code_of(reason));
    Connack connack;
    connack.reason = reason;
    CHECK(encode(Version::V311, connack).empty());
    CHECK(encode(Version::V31, connack).empty());
  }
}

TEST_CASE("a refusal has no Session Present [MQTT-3.2.2-6] [MQTT-3.2.2-4@3.1.1]") {
  Connack connack;
  connack.session_present = true;
  connack.reason = ReasonCode::NotAuthorized;
  CHECK(encode(Version::V5, connack) == packet("20 03 00 87 00"));
  CHECK(encode(Version::V311, connack) == packet("20 02 00 05"));
  const auto got = decode_connack(Version::V5, 0, hex("01 87 00"));
  REQUIRE(got);
  CHECK_FALSE(got->session_present);
}

TEST_CASE("a CONNACK of the wrong length is refused and never read past its end") {
  const auto decode = [](Version version) {
    return [version](Bytes body) { return decode_connack(version, 0, body); };
  };
  check_every_length(body_of(kFull5), decode(Version::V5));
  check_every_length(hex("00 87 00"), decode(Version::V5));
  check_every_length(hex("01 00"), decode(Version::V311));
  check_every_length(hex("00 05"), decode(Version::V31));
}

TEST_CASE("a CONNACK that breaks a rule is refused") {
  struct Vector {
    std::string_view name;
    Version version;
    std::uint8_t flags;
    std::string_view body;
    ReasonCode reason;
  };
  constexpr Vector kVectors[] = {
      {"fixed header flags [MQTT-2.1.3-1]", Version::V5, 1, "00 00 00",
       ReasonCode::MalformedPacket},
      {"fixed header flags [MQTT-2.2.2-2@3.1.1]", Version::V311, 2, "00 00",
       ReasonCode::MalformedPacket},
      {"a reserved acknowledge flag [MQTT-3.2.2-1]", Version::V5, 0, "02 00 00",
       ReasonCode::MalformedPacket},
      {"a reserved acknowledge flag", Version::V311, 0, "80 00", ReasonCode::MalformedPacket},
      {"a code that is not CONNACK's [MQTT-3.2.2-8]", Version::V5, 0, "00 8e 00",
       ReasonCode::ProtocolError},
      {"a code that does not exist [MQTT-3.2.2-8]", Version::V5, 0, "00 01 00",
       ReasonCode::ProtocolError},
      {"return code 6", Version::V311, 0, "00 06", ReasonCode::ProtocolError},
      {"return code 0x87", Version::V31, 0, "00 87", ReasonCode::ProtocolError},
      {"property of another packet", Version::V5, 0, "00 00 02 17 00", ReasonCode::MalformedPacket},
  };
  for (const Vector& v : kVectors) {
    CAPTURE(v.name);
    const auto got = decode_connack(v.version, v.flags, hex(v.body));
    REQUIRE_FALSE(got);
    CHECK(got.error() == v.reason);
  }
}
