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
    "82 17  12 34  0a  0b 80 01  26 00 01 6e 00 01 76  00 03 61 2f 23 2e  00 01 62 11";
constexpr std::string_view kFull311 = "82 0c  12 34  00 03 61 2f 23 02  00 01 62 00";

std::vector<SubscribeEntry> entries_of(const FilterList& subscribe) {
  std::vector<SubscribeEntry> entries;
  std::size_t offset = 0;
  while (const auto entry = subscribe.next(offset)) entries.push_back(*entry);
  CHECK(offset == subscribe.entries.size());
  CHECK(entries.size() == subscribe.count);
  return entries;
}

std::string encode(Version version, const FilterList& subscribe) {
  const auto entries = entries_of(subscribe);
  return encoded([&](Writer& out) {
    encode_subscribe(out, version, subscribe.packet_id, subscribe.properties, entries);
  });
}

}  // namespace

TEST_CASE("a 5.0 SUBSCRIBE is read and written") {
  const auto body = body_of(kFull5);
  const auto got = decode_subscribe(Version::V5, body);
  REQUIRE(got);
  CHECK(got->packet_id == 0x1234);
  CHECK(got->properties.subscription_identifier == 128U);
  CHECK(got->count == 2);
  const auto entries = entries_of(*got);
  REQUIRE(entries.size() == 2);
  CHECK(entries[0].filter == "a/#");
  CHECK(entries[0].options ==
        SubscriptionOptions{QoS::ExactlyOnce, true, true, RetainHandling::DontSend});
  CHECK(entries[1].filter == "b");
  CHECK(entries[1].options ==
        SubscriptionOptions{QoS::AtLeastOnce, false, false, RetainHandling::SendIfNew});
  CHECK(encode(Version::V5, *got) == packet(kFull5));
}

TEST_CASE("a SUBSCRIBE of 3.1 and 3.1.1 is read and written") {
  for (const auto version : {Version::V31, Version::V311}) {
    const auto body = body_of(kFull311);
    const auto got = decode_subscribe(version, body);
    REQUIRE(got);
    CHECK(got->packet_id == 0x1234);
    const auto entries = entries_of(*got);
    REQUIRE(entries.size() == 2);
    CHECK(entries[0].filter == "a/#");
    CHECK(entries[0].options ==
          SubscriptionOptions{QoS::ExactlyOnce, false, false, RetainHandling::Send});
    CHECK(entries[1].filter == "b");
    CHECK(entries[1].options == SubscriptionOptions{});
    CHECK(encode(version, *got) == packet(kFull311));
  }
}

TEST_CASE("before 5.0 a subscription's options are written as its QoS alone") {
  const SubscribeEntry entry{"b", {QoS::AtLeastOnce, true, true, RetainHandling::DontSend}};
  CHECK(encoded([&](Writer& out) {
          encode_subscribe(out, Version::V311, 7, {}, std::span(&entry, 1));
        }) == packet("82 06 00 07 00 01 62 01"));
}

TEST_CASE(
    "every options byte is taken or refused by its own rule "
    "[MQTT-3.8.3-5] [MQTT-3.8.3-4@3.1.1]") {
  for (int options = 0; options < 256; ++options) {
    CAPTURE(options);
    auto body = hex("12 34 00 00 01 62 00");
    body.back() = static_cast<std::uint8_t>(options);
    const auto got = decode_subscribe(Version::V5, body);
    if ((options & 0xC0) != 0) {
      REQUIRE_FALSE(got);
      CHECK(got.error() == ReasonCode::MalformedPacket);
    } else if ((options & 0x03) == 3 || (options & 0x30) == 0x30) {
      REQUIRE_FALSE(got);
      CHECK(got.error() == ReasonCode::ProtocolError);
    } else {
      CHECK(got);
    }

    auto old_body = hex("12 34 00 01 62 00");
    old_body.back() = static_cast<std::uint8_t>(options);
    for (const auto version : {Version::V31, Version::V311}) {
      const auto old = decode_subscribe(version, old_body);
      REQUIRE(old.ok() == (options <= 2));
      if (!old) CHECK(old.error() == ReasonCode::MalformedPacket);
    }
  }
}

TEST_CASE("a SUBSCRIBE of the wrong length is refused and never read past its end") {
  const auto decode = [](Version version) {
    return [version](Bytes body) { return decode_subscribe(version, body); };
  };
  // Behind the first filter a packet with one filter would end.
  check_every_length(body_of(kFull5), decode(Version::V5), {2 + 11 + 6});
  check_every_length(body_of(kFull311), decode(Version::V311), {2 + 6});
  check_every_length(body_of(kFull311), decode(Version::V31), {2 + 6});
}

TEST_CASE("a SUBSCRIBE that breaks a rule is refused") {
  struct Vector {
    std::string_view name;
    Version version;
    std::string_view body;
    ReasonCode reason;
  };
  constexpr Vector kVectors[] = {
      {"half a packet identifier", Version::V311, "12", ReasonCode::MalformedPacket},
      {"no filter [MQTT-3.8.3-2]", Version::V5, "12 34 00", ReasonCode::ProtocolError},
      {"no filter [MQTT-3.8.3-3@3.1.1]", Version::V311, "12 34", ReasonCode::ProtocolError},
      {"no filter", Version::V31, "12 34", ReasonCode::ProtocolError},
      {"packet identifier 0 [MQTT-2.2.1-3]", Version::V5, "00 00 00 00 01 62 00",
       ReasonCode::ProtocolError},
      {"packet identifier 0 [MQTT-2.3.1-1@3.1.1]", Version::V311, "00 00 00 01 62 00",
       ReasonCode::ProtocolError},
      {"filter not UTF-8 [MQTT-3.8.3-1]", Version::V5, "12 34 00 00 01 ff 00",
       ReasonCode::MalformedPacket},
      {"filter not UTF-8 [MQTT-3.8.3-1@3.1.1]", Version::V311, "12 34 00 01 ff 00",
       ReasonCode::MalformedPacket},
      {"the second filter not UTF-8", Version::V5, "12 34 00 00 01 62 00 00 01 ff 00",
       ReasonCode::MalformedPacket},
      {"NUL in the filter [MQTT-4.7.3-2]", Version::V5, "12 34 00 00 01 00 00",
       ReasonCode::MalformedPacket},
      {"Subscription Identifier 0", Version::V5, "12 34 02 0b 00 00 01 62 00",
       ReasonCode::ProtocolError},
      {"two Subscription Identifiers", Version::V5, "12 34 04 0b 01 0b 02 00 01 62 00",
       ReasonCode::ProtocolError},
      {"Subscription Identifier not minimal [MQTT-1.5.5-1]", Version::V5,
       "12 34 03 0b 81 00 00 01 62 00", ReasonCode::MalformedPacket},
      {"property of another packet", Version::V5, "12 34 04 1f 00 01 72 00 01 62 00",
       ReasonCode::MalformedPacket},
  };
  for (const Vector& v : kVectors) {
    CAPTURE(v.name);
    const auto got = decode_subscribe(v.version, hex(v.body));
    REQUIRE_FALSE(got);
    CHECK(got.error() == v.reason);
  }
}

TEST_CASE("an empty filter is left to the caller") {
  const auto body = hex("12 34 00 00 00 00");
  const auto got = decode_subscribe(Version::V5, body);
  REQUIRE(got);
  const auto entries = entries_of(*got);
  REQUIRE(entries.size() == 1);
  CHECK(entries[0].filter.empty());
}

TEST_CASE("a walk over entries ends where they end") {
  const FilterList nothing;
  std::size_t offset = 0;
  CHECK_FALSE(nothing.next(offset));
  offset = 100;
  CHECK_FALSE(nothing.next(offset));

  const auto cut_off = hex("00 01 62");
  FilterList nonsense;
  nonsense.entries = cut_off;
  offset = 0;
  CHECK_FALSE(nonsense.next(offset));
}
