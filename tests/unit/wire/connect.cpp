#include "broker/wire/connect.hpp"

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

constexpr std::string_view kFull31 =
    "10 20  00 06 4d 51 49 73 64 70 03 ee 00 3c"
    "00 02 63 31  00 01 77  00 03 62 79 65  00 03 61 64 61  00 01 70";
constexpr std::string_view kFull311 =
    "10 1e  00 04 4d 51 54 54 04 f6 00 3c"
    "00 02 63 31  00 01 77  00 03 62 79 65  00 03 61 64 61  00 01 70";
constexpr std::string_view kFull5 =
    "10 5f  00 04 4d 51 54 54 05 ce 00 3c"
    "24  11 00 00 00 0a  22 00 0a  15 00 01 6d  16 00 02 00 ff  27 00 00 01 00  21 00 14"
    "    17 00  19 01  26 00 01 61 00 01 62"
    "00 02 63 31"
    "1d  01 01  02 00 00 00 3c  03 00 01 74  08 00 01 72  09 00 01 fe  18 00 00 00 05"
    "    26 00 00 00 00"
    "00 01 77  00 03 00 ff 80  00 01 75  00 01 70";

constexpr std::string_view kSmallest31 = "10 0f  00 06 4d 51 49 73 64 70 03 02 00 00  00 01 63";
constexpr std::string_view kSmallest311 = "10 0c  00 04 4d 51 54 54 04 02 00 00  00 00";
constexpr std::string_view kSmallest5 = "10 0d  00 04 4d 51 54 54 05 00 ff ff 00  00 00";

Result<Connect, ConnectError> decode(Bytes body) {
  return decode_connect(0, body);
}

void check_encodes_to(const Connect& connect, std::string_view text) {
  CHECK(encoded([&](Writer& out) { encode_connect(out, connect); }) == packet(text));
}

}  // namespace

TEST_CASE("the smallest CONNECT of each version is read and written") {
  const auto body31 = body_of(kSmallest31);
  const auto got31 = decode(body31);
  REQUIRE(got31);
  CHECK(got31->version == Version::V31);
  CHECK_FALSE(got31->bridge);
  CHECK(got31->clean_start);
  CHECK(got31->keep_alive == 0);
  CHECK(got31->client_id == "c");
  CHECK_FALSE(got31->will);
  CHECK_FALSE(got31->user_name);
  CHECK_FALSE(got31->password);
  check_encodes_to(*got31, kSmallest31);

  const auto body311 = body_of(kSmallest311);
  const auto got311 = decode(body311);
  REQUIRE(got311);
  CHECK(got311->version == Version::V311);
  CHECK(got311->client_id.empty());
  check_encodes_to(*got311, kSmallest311);

  const auto body5 = body_of(kSmallest5);
  const auto got5 = decode(body5);
  REQUIRE(got5);
  CHECK(got5->version == Version::V5);
  CHECK_FALSE(got5->clean_start);
  CHECK(got5->keep_alive == 65'535);
  check_encodes_to(*got5, kSmallest5);
}

TEST_CASE("a CONNECT with everything is read and written, before 5.0 [MQTT-3.1.3-1@3.1.1]") {
  const auto body31 = body_of(kFull31);
  const auto got31 = decode(body31);
  REQUIRE(got31);
  CHECK(got31->version == Version::V31);
  REQUIRE(got31->will);
  CHECK(got31->will->qos == QoS::AtLeastOnce);
  CHECK(got31->will->retain);
  check_encodes_to(*got31, kFull31);

  const auto body311 = body_of(kFull311);
  const auto got311 = decode(body311);
  REQUIRE(got311);
  CHECK(got311->version == Version::V311);
  CHECK(got311->clean_start);
  CHECK(got311->keep_alive == 60);
  CHECK(got311->client_id == "c1");
  REQUIRE(got311->will);
  CHECK(got311->will->topic_name == "w");
  CHECK(as_text(got311->will->payload) == "bye");
  CHECK(got311->will->qos == QoS::ExactlyOnce);
  CHECK(got311->will->retain);
  CHECK(got311->user_name == "ada");
  REQUIRE(got311->password);
  CHECK(as_text(*got311->password) == "p");
  check_encodes_to(*got311, kFull311);
}

TEST_CASE(
    "a 5.0 CONNECT with everything is read and written "
    "[MQTT-3.1.3-1] [MQTT-3.1.2-9] [MQTT-3.1.2-17] [MQTT-3.1.2-19]") {
  const auto body = body_of(kFull5);
  const auto got = decode(body);
  REQUIRE(got);
  CHECK(got->version == Version::V5);
  CHECK(got->clean_start);
  CHECK(got->keep_alive == 60);
  CHECK(got->client_id == "c1");
  const Properties& properties = got->properties;
  CHECK(properties.session_expiry_interval == 10U);
  CHECK(properties.topic_alias_maximum == 10);
  CHECK(properties.authentication_method == "m");
  REQUIRE(properties.authentication_data);
  CHECK(dump(*properties.authentication_data) == "00 ff");
  CHECK(properties.maximum_packet_size == 256U);
  CHECK(properties.receive_maximum == 20);
  CHECK(properties.request_problem_information == 0);
  CHECK(properties.request_response_information == 1);
  std::size_t offset = 0;
  const auto user_property = properties.section.next_user_property(offset);
  REQUIRE(user_property);
  CHECK(user_property->name == "a");
  CHECK(user_property->value == "b");
  REQUIRE(got->will);
  CHECK(got->will->topic_name == "w");
  CHECK(dump(got->will->payload) == "00 ff 80");
  CHECK(got->will->qos == QoS::AtLeastOnce);
  CHECK_FALSE(got->will->retain);
  CHECK(got->will->properties.will_delay_interval == 5U);
  CHECK(got->will->properties.content_type == "t");
  CHECK(got->will->properties.forwarded_bytes == 2 + 4 + 4 + 4 + 5);
  CHECK(got->user_name == "u");
  REQUIRE(got->password);
  CHECK(as_text(*got->password) == "p");
  check_encodes_to(*got, kFull5);
}

TEST_CASE("a level with the bridge bit is a bridge's") {
  constexpr std::string_view kBridge31 = "10 0f  00 06 4d 51 49 73 64 70 83 02 00 00  00 01 63";
  constexpr std::string_view kBridge311 = "10 0d  00 04 4d 51 54 54 84 02 00 00  00 01 63";
  const auto body31 = body_of(kBridge31);
  const auto got31 = decode(body31);
  REQUIRE(got31);
  CHECK(got31->version == Version::V31);
  CHECK(got31->bridge);
  check_encodes_to(*got31, kBridge31);
  const auto body311 = body_of(kBridge311);
  const auto got311 = decode(body311);
  REQUIRE(got311);
  CHECK(got311->version == Version::V311);
  CHECK(got311->bridge);
  check_encodes_to(*got311, kBridge311);
}

TEST_CASE("a CONNECT of the wrong length is refused and never read past its end") {
  check_every_length(body_of(kSmallest31), decode);
  check_every_length(body_of(kSmallest311), decode);
  check_every_length(body_of(kSmallest5), decode);
  check_every_length(body_of(kFull311), decode);
  check_every_length(body_of(kFull5), decode);
  // In 3.1 the user name and the password may be missing; see below.
  check_every_length(body_of(kFull31), decode, {24, 29});
}

TEST_CASE("in 3.1 the Remaining Length takes precedence over the flags of user name and password") {
  const auto neither_body = hex("00 06 4d 51 49 73 64 70 03 c2 00 00  00 01 63");
  const auto neither = decode(neither_body);
  REQUIRE(neither);
  CHECK_FALSE(neither->user_name);
  CHECK_FALSE(neither->password);
  const auto no_password_body = hex("00 06 4d 51 49 73 64 70 03 c2 00 00  00 01 63  00 01 75");
  const auto no_password = decode(no_password_body);
  REQUIRE(no_password);
  CHECK(no_password->user_name == "u");
  CHECK_FALSE(no_password->password);
}

TEST_CASE("3.1 does not judge the flag that it leaves unused") {
  CHECK(decode(hex("00 06 4d 51 49 73 64 70 03 03 00 00  00 01 63")));
}

TEST_CASE("a password may stand without a user name in 5.0 only [MQTT-3.1.2-22@3.1.1]") {
  constexpr std::string_view kPasswordOnly =
      "10 10  00 04 4d 51 54 54 05 40 00 00 00  00 00  00 01 70";
  const auto body = body_of(kPasswordOnly);
  const auto got = decode(body);
  REQUIRE(got);
  CHECK_FALSE(got->user_name);
  REQUIRE(got->password);
  check_encodes_to(*got, kPasswordOnly);

  Connect connect = *got;
  connect.version = Version::V311;
  connect.clean_start = true;
  check_encodes_to(connect, kSmallest311);
}

TEST_CASE(
    "a CONNECT of an unknown protocol is told from one of an unknown level "
    "[MQTT-3.1.2-1] [MQTT-3.1.2-2]") {
  struct Vector {
    std::string_view name;
    std::string_view body;
    bool unsupported_level;
  };
  constexpr Vector kVectors[] = {
      {"another name", "00 04 4d 51 54 53 04 02 00 00  00 01 63", false},
      {"the name in lower case", "00 04 6d 71 74 74 04 02 00 00  00 01 63", false},
      {"a name that is longer", "00 05 4d 51 54 54 20 04 02 00 00  00 01 63", false},
      {"no name", "00 00 04 02 00 00  00 01 63", false},
      {"MQTT at level 3", "00 04 4d 51 54 54 03 02 00 00  00 01 63", true},
      {"MQTT at level 6", "00 04 4d 51 54 54 06 02 00 00  00 01 63", true},
      {"MQTT at level 0", "00 04 4d 51 54 54 00 02 00 00  00 01 63", true},
      {"MQTT at level 5 with the bridge bit", "00 04 4d 51 54 54 85 02 00 00 00  00 01 63", true},
      {"MQTT at level 3 with the bridge bit", "00 04 4d 51 54 54 83 02 00 00  00 01 63", true},
      {"MQIsdp at level 4", "00 06 4d 51 49 73 64 70 04 02 00 00  00 01 63", true},
      {"MQIsdp at level 4 with the bridge bit", "00 06 4d 51 49 73 64 70 84 02 00 00  00 01 63",
       true},
      {"an unknown level with a body that only that level knows", "00 04 4d 51 54 54 06 ff", true},
  };
  for (const Vector& v : kVectors) {
    CAPTURE(v.name);
    const auto got = decode(hex(v.body));
    REQUIRE_FALSE(got);
    CHECK(got.error().reason == ReasonCode::UnsupportedProtocolVersion);
    CHECK_FALSE(got.error().version);
    CHECK(got.error().unsupported_level == v.unsupported_level);
  }
}

TEST_CASE("a CONNECT that ends before its level has no version to answer in") {
  for (const std::string_view text :
       {"", "00", "00 04 4d 51 54", "00 04 4d 51 54 54", "00 01 ff 04"}) {
    CAPTURE(text);
    const auto got = decode(hex(text));
    REQUIRE_FALSE(got);
    CHECK(got.error().reason == ReasonCode::MalformedPacket);
    CHECK_FALSE(got.error().version);
    CHECK_FALSE(got.error().unsupported_level);
  }
}

TEST_CASE("a malformed CONNECT is refused in its version") {
  struct Vector {
    std::string_view name;
    Version version;
    std::string_view body;
    ReasonCode reason = ReasonCode::MalformedPacket;
  };
  constexpr Vector kVectors[] = {
      {"reserved flag [MQTT-3.1.2-3@3.1.1]", Version::V311,
       "00 04 4d 51 54 54 04 03 00 00  00 01 63"},
      {"reserved flag [MQTT-3.1.2-3]", Version::V5, "00 04 4d 51 54 54 05 03 00 00 00  00 01 63"},
      {"will QoS 1 without will [MQTT-3.1.2-13@3.1.1]", Version::V311,
       "00 04 4d 51 54 54 04 0a 00 00  00 01 63"},
      {"will QoS 2 without will [MQTT-3.1.2-11]", Version::V5,
       "00 04 4d 51 54 54 05 12 00 00 00  00 01 63"},
      {"will QoS 1 without will", Version::V31, "00 06 4d 51 49 73 64 70 03 0a 00 00  00 01 63"},
      {"will retain without will [MQTT-3.1.2-15@3.1.1]", Version::V311,
       "00 04 4d 51 54 54 04 22 00 00  00 01 63"},
      {"will retain without will [MQTT-3.1.2-13]", Version::V5,
       "00 04 4d 51 54 54 05 22 00 00 00  00 01 63"},
      {"will QoS 3 [MQTT-3.1.2-14@3.1.1]", Version::V311,
       "00 04 4d 51 54 54 04 1e 00 00  00 01 63  00 01 77  00 00"},
      {"will QoS 3 [MQTT-3.1.2-12]", Version::V5,
       "00 04 4d 51 54 54 05 1e 00 00 00  00 01 63  00  00 01 77  00 00"},
      {"will QoS 3", Version::V31,
       "00 06 4d 51 49 73 64 70 03 1e 00 00  00 01 63  00 01 77  00 00"},
      {"password without user name [MQTT-3.1.2-22@3.1.1]", Version::V311,
       "00 04 4d 51 54 54 04 42 00 00  00 01 63  00 01 70"},
      {"password without user name", Version::V31,
       "00 06 4d 51 49 73 64 70 03 42 00 00  00 01 63  00 01 70"},
      {"client id not UTF-8 [MQTT-3.1.3-4@3.1.1]", Version::V311,
       "00 04 4d 51 54 54 04 02 00 00  00 01 ff"},
      {"client id not UTF-8 [MQTT-3.1.3-4]", Version::V5,
       "00 04 4d 51 54 54 05 02 00 00 00  00 01 ff"},
      {"will topic not UTF-8 [MQTT-3.1.3-10@3.1.1]", Version::V311,
       "00 04 4d 51 54 54 04 06 00 00  00 01 63  00 01 ff  00 00"},
      {"will topic not UTF-8 [MQTT-3.1.3-11]", Version::V5,
       "00 04 4d 51 54 54 05 06 00 00 00  00 01 63  00  00 01 ff  00 00"},
      {"user name not UTF-8 [MQTT-3.1.3-11@3.1.1]", Version::V311,
       "00 04 4d 51 54 54 04 82 00 00  00 01 63  00 01 ff"},
      {"user name not UTF-8 [MQTT-3.1.3-12]", Version::V5,
       "00 04 4d 51 54 54 05 82 00 00 00  00 01 63  00 01 ff"},
      {"user name behind the end [MQTT-3.1.2-19@3.1.1]", Version::V311,
       "00 04 4d 51 54 54 04 82 00 00  00 01 63"},
      {"password behind the end [MQTT-3.1.2-21@3.1.1]", Version::V311,
       "00 04 4d 51 54 54 04 c2 00 00  00 01 63  00 01 75"},
      {"a user name that no flag announces [MQTT-3.1.2-18@3.1.1]", Version::V311,
       "00 04 4d 51 54 54 04 02 00 00  00 01 63  00 01 75"},
      {"a user name that no flag announces [MQTT-3.1.2-16]", Version::V5,
       "00 04 4d 51 54 54 05 02 00 00 00  00 01 63  00 01 75"},
      {"half a user name in 3.1", Version::V31,
       "00 06 4d 51 49 73 64 70 03 82 00 00  00 01 63  00"},
      {"property of another packet", Version::V5,
       "00 04 4d 51 54 54 05 02 00 00 02 01 01  00 01 63", ReasonCode::MalformedPacket},
      {"Receive Maximum 0", Version::V5, "00 04 4d 51 54 54 05 02 00 00 03 21 00 00  00 01 63",
       ReasonCode::ProtocolError},
      {"Authentication Data without a method", Version::V5,
       "00 04 4d 51 54 54 05 02 00 00 03 16 00 00  00 01 63", ReasonCode::ProtocolError},
      {"Will Delay Interval among the properties of the CONNECT", Version::V5,
       "00 04 4d 51 54 54 05 06 00 00 05 18 00 00 00 01  00 01 63  00  00 01 77  00 00",
       ReasonCode::MalformedPacket},
      {"Topic Alias among the properties of the will", Version::V5,
       "00 04 4d 51 54 54 05 06 00 00 00  00 01 63  03 23 00 01  00 01 77  00 00",
       ReasonCode::MalformedPacket},
      {"a wildcard in the will's Response Topic [MQTT-3.3.2-14]", Version::V5,
       "00 04 4d 51 54 54 05 06 00 00 00  00 01 63  04 08 00 01 2b  00 01 77  00 00",
       ReasonCode::MalformedPacket},
      {"an empty will topic [MQTT-4.7.3-1]", Version::V5,
       "00 04 4d 51 54 54 05 06 00 00 00  00 01 63  00  00 00  00 00", ReasonCode::MalformedPacket},
      {"an empty will topic [MQTT-4.7.3-1@3.1.1]", Version::V311,
       "00 04 4d 51 54 54 04 06 00 00  00 01 63  00 00  00 00", ReasonCode::MalformedPacket},
      {"a wildcard in the will topic [MQTT-4.7.0-1]", Version::V5,
       "00 04 4d 51 54 54 05 06 00 00 00  00 01 63  00  00 01 23  00 00",
       ReasonCode::MalformedPacket},
      {"a wildcard in the will topic", Version::V31,
       "00 06 4d 51 49 73 64 70 03 06 00 00  00 01 63  00 03 61 2f 2b  00 00",
       ReasonCode::MalformedPacket},
      {"a wildcard in the will topic, and a byte too many", Version::V311,
       "00 04 4d 51 54 54 04 06 00 00  00 01 63  00 01 23  00 00  00"},
  };
  for (const Vector& v : kVectors) {
    CAPTURE(v.name);
    CAPTURE(v.version);
    const auto got = decode(hex(v.body));
    REQUIRE_FALSE(got);
    CHECK(got.error().reason == v.reason);
    CHECK(got.error().version == v.version);
    CHECK_FALSE(got.error().unsupported_level);
  }
}

TEST_CASE("flags in a CONNECT's fixed header are malformed [MQTT-2.1.3-1]") {
  for (std::uint8_t flags = 1; flags < 16; ++flags) {
    for (const std::string_view text : {kSmallest31, kSmallest311, kSmallest5}) {
      const auto got = decode_connect(flags, body_of(text));
      REQUIRE_FALSE(got);
      CHECK(got.error().reason == ReasonCode::MalformedPacket);
      CHECK(got.error().version);
    }
  }
}

TEST_CASE("5,000 User Properties in a CONNECT are taken") {
  std::vector<std::uint8_t> body = hex("00 04 4d 51 54 54 05 02 00 00  b8 91 02");
  for (int i = 0; i < 5'000; ++i) {
    const auto property = hex("26 00 01 61 00 01 62");
    body.insert(body.end(), property.begin(), property.end());
  }
  body.insert(body.end(), {0x00, 0x00});
  const auto got = decode(body);
  REQUIRE(got);
  int count = 0;
  std::size_t offset = 0;
  while (got->properties.section.next_user_property(offset)) ++count;
  CHECK(count == 5'000);
  std::vector<std::uint8_t> again(body.size() + 4);
  Writer out(again);
  encode_connect(out, *got);
  REQUIRE(out.ok());
  CHECK(std::equal(body.begin(), body.end(), out.written().begin() + 4, out.written().end()));
}
