#include "broker/wire/property.hpp"

#include <doctest/doctest.h>

#include "tests/unit/wire/packets.hpp"

using namespace midge;
using namespace midge::wire;
using midge::test::copy_of;
using midge::test::dump;
using midge::test::encoded;
using midge::test::hex;

namespace {

struct Place {
  PropertyPlace place;
  std::string_view name;
};

constexpr Place kPlaces[] = {
    {PropertyPlace::Connect, "CONNECT"},   {PropertyPlace::Connack, "CONNACK"},
    {PropertyPlace::Publish, "PUBLISH"},   {PropertyPlace::Puback, "PUBACK"},
    {PropertyPlace::Pubrec, "PUBREC"},     {PropertyPlace::Pubrel, "PUBREL"},
    {PropertyPlace::Pubcomp, "PUBCOMP"},   {PropertyPlace::Subscribe, "SUBSCRIBE"},
    {PropertyPlace::Suback, "SUBACK"},     {PropertyPlace::Unsubscribe, "UNSUBSCRIBE"},
    {PropertyPlace::Unsuback, "UNSUBACK"}, {PropertyPlace::Disconnect, "DISCONNECT"},
    {PropertyPlace::Auth, "AUTH"},         {PropertyPlace::Will, "Will"},
};

// MQTT 5.0 table 2-4, with a value for each.
struct Sample {
  std::string_view bytes;
  std::string_view places;
};

constexpr Sample kSamples[] = {
    {"01 01", "PUBLISH, Will"},
    {"02 00 00 00 3c", "PUBLISH, Will"},
    {"03 00 01 74", "PUBLISH, Will"},
    {"08 00 01 72", "PUBLISH, Will"},
    {"09 00 02 00 ff", "PUBLISH, Will"},
    {"0b ff ff ff 7f", "PUBLISH, SUBSCRIBE"},
    {"11 ff ff ff ff", "CONNECT, CONNACK, DISCONNECT"},
    {"12 00 01 63", "CONNACK"},
    {"13 00 3c", "CONNACK"},
    {"15 00 01 6d", "CONNECT, CONNACK, AUTH"},
    {"16 00 02 00 ff", "CONNECT, CONNACK, AUTH"},
    {"17 01", "CONNECT"},
    {"18 00 00 00 05", "Will"},
    {"19 01", "CONNECT"},
    {"1a 00 01 69", "CONNACK"},
    {"1c 00 01 73", "CONNACK, DISCONNECT"},
    {"1f 00 01 72", "CONNACK, PUBACK, PUBREC, PUBREL, PUBCOMP, SUBACK, UNSUBACK, DISCONNECT, AUTH"},
    {"21 00 14", "CONNECT, CONNACK"},
    {"22 00 0a", "CONNECT, CONNACK"},
    {"23 00 07", "PUBLISH"},
    {"24 01", "CONNACK"},
    {"25 00", "CONNACK"},
    {"26 00 01 6e 00 01 76",
     "CONNECT, CONNACK, PUBLISH, Will, PUBACK, PUBREC, PUBREL, PUBCOMP, SUBSCRIBE, SUBACK, "
     "UNSUBSCRIBE, UNSUBACK, DISCONNECT, AUTH"},
    {"27 00 1e 84 80", "CONNECT, CONNACK"},
    {"28 00", "CONNACK"},
    {"29 00", "CONNACK"},
    {"2a 00", "CONNACK"},
};

// "CONNECT, CONNACK" names both, and not "CONN".
bool names(std::string_view places, std::string_view place) {
  while (!places.empty()) {
    const auto comma = std::min(places.find(','), places.size());
    if (places.substr(0, comma) == place) return true;
    places.remove_prefix(std::min(comma + 2, places.size()));
  }
  return false;
}

// Authentication Data does not stand alone.
std::string what_it_needs(const Sample& sample) {
  return hex(sample.bytes)[0] == 0x16 ? "15 00 01 6d " : "";
}

// `properties` with their length before them.
std::vector<std::uint8_t> section(std::string_view properties) {
  const auto bytes = hex(properties);
  std::vector<std::uint8_t> whole(bytes.size() + 4);
  Writer out(whole);
  out.variable_byte_integer(static_cast<std::uint32_t>(bytes.size()));
  out.raw(bytes);
  return copy_of(out.written());
}

ReasonCode read_error(PropertyPlace place, Bytes bytes) {
  Reader in(bytes);
  const auto got = read_properties(in, place);
  CHECK(got.ok() == in.ok());
  return got ? ReasonCode::Success : got.error();
}

}  // namespace

TEST_CASE("a property is taken where table 2-4 has it and malformed elsewhere") {
  for (const Sample& sample : kSamples) {
    for (const Place& place : kPlaces) {
      CAPTURE(sample.bytes);
      CAPTURE(place.name);
      if (names(sample.places, place.name)) {
        const auto bytes = section(what_it_needs(sample) + std::string(sample.bytes));
        CHECK(read_error(place.place, bytes) == ReasonCode::Success);
      } else {
        const auto bytes = section(sample.bytes);
        CHECK(read_error(place.place, bytes) == ReasonCode::MalformedPacket);
      }
    }
  }
}

TEST_CASE(
    "a property that stands twice is a Protocol Error, but for User Properties and a "
    "PUBLISH's Subscription Identifiers") {
  for (const Sample& sample : kSamples) {
    for (const Place& place : kPlaces) {
      if (!names(sample.places, place.name)) continue;
      CAPTURE(sample.bytes);
      CAPTURE(place.name);
      const std::uint8_t id = hex(sample.bytes)[0];
      const bool repeats = id == 0x26 || (id == 0x0B && place.place == PropertyPlace::Publish);
      const auto bytes = section(what_it_needs(sample).append(sample.bytes).append(sample.bytes));
      CHECK(read_error(place.place, bytes) ==
            (repeats ? ReasonCode::Success : ReasonCode::ProtocolError));
    }
  }
}

TEST_CASE("a property that is cut off is malformed") {
  for (const Sample& sample : kSamples) {
    for (const Place& place : kPlaces) {
      if (!names(sample.places, place.name)) continue;
      CAPTURE(sample.bytes);
      CAPTURE(place.name);
      const std::string needed = what_it_needs(sample);
      const auto whole = section(needed + std::string(sample.bytes));
      // The Property Length says more than there is.
      for (std::size_t size = 0; size < whole.size(); ++size) {
        CHECK(read_error(place.place, copy_of(Bytes(whole).first(size))) ==
              ReasonCode::MalformedPacket);
      }
      // The Property Length ends inside the property, with more of the packet behind it.
      for (std::size_t size = 1 + hex(needed).size() + 1; size < whole.size(); ++size) {
        auto bytes = whole;
        bytes[0] = static_cast<std::uint8_t>(size - 1);
        CHECK(read_error(place.place, bytes) == ReasonCode::MalformedPacket);
      }
    }
  }
}

TEST_CASE("a property number that does not exist is malformed") {
  for (int id = 0; id < 256; ++id) {
    CAPTURE(id);
    const auto is_it = [id](const Sample& s) { return hex(s.bytes)[0] == id; };
    if (std::any_of(std::begin(kSamples), std::end(kSamples), is_it)) continue;
    const std::vector<std::uint8_t> bytes = {2, static_cast<std::uint8_t>(id), 0};
    for (const Place& place : kPlaces) {
      CHECK(read_error(place.place, bytes) == ReasonCode::MalformedPacket);
    }
  }
}

TEST_CASE("a Property Length is minimal and within the packet [MQTT-1.5.5-1]") {
  for (const std::string_view text : {"", "80", "80 00", "82 00 17 01", "82 80 80 80 00 17 01",
                                      "03 17 01", "7f", "ff ff ff 7f"}) {
    CAPTURE(text);
    CHECK(read_error(PropertyPlace::Connect, hex(text)) == ReasonCode::MalformedPacket);
  }
  const auto empty = hex("00 17");
  Reader in(empty);
  CHECK(read_properties(in, PropertyPlace::Connect));
  CHECK(dump(in.rest()) == "17");
}

TEST_CASE("a property with a value that the spec calls a Protocol Error is one") {
  struct Vector {
    std::string_view name;
    PropertyPlace place;
    std::string_view bytes;
  };
  constexpr Vector kVectors[] = {
      {"Payload Format Indicator 2", PropertyPlace::Publish, "01 02"},
      {"a will's Payload Format Indicator 2", PropertyPlace::Will, "01 02"},
      {"Subscription Identifier 0", PropertyPlace::Subscribe, "0b 00"},
      {"a PUBLISH's Subscription Identifier 0", PropertyPlace::Publish, "0b 00"},
      {"a PUBLISH's second Subscription Identifier 0", PropertyPlace::Publish, "0b 01 0b 00"},
      {"Request Problem Information 2", PropertyPlace::Connect, "17 02"},
      {"Request Response Information 2", PropertyPlace::Connect, "19 02"},
      {"Receive Maximum 0", PropertyPlace::Connect, "21 00 00"},
      {"a server's Receive Maximum 0", PropertyPlace::Connack, "21 00 00"},
      {"Maximum QoS 2", PropertyPlace::Connack, "24 02"},
      {"Retain Available 2", PropertyPlace::Connack, "25 02"},
      {"Maximum Packet Size 0", PropertyPlace::Connect, "27 00 00 00 00"},
      {"a server's Maximum Packet Size 0", PropertyPlace::Connack, "27 00 00 00 00"},
      {"Wildcard Subscription Available 2", PropertyPlace::Connack, "28 02"},
      {"Subscription Identifier Available 2", PropertyPlace::Connack, "29 02"},
      {"Shared Subscription Available 2", PropertyPlace::Connack, "2a 02"},
      {"Authentication Data without a method", PropertyPlace::Connect, "16 00 01 00"},
      {"a server's Authentication Data without a method", PropertyPlace::Connack, "16 00 01 00"},
      {"AUTH's Authentication Data without a method", PropertyPlace::Auth, "16 00 01 00"},
  };
  for (const Vector& v : kVectors) {
    CAPTURE(v.name);
    CHECK(read_error(v.place, section(v.bytes)) == ReasonCode::ProtocolError);
  }
}

TEST_CASE(
    "a property's text is well-formed [MQTT-1.5.4-1] [MQTT-1.5.4-2] [MQTT-1.5.7-1] "
    "[MQTT-3.3.2-13] [MQTT-3.3.2-19]") {
  struct Vector {
    std::string_view name;
    PropertyPlace place;
    std::string_view bytes;
  };
  constexpr Vector kVectors[] = {
      {"Content Type", PropertyPlace::Publish, "03 00 01 ff"},
      {"Response Topic", PropertyPlace::Publish, "08 00 01 ff"},
      {"Assigned Client Identifier", PropertyPlace::Connack, "12 00 01 ff"},
      {"Authentication Method", PropertyPlace::Connect, "15 00 01 ff"},
      {"Response Information", PropertyPlace::Connack, "1a 00 01 ff"},
      {"Server Reference", PropertyPlace::Connack, "1c 00 01 ff"},
      {"Reason String", PropertyPlace::Puback, "1f 00 01 ff"},
      {"User Property's name", PropertyPlace::Connect, "26 00 01 ff 00 01 76"},
      {"User Property's value", PropertyPlace::Connect, "26 00 01 6e 00 01 ff"},
      {"NUL in a User Property's value", PropertyPlace::Connect, "26 00 01 6e 00 01 00"},
  };
  for (const Vector& v : kVectors) {
    CAPTURE(v.name);
    CHECK(read_error(v.place, section(v.bytes)) == ReasonCode::MalformedPacket);
  }
}

TEST_CASE("a Response Topic is a topic name [MQTT-3.3.2-14] [MQTT-4.7.3-1]") {
  for (const auto place : {PropertyPlace::Publish, PropertyPlace::Will}) {
    CHECK(read_error(place, section("08 00 00")) == ReasonCode::MalformedPacket);
    CHECK(read_error(place, section("08 00 01 2b")) == ReasonCode::MalformedPacket);
    CHECK(read_error(place, section("08 00 03 61 2f 23")) == ReasonCode::MalformedPacket);
  }
}

TEST_CASE("the values at the edge of their range are taken") {
  const auto connect = section(
      "11 00 00 00 00  21 00 01  27 00 00 00 01  22 00 00  17 00  19 00  15 00 00  16 00 00");
  Reader in(connect);
  const auto got = read_properties(in, PropertyPlace::Connect);
  REQUIRE(got);
  CHECK(got->session_expiry_interval == 0U);
  CHECK(got->receive_maximum == 1);
  CHECK(got->maximum_packet_size == 1U);
  CHECK(got->topic_alias_maximum == 0);
  CHECK(got->request_problem_information == 0);
  CHECK(got->request_response_information == 0);
  CHECK(got->authentication_method == "");
  REQUIRE(got->authentication_data);
  CHECK(got->authentication_data->empty());

  const auto publish = section("23 00 00  02 00 00 00 00  01 00  0b 01");
  Reader in_publish(publish);
  const auto of_publish = read_properties(in_publish, PropertyPlace::Publish);
  REQUIRE(of_publish);
  CHECK(of_publish->topic_alias == 0);  // the receiver answers 0x94
  CHECK(of_publish->message_expiry_interval == 0U);
  CHECK(of_publish->payload_format_indicator == 0);
  CHECK(of_publish->subscription_identifier == 1U);
}

TEST_CASE("every property of a CONNACK is read and written, in Mosquitto's order") {
  constexpr std::string_view kSection =
      "4c"
      "11 00 00 00 0a"        // Session Expiry Interval
      "13 00 3c"              // Server Keep Alive
      "22 00 0a"              // Topic Alias Maximum
      "12 00 01 63"           // Assigned Client Identifier
      "15 00 01 6d"           // Authentication Method
      "16 00 02 00 ff"        // Authentication Data
      "25 00"                 // Retain Available
      "27 00 1e 84 80"        // Maximum Packet Size
      "21 00 14"              // Receive Maximum
      "24 01"                 // Maximum QoS
      "1a 00 01 69"           // Response Information
      "1c 00 01 73"           // Server Reference
      "1f 00 01 72"           // Reason String
      "28 00"                 // Wildcard Subscription Available
      "29 01"                 // Subscription Identifier Available
      "2a 00"                 // Shared Subscription Available
      "26 00 01 6e 00 01 76"  // User Properties, in their order
      "26 00 01 6d 00 01 76"
      "26 00 01 6e 00 02 76 77";
  const auto bytes = hex(kSection);
  Reader in(bytes);
  const auto got = read_properties(in, PropertyPlace::Connack);
  REQUIRE(got);
  CHECK(in.at_end());
  CHECK(got->session_expiry_interval == 10U);
  CHECK(got->server_keep_alive == 60);
  CHECK(got->topic_alias_maximum == 10);
  CHECK(got->assigned_client_identifier == "c");
  CHECK(got->authentication_method == "m");
  REQUIRE(got->authentication_data);
  CHECK(dump(*got->authentication_data) == "00 ff");
  CHECK(got->retain_available == 0);
  CHECK(got->maximum_packet_size == 2'000'000U);
  CHECK(got->receive_maximum == 20);
  CHECK(got->maximum_qos == 1);
  CHECK(got->response_information == "i");
  CHECK(got->server_reference == "s");
  CHECK(got->reason_string == "r");
  CHECK(got->wildcard_subscription_available == 0);
  CHECK(got->subscription_identifier_available == 1);
  CHECK(got->shared_subscription_available == 0);
  CHECK_FALSE(is_empty(*got));
  CHECK(encoded([&](Writer& out) { write_properties(out, *got); }) == dump(bytes));
}

TEST_CASE("every property of a will is read and written, the common ones by number") {
  constexpr std::string_view kSection =
      "1e"
      "01 01"            // Payload Format Indicator
      "02 00 00 00 3c"   // Message Expiry Interval
      "03 00 01 74"      // Content Type
      "08 00 01 72"      // Response Topic
      "09 00 02 00 ff"   // Correlation Data
      "18 00 00 00 05"   // Will Delay Interval
      "26 00 00 00 00";  // a User Property of nothing
  const auto bytes = hex(kSection);
  Reader in(bytes);
  const auto got = read_properties(in, PropertyPlace::Will);
  REQUIRE(got);
  CHECK(got->payload_format_indicator == 1);
  CHECK(got->message_expiry_interval == 60U);
  CHECK(got->content_type == "t");
  CHECK(got->response_topic == "r");
  REQUIRE(got->correlation_data);
  CHECK(dump(*got->correlation_data) == "00 ff");
  CHECK(got->will_delay_interval == 5U);
  CHECK(encoded([&](Writer& out) { write_properties(out, *got); }) == dump(bytes));
}

TEST_CASE("no properties are a length of 0 [MQTT-2.2.2-1]") {
  CHECK(is_empty({}));
  CHECK(encoded([](Writer& out) { write_properties(out, {}); }) == "00");
}

TEST_CASE("what repeats is walked in its order, whatever stands between") {
  const auto bytes = section(
      "0b 07  26 00 01 61 00 01 31  01 01  0b 80 01  26 00 01 62 00 00  26 00 01 61 00 01 32");
  Reader in(bytes);
  const auto got = read_properties(in, PropertyPlace::Publish);
  REQUIRE(got);
  CHECK(got->subscription_identifier == 7U);

  std::size_t offset = 0;
  CHECK(got->section.next_subscription_identifier(offset) == 7U);
  CHECK(got->section.next_subscription_identifier(offset) == 128U);
  CHECK_FALSE(got->section.next_subscription_identifier(offset));
  CHECK_FALSE(got->section.next_subscription_identifier(offset));

  offset = 0;
  struct Pair {
    std::string_view name, value;
  };
  for (const Pair& want : {Pair{"a", "1"}, Pair{"b", ""}, Pair{"a", "2"}}) {
    const auto property = got->section.next_user_property(offset);
    REQUIRE(property);
    CHECK(property->name == want.name);
    CHECK(property->value == want.value);
  }
  CHECK(offset == got->section.bytes().size());
  CHECK_FALSE(got->section.next_user_property(offset));
  offset = 1'000;
  CHECK_FALSE(got->section.next_user_property(offset));
}

TEST_CASE("a walk over bytes that are no section ends") {
  for (const std::string_view text : {"ff", "26", "26 00 01 61", "26 00 01 61 00 02 31", "09 ff ff",
                                      "00", "0b", "0b 80", "0b 80 00"}) {
    CAPTURE(text);
    const auto bytes = hex(text);
    const PropertySection nonsense{Bytes(bytes)};
    std::size_t offset = 0;
    CHECK_FALSE(nonsense.next_user_property(offset));
    CHECK_FALSE(nonsense.next_subscription_identifier(offset));
    CHECK(offset == 0);
    std::vector<std::uint8_t> copy(16, 0xEE);
    copy_forwarded(nonsense, copy);
    CHECK(copy == std::vector<std::uint8_t>(16, 0xEE));
  }
}

TEST_CASE("several Subscription Identifiers are written from the section, one from its field") {
  const auto several = section("0b 07 0b 80 01");
  Reader in(several);
  auto got = read_properties(in, PropertyPlace::Publish);
  REQUIRE(got);
  CHECK(encoded([&](Writer& out) { write_properties(out, *got); }) == dump(several));
  got->subscription_identifier.reset();
  CHECK(encoded([&](Writer& out) { write_properties(out, *got); }) == "00");

  const auto one = section("0b 07");
  Reader in_one(one);
  auto of_one = read_properties(in_one, PropertyPlace::Publish);
  REQUIRE(of_one);
  of_one->subscription_identifier = 268'435'455;
  CHECK(encoded([&](Writer& out) { write_properties(out, *of_one); }) == "05 0b ff ff ff 7f");
}

TEST_CASE(
    "what a server forwards is copied byte for byte and in its order "
    "[MQTT-3.3.2-4] [MQTT-3.3.2-15] [MQTT-3.3.2-16] [MQTT-3.3.2-17] [MQTT-3.3.2-18] "
    "[MQTT-3.3.2-20]") {
  const auto forwarded = [](PropertyPlace place, std::string_view properties) {
    const auto bytes = section(properties);
    Reader in(bytes);
    const auto got = read_properties(in, place);
    REQUIRE(got);
    std::vector<std::uint8_t> copy(got->forwarded_bytes);
    copy_forwarded(got->section, copy);
    return dump(copy);
  };
  CHECK(forwarded(PropertyPlace::Publish,
                  "26 00 01 61 00 01 31  02 00 00 00 3c  09 00 02 00 ff  23 00 07  0b 80 01 "
                  "08 00 01 72  26 00 01 61 00 01 31  03 00 01 74  01 01") ==
        dump(hex("26 00 01 61 00 01 31  09 00 02 00 ff  08 00 01 72  26 00 01 61 00 01 31 "
                 "03 00 01 74  01 01")));
  CHECK(forwarded(PropertyPlace::Will, "18 00 00 00 05  01 00  02 00 00 00 3c") ==
        dump(hex("01 00")));
  CHECK(forwarded(PropertyPlace::Publish, "23 00 07").empty());
  CHECK(forwarded(PropertyPlace::Publish, "").empty());
}

TEST_CASE("properties behind a decoder that failed are malformed") {
  const auto bytes = hex("00");
  Reader in(bytes);
  in.fail();
  const auto got = read_properties(in, PropertyPlace::Connect);
  REQUIRE_FALSE(got);
  CHECK(got.error() == ReasonCode::MalformedPacket);
}
