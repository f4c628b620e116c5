#include "broker/wire/publish.hpp"

#include <doctest/doctest.h>

#include "tests/unit/wire/packets.hpp"

using namespace midge;
using namespace midge::wire;
using midge::test::body_of;
using midge::test::copy_of;
using midge::test::dump;
using midge::test::encoded;
using midge::test::hex;
using midge::test::packet;

namespace {

// Every property, with two Subscription Identifiers, QoS 2, DUP and RETAIN.
constexpr std::string_view kFull5 =
    "3d 2f  00 03 61 2f 62  12 34"
    "24  01 01  02 00 00 00 3c  03 00 01 74  08 00 01 72  09 00 02 00 ff  0b 07  0b 80 01"
    "    23 00 05  26 00 01 6e 00 02 76 77"
    "68 69 21";

std::string encode(Version version, const Publish& publish) {
  return encoded([&](Writer& out) { encode_publish(out, version, publish); });
}

}  // namespace

TEST_CASE("a 5.0 PUBLISH with everything is read and written") {
  const auto body = body_of(kFull5);
  const auto got = decode_publish(Version::V5, 0xD, body);
  REQUIRE(got);
  CHECK(got->topic_name == "a/b");
  CHECK(as_text(got->payload) == "hi!");
  CHECK(got->packet_id == 0x1234);
  CHECK(got->qos == QoS::ExactlyOnce);
  CHECK(got->dup);
  CHECK(got->retain);
  CHECK(got->properties.payload_format_indicator == 1);
  CHECK(got->properties.message_expiry_interval == 60U);
  CHECK(got->properties.content_type == "t");
  CHECK(got->properties.response_topic == "r");
  REQUIRE(got->properties.correlation_data);
  CHECK(dump(*got->properties.correlation_data) == "00 ff");
  CHECK(got->properties.subscription_identifier == 7U);
  CHECK(got->properties.topic_alias == 5);
  CHECK(got->properties.forwarded_bytes == 2 + 4 + 4 + 5 + 8);
  CHECK(encode(Version::V5, *got) == packet(kFull5));
}

TEST_CASE(
    "a PUBLISH of each version and QoS is read and written "
    "[MQTT-2.2.1-2] [MQTT-2.3.1-5@3.1.1]") {
  struct Vector {
    std::string_view name;
    Version version;
    std::string_view packet;
    QoS qos;
    bool dup;
    bool retain;
  };
  using enum QoS;
  constexpr Vector kVectors[] = {
      {"3.1 QoS 0", Version::V31, "30 04 00 01 61 78", AtMostOnce, false, false},
      {"3.1 QoS 1", Version::V31, "32 06 00 01 61 00 07 78", AtLeastOnce, false, false},
      {"3.1 QoS 2 DUP", Version::V31, "3c 06 00 01 61 00 07 78", ExactlyOnce, true, false},
      {"3.1.1 QoS 0 retained", Version::V311, "31 04 00 01 61 78", AtMostOnce, false, true},
      {"3.1.1 QoS 1 DUP", Version::V311, "3a 06 00 01 61 00 07 78", AtLeastOnce, true, false},
      {"3.1.1 QoS 2", Version::V311, "34 06 00 01 61 00 07 78", ExactlyOnce, false, false},
      {"5.0 QoS 0", Version::V5, "30 05 00 01 61 00 78", AtMostOnce, false, false},
      {"5.0 QoS 1 retained", Version::V5, "33 07 00 01 61 00 07 00 78", AtLeastOnce, false, true},
      {"5.0 QoS 2 DUP retained", Version::V5, "3d 07 00 01 61 00 07 00 78", ExactlyOnce, true,
       true},
  };
  for (const Vector& v : kVectors) {
    CAPTURE(v.name);
    const auto body = body_of(v.packet);
    const auto got =
        decode_publish(v.version, static_cast<std::uint8_t>(hex(v.packet)[0] & 0xF), body);
    REQUIRE(got);
    CHECK(got->topic_name == "a");
    CHECK(as_text(got->payload) == "x");
    CHECK(got->qos == v.qos);
    CHECK(got->dup == v.dup);
    CHECK(got->retain == v.retain);
    CHECK(got->packet_id.has_value() == (v.qos != AtMostOnce));
    CHECK(got->packet_id.value_or(7) == 7);
    CHECK(encode(v.version, *got) == packet(v.packet));
  }
}

TEST_CASE("a PUBLISH is decoded in place as well") {
  const auto body = body_of(kFull5);
  Publish publish;
  REQUIRE(decode_publish(Version::V5, 0xD, body, publish) == ReasonCode::Success);
  CHECK(encode(Version::V5, publish) == packet(kFull5));
  Publish refused;
  CHECK(decode_publish(Version::V5, 0xD, hex("00 01 23 00 07 00"), refused) ==
        ReasonCode::MalformedPacket);
}

TEST_CASE("a payload may be empty, and be anything") {
  const auto empty = decode_publish(Version::V5, 0, hex("00 01 61 00"));
  REQUIRE(empty);
  CHECK(empty->payload.empty());
  const auto body = hex("00 01 61 00 00 ff c0 80");
  const auto got = decode_publish(Version::V5, 0, body);
  REQUIRE(got);
  CHECK(dump(got->payload) == "00 ff c0 80");
}

TEST_CASE("an alias may stand for the topic name in 5.0, 0 as well") {
  const auto body = hex("00 00 03 23 00 00 78");
  const auto got = decode_publish(Version::V5, 0, body);
  REQUIRE(got);
  CHECK(got->topic_name.empty());
  CHECK(got->properties.topic_alias == 0);  // [MQTT-3.3.2-8] is the receiver's: 0x94
}

TEST_CASE("a PUBLISH without QoS is written without DUP [MQTT-3.3.1-2]") {
  Publish publish;
  publish.topic_name = "a";
  publish.dup = true;
  CHECK(encode(Version::V311, publish) == packet("30 03 00 01 61"));
}

TEST_CASE("a malformed PUBLISH is refused and never read past its end") {
  struct Vector {
    std::string_view name;
    Version version;
    std::uint8_t flags;
    std::string_view body;
    ReasonCode reason = ReasonCode::MalformedPacket;
  };
  constexpr Vector kVectors[] = {
      {"both QoS bits [MQTT-3.3.1-4]", Version::V5, 0x6, "00 01 61 00 07 00"},
      {"both QoS bits [MQTT-3.3.1-4@3.1.1]", Version::V311, 0x6, "00 01 61 00 07"},
      {"both QoS bits", Version::V31, 0x6, "00 01 61 00 07"},
      {"DUP with QoS 0 [MQTT-3.3.1-2]", Version::V5, 0x8, "00 01 61 00"},
      {"DUP with QoS 0 [MQTT-3.3.1-2@3.1.1]", Version::V311, 0x8, "00 01 61"},
      {"DUP with QoS 0", Version::V31, 0x8, "00 01 61"},
      {"topic longer than the body", Version::V5, 0x0, "00 05 61 00"},
      {"topic not UTF-8 [MQTT-3.3.2-1]", Version::V5, 0x0, "00 01 ff 00"},
      {"topic not UTF-8 [MQTT-3.3.2-1@3.1.1]", Version::V311, 0x0, "00 01 ff"},
      {"topic with NUL [MQTT-1.5.4-2]", Version::V5, 0x0, "00 01 00 00"},
      {"QoS 1 without room for a packet identifier", Version::V5, 0x2, "00 01 61 00"},
      {"QoS 1 without room for a packet identifier", Version::V311, 0x2, "00 01 61 00"},
      {"QoS 2 without a Property Length", Version::V5, 0x4, "00 01 61 00 07"},
      {"Property Length past the end", Version::V5, 0x0, "00 01 61 03 23 00"},
      {"Property Length not minimal [MQTT-1.5.5-1]", Version::V5, 0x0, "00 01 61 80 00"},
      {"an unknown property", Version::V5, 0x0, "00 01 61 02 04 00"},
      {"packet identifier 0 [MQTT-2.2.1-3]", Version::V5, 0x2, "00 01 61 00 00 00",
       ReasonCode::ProtocolError},
      {"packet identifier 0 [MQTT-2.3.1-1@3.1.1]", Version::V311, 0x4, "00 01 61 00 00",
       ReasonCode::ProtocolError},
      {"an empty topic without alias", Version::V5, 0x0, "00 00 00", ReasonCode::ProtocolError},
      {"an empty topic [MQTT-4.7.3-1@3.1.1]", Version::V311, 0x0, "00 00"},
      {"an empty topic", Version::V31, 0x0, "00 00"},
      {"+ in the topic [MQTT-3.3.2-2]", Version::V5, 0x0, "00 03 61 2f 2b 00",
       ReasonCode::MalformedPacket},
      {"# in the topic [MQTT-3.3.2-2]", Version::V5, 0x0, "00 01 23 00",
       ReasonCode::MalformedPacket},
      {"# in the topic, beside an alias", Version::V5, 0x0, "00 01 23 03 23 00 01",
       ReasonCode::MalformedPacket},
      {"+ in the topic [MQTT-3.3.2-2@3.1.1]", Version::V311, 0x0, "00 02 2b 61",
       ReasonCode::MalformedPacket},
      {"a wildcard in the Response Topic [MQTT-3.3.2-14]", Version::V5, 0x0,
       "00 01 61 04 08 00 01 23", ReasonCode::MalformedPacket},
      {"an empty Response Topic [MQTT-4.7.3-1]", Version::V5, 0x0, "00 01 61 03 08 00 00",
       ReasonCode::MalformedPacket},
      {"two aliases", Version::V5, 0x0, "00 01 61 06 23 00 01 23 00 01", ReasonCode::ProtocolError},
      {"Payload Format Indicator 2", Version::V5, 0x0, "00 01 61 02 01 02",
       ReasonCode::ProtocolError},
      {"property of another packet", Version::V5, 0x0, "00 01 61 05 11 00 00 00 00",
       ReasonCode::MalformedPacket},
  };
  for (const Vector& v : kVectors) {
    CAPTURE(v.name);
    const auto got = decode_publish(v.version, v.flags, hex(v.body));
    REQUIRE_FALSE(got);
    CHECK(got.error() == v.reason);
  }
}

namespace {

// A PUBLISH cut anywhere: within the head it is refused, behind it only the payload is shorter. And
// the head is told from what has come of it.
void check_head(Version version, std::string_view text, std::uint32_t head_bytes) {
  CAPTURE(text);
  const auto flags = static_cast<std::uint8_t>(hex(text)[0] & 0xF);
  const auto body = body_of(text);
  const auto remaining_length = static_cast<std::uint32_t>(body.size());
  for (std::size_t size = 0; size <= body.size(); ++size) {
    CAPTURE(size);
    const auto front = copy_of(Bytes(body).first(size));
    CHECK(decode_publish(version, flags, front).ok() == (size >= head_bytes));

    const std::uint32_t head = measure_publish_head(version, flags, front, remaining_length);
    if (size >= head_bytes) {
      CHECK(head == head_bytes);
      // A Remaining Length that has no room for the head is refused as soon as that is seen.
      for (std::uint32_t length = 0; length < head_bytes; ++length) {
        CHECK(measure_publish_head(version, flags, front, length) == 0);
      }
    } else {
      CHECK(head > size);
      CHECK(head <= head_bytes);
    }
  }
}

}  // namespace

TEST_CASE("the head of a PUBLISH is measured from what has come of it") {
  check_head(Version::V31, "30 05 00 01 61 78 79", 3);
  check_head(Version::V311, "32 07 00 01 61 00 07 78 79", 5);
  check_head(Version::V311, "30 03 00 01 61", 3);
  check_head(Version::V5, "30 06 00 01 61 00 78 79", 4);
  check_head(Version::V5, "34 08 00 01 61 00 07 00 78 79", 6);
  check_head(Version::V5, kFull5, 44);
  // A Property Length of two bytes, 128: one Correlation Data of 125 bytes.
  std::string large = "30 87 01 00 01 61 80 01 09 00 7d";
  for (int i = 0; i < 125; ++i) large += " aa";
  large += " 78 79";
  check_head(Version::V5, large, 133);
}

TEST_CASE("the head of a PUBLISH that can't be is refused") {
  const auto is_refused = [](Version version, std::uint8_t flags, std::string_view text,
                             std::uint32_t remaining_length) {
    return measure_publish_head(version, flags, hex(text), remaining_length) == 0;
  };
  CHECK(is_refused(Version::V5, 0x6, "00 01 61 00 07 00", 6));  // [MQTT-3.3.1-4]
  CHECK(is_refused(Version::V311, 0x0, "", 1));
  CHECK(is_refused(Version::V311, 0x0, "00 02", 3));
  CHECK(is_refused(Version::V311, 0x2, "00 01", 4));
  CHECK(is_refused(Version::V5, 0x0, "00 01", 3));
  CHECK(is_refused(Version::V5, 0x0, "00 01 61 80 00 00", 6));  // [MQTT-1.5.5-1]
  CHECK(is_refused(Version::V5, 0x0, "00 01 61 80 80 80 80 01", 100));
  CHECK(is_refused(Version::V5, 0x0, "00 01 61 ff ff ff ff", 100));
  CHECK_FALSE(is_refused(Version::V5, 0x0, "00 01 61 ff ff ff", 268'435'455));
  CHECK(is_refused(Version::V5, 0x0, "00 01 61 05", 8));
  CHECK_FALSE(is_refused(Version::V5, 0x0, "00 01 61 05", 9));
  CHECK(is_refused(Version::V5, 0x0, "00 01 61 ff ff ff 7f", 268'435'455));
}

TEST_CASE("a head is decoded alone, with an empty payload") {
  const auto body = body_of(kFull5);
  const std::uint32_t head = measure_publish_head(Version::V5, 0xD, body, 47);
  const auto got = decode_publish(Version::V5, 0xD, Bytes(body).first(head));
  REQUIRE(got);
  CHECK(got->topic_name == "a/b");
  CHECK(got->payload.empty());
}

TEST_CASE("a topic name may have 65,535 bytes [MQTT-4.7.3-3]") {
  std::vector<std::uint8_t> body(2 + 65'535, '/');
  body[0] = body[1] = 0xFF;
  const auto got = decode_publish(Version::V311, 0, body);
  REQUIRE(got);
  CHECK(got->topic_name.size() == 65'535);
}
