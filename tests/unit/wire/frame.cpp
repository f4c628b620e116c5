#include "broker/wire/frame.hpp"

#include <doctest/doctest.h>

#include "tests/unit/wire/packets.hpp"

using namespace midge;
using namespace midge::wire;
using midge::test::copy_of;
using midge::test::encoded;
using midge::test::hex;

TEST_CASE("a fixed header is read at every size of Remaining Length") {
  struct Vector {
    std::string_view bytes;
    std::uint32_t remaining_length;
  };
  constexpr Vector kVectors[] = {
      {"3b 00", 0},
      {"3b 7f", 127},
      {"3b 80 01", 128},
      {"3b ff 7f", 16'383},
      {"3b 80 80 01", 16'384},
      {"3b ff ff 7f", 2'097'151},
      {"3b 80 80 80 01", 2'097'152},
      {"3b ff ff ff 7f", 268'435'455},
  };
  for (const Vector& v : kVectors) {
    CAPTURE(v.bytes);
    const auto bytes = hex(v.bytes);
    const auto check = [&](Bytes stream) {
      const auto [framing, header] = read_fixed_header(stream);
      REQUIRE(framing == Framing::Frame);
      CHECK(header.type == PacketType::Publish);
      CHECK(header.flags == 0xB);
      CHECK(header.remaining_length == v.remaining_length);
      CHECK(header.header_bytes == bytes.size());
    };
    check(bytes);
    auto with_body = bytes;
    with_body.push_back(0xFF);
    check(copy_of(with_body));
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      const auto prefix = copy_of(Bytes(bytes).first(size));
      CHECK(read_fixed_header(prefix).framing == Framing::NeedMore);
    }
    CHECK(encoded([&](Writer& out) {
            write_fixed_header(out, PacketType::Publish, 0xB, v.remaining_length);
          }) == v.bytes);
  }
}

TEST_CASE("a malformed fixed header is told from one that is not complete") {
  struct Vector {
    std::string_view name;
    std::string_view bytes;
  };
  constexpr Vector kVectors[] = {
      {"packet type 0", "00 00"},
      {"packet type 0, with nothing behind it yet", "0f"},
      {"0 in two bytes [MQTT-1.5.5-1]", "30 80 00"},
      {"127 in two bytes [MQTT-1.5.5-1]", "30 ff 00"},
      {"0 in three bytes [MQTT-1.5.5-1]", "30 80 80 00"},
      {"0 in four bytes [MQTT-1.5.5-1]", "30 80 80 80 00"},
      {"a fourth byte that announces a fifth", "30 80 80 80 80"},
      {"five bytes", "30 ff ff ff ff 01"},
  };
  for (const Vector& v : kVectors) {
    CAPTURE(v.name);
    CHECK(read_fixed_header(hex(v.bytes)).framing == Framing::Malformed);
  }
}

TEST_CASE("a Remaining Length that does not exist is not written") {
  std::vector<std::uint8_t> buffer(16);
  Writer out(buffer);
  write_fixed_header(out, PacketType::Publish, 0, 268'435'456);
  CHECK_FALSE(out.ok());
}

TEST_CASE(
    "the flags are what the spec tabulates "
    "[MQTT-2.1.3-1] [MQTT-3.6.1-1] [MQTT-3.8.1-1] [MQTT-3.10.1-1] [MQTT-3.14.1-1] "
    "[MQTT-3.15.1-1] [MQTT-2.2.2-2@3.1.1]") {
  struct Row {
    PacketType type;
    int flags;  // the only value, or -1 when any is left to the packet's decoder
    int flags31;
  };
  constexpr Row kRows[] = {
      {PacketType::Connect, 0, 0},   {PacketType::Connack, 0, 0},
      {PacketType::Publish, -1, -1}, {PacketType::Puback, 0, 0},
      {PacketType::Pubrec, 0, 0},    {PacketType::Pubrel, 2, -1},
      {PacketType::Pubcomp, 0, 0},   {PacketType::Subscribe, 2, -1},
      {PacketType::Suback, 0, 0},    {PacketType::Unsubscribe, 2, -1},
      {PacketType::Unsuback, 0, 0},  {PacketType::Pingreq, 0, 0},
      {PacketType::Pingresp, 0, 0},  {PacketType::Disconnect, 0, 0},
      {PacketType::Auth, 0, 0},
  };
  for (const Row& row : kRows) {
    for (std::uint8_t flags = 0; flags < 16; ++flags) {
      CAPTURE(row.type);
      CAPTURE(flags);
      const bool valid = row.flags == -1 || row.flags == flags;
      CHECK(flags_are_valid(Version::V5, row.type, flags) == valid);
      CHECK(flags_are_valid(Version::V311, row.type, flags) == valid);
      const bool valid31 = row.flags31 == -1 || row.flags31 == flags;
      CHECK(flags_are_valid(Version::V31, row.type, flags) == valid31);
    }
  }
}
