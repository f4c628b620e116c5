#include "broker/wire/protocol.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

using namespace midge::wire;

TEST_CASE("each packet has the reason codes that its own section lists") {
  struct Row {
    PacketType type;
    std::vector<int> codes;
  };
  const std::vector<int> publish_answers = {0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99};
  const std::vector<Row> rows = {
      {PacketType::Connect, {}},
      {PacketType::Connack,  // section 3.2.2.2
       {0x00, 0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89,
        0x8A, 0x8C, 0x90, 0x95, 0x97, 0x99, 0x9A, 0x9B, 0x9C, 0x9D, 0x9F}},
      {PacketType::Publish, {}},
      {PacketType::Puback, publish_answers},
      {PacketType::Pubrec, publish_answers},
      {PacketType::Pubrel, {0x00, 0x92}},
      {PacketType::Pubcomp, {0x00, 0x92}},
      {PacketType::Subscribe, {}},
      {PacketType::Suback,  // section 3.9.3
       {0x00, 0x01, 0x02, 0x80, 0x83, 0x87, 0x8F, 0x91, 0x97, 0x9E, 0xA1, 0xA2}},
      {PacketType::Unsubscribe, {}},
      {PacketType::Unsuback, {0x00, 0x11, 0x80, 0x83, 0x87, 0x8F, 0x91}},
      {PacketType::Pingreq, {}},
      {PacketType::Pingresp, {}},
      {PacketType::Disconnect,  // section 3.14.2.1, and 0x8C, which table 2-6 alone has
       {0x00, 0x04, 0x80, 0x81, 0x82, 0x83, 0x87, 0x89, 0x8B, 0x8C, 0x8D, 0x8E, 0x8F, 0x90, 0x93,
        0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9A, 0x9B, 0x9C, 0x9D, 0x9E, 0x9F, 0xA0, 0xA1, 0xA2}},
      {PacketType::Auth, {0x00, 0x18, 0x19}},
  };
  for (const Row& row : rows) {
    for (int code = 0; code < 256; ++code) {
      CAPTURE(row.type);
      CAPTURE(code);
      const bool listed = std::find(row.codes.begin(), row.codes.end(), code) != row.codes.end();
      CHECK(is_listed_reason(row.type, static_cast<ReasonCode>(code)) == listed);
    }
  }
}

TEST_CASE("reasons and packets have names for logs") {
  CHECK(reason_name(ReasonCode::Success) == "success");
  CHECK(reason_name(ReasonCode::DisconnectWithWill) == "disconnect with will message");
  CHECK(reason_name(ReasonCode::NotAuthorized) == "not authorized");
  CHECK(reason_name(ReasonCode::WildcardSubscriptionsNotSupported) ==
        "wildcard subscriptions not supported");
  CHECK(reason_name(static_cast<ReasonCode>(0x03)) == "unknown reason");
  CHECK(reason_name(static_cast<ReasonCode>(0xFF)) == "unknown reason");
  CHECK(packet_name(PacketType::Connect) == "CONNECT");
  CHECK(packet_name(PacketType::Unsuback) == "UNSUBACK");
  CHECK(packet_name(PacketType::Auth) == "AUTH");
  CHECK(packet_name(static_cast<PacketType>(0)) == "RESERVED");
  CHECK(packet_name(static_cast<PacketType>(16)) == "RESERVED");
}

TEST_CASE("a reason is an error from 0x80 on") {
  CHECK_FALSE(is_error(ReasonCode::Success));
  CHECK_FALSE(is_error(static_cast<ReasonCode>(0x7F)));
  CHECK(is_error(ReasonCode::UnspecifiedError));
  CHECK(is_error(static_cast<ReasonCode>(0xFF)));
}
