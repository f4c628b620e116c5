#include "broker/wire/subscribe.hpp"

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

constexpr std::string_view kFull5 =
    "a2 12  12 34  07 26 00 01 6e 00 01 76  00 03 61 2f 23  00 01 62";
constexpr std::string_view kFull311 = "a2 0a  12 34  00 03 61 2f 23  00 01 62";

std::vector<std::string_view> filters_of(const FilterList& unsubscribe) {
  std::vector<std::string_view> filters;
  std::size_t offset = 0;
  while (const auto filter = unsubscribe.next(offset)) filters.push_back(filter->filter);
  CHECK(offset == unsubscribe.entries.size());
  CHECK(filters.size() == unsubscribe.count);
  return filters;
}

void check_round_trip(Version version, std::string_view text) {
  CAPTURE(text);
  const auto body = body_of(text);
  const auto got = decode_unsubscribe(version, body);
  REQUIRE(got);
  CHECK(got->packet_id == 0x1234);
  const auto filters = filters_of(*got);
  REQUIRE(filters.size() == 2);
  CHECK(filters[0] == "a/#");
  CHECK(filters[1] == "b");
  CHECK(encoded([&](Writer& out) {
          encode_unsubscribe(out, version, got->packet_id, got->properties, filters);
        }) == packet(text));
}

}  // namespace

TEST_CASE("an UNSUBSCRIBE of each version is read and written") {
  check_round_trip(Version::V31, kFull311);
  check_round_trip(Version::V311, kFull311);
  check_round_trip(Version::V5, kFull5);
}

TEST_CASE("an UNSUBSCRIBE of the wrong length is refused and never read past its end") {
  const auto decode = [](Version version) {
    return [version](Bytes body) { return decode_unsubscribe(version, body); };
  };
  // Behind the first filter a packet with one filter would end.
  check_every_length(body_of(kFull5), decode(Version::V5), {2 + 8 + 5});
  check_every_length(body_of(kFull311), decode(Version::V311), {2 + 5});
  check_every_length(body_of(kFull311), decode(Version::V31), {2 + 5});
}

TEST_CASE("an UNSUBSCRIBE that breaks a rule is refused") {
  struct Vector {
    std::string_view name;
    Version version;
    std::string_view body;
    ReasonCode reason;
  };
  constexpr Vector kVectors[] = {
      {"half a packet identifier", Version::V311, "12", ReasonCode::MalformedPacket},
      {"no filter [MQTT-3.10.3-2]", Version::V5, "12 34 00", ReasonCode::ProtocolError},
      {"no filter [MQTT-3.10.3-2@3.1.1]", Version::V311, "12 34", ReasonCode::ProtocolError},
      {"packet identifier 0 [MQTT-2.2.1-3]", Version::V5, "00 00 00 00 01 62",
       ReasonCode::ProtocolError},
      {"packet identifier 0 [MQTT-2.3.1-1@3.1.1]", Version::V311, "00 00 00 01 62",
       ReasonCode::ProtocolError},
      {"filter not UTF-8 [MQTT-3.10.3-1]", Version::V5, "12 34 00 00 01 ff",
       ReasonCode::MalformedPacket},
      {"filter not UTF-8 [MQTT-3.10.3-1@3.1.1]", Version::V311, "12 34 00 01 ff",
       ReasonCode::MalformedPacket},
      {"Subscription Identifier", Version::V5, "12 34 02 0b 01 00 01 62",
       ReasonCode::MalformedPacket},
  };
  for (const Vector& v : kVectors) {
    CAPTURE(v.name);
    const auto got = decode_unsubscribe(v.version, hex(v.body));
    REQUIRE_FALSE(got);
    CHECK(got.error() == v.reason);
  }
}

TEST_CASE("a walk over filters ends where they end") {
  const FilterList nothing{.type = PacketType::Unsubscribe};
  std::size_t offset = 0;
  CHECK_FALSE(nothing.next(offset));
  offset = 100;
  CHECK_FALSE(nothing.next(offset));

  const auto cut_off = hex("00 02 62");
  const FilterList nonsense{.type = PacketType::Unsubscribe, .entries = cut_off};
  offset = 0;
  CHECK_FALSE(nonsense.next(offset));
}
