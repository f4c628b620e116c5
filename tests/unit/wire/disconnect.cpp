#include "broker/wire/disconnect.hpp"

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

std::string encode(Version version, const Disconnect& disconnect) {
  return encoded([&](Writer& out) { encode_disconnect(out, version, disconnect); });
}

std::string encode(const Auth& auth) {
  return encoded([&](Writer& out) { encode_auth(out, auth); });
}

constexpr std::string_view kFullDisconnect =
    "e0 16  9d  14  11 00 00 00 0a  1c 00 01 73  1f 00 01 72  26 00 01 6e 00 01 76";
constexpr std::string_view kFullAuth =
    "f0 16  18  14  15 00 01 6d  16 00 02 00 ff  1f 00 01 72  26 00 01 6e 00 01 76";

}  // namespace

TEST_CASE("a 5.0 DISCONNECT is read and written at each of its lengths [MQTT-2.2.2-1]") {
  const auto normal = decode_disconnect(Version::V5, hex(""));
  REQUIRE(normal);
  CHECK(normal->reason == ReasonCode::NormalDisconnection);
  CHECK(encode(Version::V5, *normal) == packet("e0 00"));

  const auto with_will = decode_disconnect(Version::V5, hex("04"));
  REQUIRE(with_will);
  CHECK(with_will->reason == ReasonCode::DisconnectWithWill);
  CHECK(encode(Version::V5, *with_will) == packet("e0 01 04"));

  const auto expiry = hex("00 05 11 00 00 00 0a");
  const auto with_expiry = decode_disconnect(Version::V5, expiry);
  REQUIRE(with_expiry);
  CHECK(with_expiry->reason == ReasonCode::NormalDisconnection);
  CHECK(with_expiry->properties.session_expiry_interval == 10U);
  CHECK(encode(Version::V5, *with_expiry) == packet("e0 07 00 05 11 00 00 00 0a"));

  const auto body = body_of(kFullDisconnect);
  const auto got = decode_disconnect(Version::V5, body);
  REQUIRE(got);
  CHECK(got->reason == ReasonCode::ServerMoved);
  CHECK(got->properties.server_reference == "s");
  CHECK(got->properties.reason_string == "r");
  CHECK(encode(Version::V5, *got) == packet(kFullDisconnect));
}

TEST_CASE("a DISCONNECT before 5.0 has no body") {
  for (const auto version : {Version::V31, Version::V311}) {
    REQUIRE(decode_disconnect(version, hex("")));
    const auto got = decode_disconnect(version, hex("00"));
    REQUIRE_FALSE(got);
    CHECK(got.error() == ReasonCode::MalformedPacket);
    Disconnect disconnect;
    disconnect.reason = ReasonCode::NotAuthorized;
    CHECK(encode(version, disconnect) == packet("e0 00"));
  }
}

TEST_CASE("a 5.0 AUTH is read and written") {
  const auto success = decode_auth(hex(""));
  REQUIRE(success);
  CHECK(success->reason == ReasonCode::Success);
  CHECK(encode(*success) == packet("f0 00"));

  const auto body = body_of(kFullAuth);
  const auto got = decode_auth(body);
  REQUIRE(got);
  CHECK(got->reason == ReasonCode::ContinueAuthentication);
  CHECK(got->properties.authentication_method == "m");
  REQUIRE(got->properties.authentication_data);
  CHECK(dump(*got->properties.authentication_data) == "00 ff");
  CHECK(got->properties.reason_string == "r");
  CHECK(encode(*got) == packet(kFullAuth));

  Auth again;
  again.reason = ReasonCode::ReAuthenticate;
  CHECK(encode(again) == packet("f0 02 19 00"));
}

TEST_CASE("a DISCONNECT or AUTH of the wrong length is refused and never read past its end") {
  check_every_length(body_of(kFullDisconnect),
                     [](Bytes body) { return decode_disconnect(Version::V5, body); }, {0, 1});
  check_every_length(body_of(kFullAuth), [](Bytes body) { return decode_auth(body); }, {0});
}

TEST_CASE("a DISCONNECT that breaks a rule is refused") {
  struct Vector {
    std::string_view name;
    std::string_view body;
    ReasonCode reason;
  };
  constexpr Vector kVectors[] = {
      {"a code that does not exist [MQTT-3.14.2-1]", "01", ReasonCode::ProtocolError},
      {"CONNACK's code [MQTT-3.14.2-1]", "84", ReasonCode::ProtocolError},
      {"property of another packet", "00 03 21 00 01", ReasonCode::MalformedPacket},
      {"two Session Expiry Intervals", "00 0a 11 00 00 00 01 11 00 00 00 01",
       ReasonCode::ProtocolError},
      {"Property Length not minimal [MQTT-1.5.5-1]", "00 80 00", ReasonCode::MalformedPacket},
  };
  for (const Vector& v : kVectors) {
    CAPTURE(v.name);
    const auto got = decode_disconnect(Version::V5, hex(v.body));
    REQUIRE_FALSE(got);
    CHECK(got.error() == v.reason);
  }
}

TEST_CASE("an AUTH that breaks a rule is refused") {
  struct Vector {
    std::string_view name;
    std::string_view body;
    ReasonCode reason;
  };
  constexpr Vector kVectors[] = {
      {"a code that is not AUTH's [MQTT-3.15.2-1]", "87 00", ReasonCode::ProtocolError},
      {"Authentication Data without a method", "18 04 16 00 01 00", ReasonCode::ProtocolError},
      {"two methods", "18 08 15 00 01 6d 15 00 01 6d", ReasonCode::ProtocolError},
      {"a reason without Property Length", "00", ReasonCode::MalformedPacket},
      {"property of another packet", "18 02 17 01", ReasonCode::MalformedPacket},
  };
  for (const Vector& v : kVectors) {
    CAPTURE(v.name);
    const auto got = decode_auth(hex(v.body));
    REQUIRE_FALSE(got);
    CHECK(got.error() == v.reason);
  }
}

TEST_CASE("pings have no body") {
  CHECK(encoded([](Writer& out) { encode_ping(out, PacketType::Pingreq); }) == packet("c0 00"));
  CHECK(encoded([](Writer& out) { encode_ping(out, PacketType::Pingresp); }) == packet("d0 00"));
  CHECK(ping_is_valid({}));
  CHECK_FALSE(ping_is_valid(hex("00")));
}
