// The bytes of docs/persistence.md, written out.
#include <doctest/doctest.h>

#include <algorithm>

#include "broker/persist/crc32c.hpp"
#include "broker/persist/format.hpp"
#include "tests/support/hex.hpp"

using namespace midge;
using test::hex;

TEST_CASE("CRC-32C of the vectors of RFC 3720, appendix B.4") {
  std::vector<std::uint8_t> rising(32);
  for (std::size_t i = 0; i < rising.size(); ++i) rising[i] = static_cast<std::uint8_t>(i);
  CHECK(persist::crc32c(std::vector<std::uint8_t>(32, 0x00)) == 0x8A9136AA);
  CHECK(persist::crc32c(std::vector<std::uint8_t>(32, 0xFF)) == 0x62A8AB43);
  CHECK(persist::crc32c(rising) == 0x46DD794E);
  CHECK(persist::crc32c(as_bytes("123456789")) == 0xE3069283);
  CHECK(persist::crc32c(as_bytes("6789"), persist::crc32c(as_bytes("12345"))) == 0xE3069283);
}

TEST_CASE("a segment's header, byte by byte") {
  persist::SegmentHeader header{
      .store = 0x11223344, .number = 7, .previous = 5, .oldest = 3, .capacity = 0x0102};
  std::vector<std::uint8_t> bytes(persist::SegmentHeader::kBytes);
  encode(header, bytes.data());
  const auto begin =
      hex("4D 44 47 4A 01 00 00 00 44 33 22 11 07 00 00 00 "
          "05 00 00 00 03 00 00 00 02 01 00 00");
  CHECK(std::equal(begin.begin(), begin.end(), bytes.begin()));
  CHECK(persist::crc32c(begin) == header.crc);

  const auto read = persist::decode_segment_header(bytes);
  REQUIRE(read);
  CHECK(read->version == 1);
  CHECK(read->store == 0x11223344);
  CHECK(read->number == 7);
  CHECK(read->previous == 5);
  CHECK(read->oldest == 3);
  CHECK(read->capacity == 0x0102);
  CHECK(read->crc == header.crc);
}

TEST_CASE("a segment's header with any one bit flipped is none") {
  persist::SegmentHeader header{.store = 1, .number = 2, .previous = 1, .oldest = 1};
  std::vector<std::uint8_t> bytes(persist::SegmentHeader::kBytes);
  encode(header, bytes.data());
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    CAPTURE(bit);
    std::vector<std::uint8_t> damaged = bytes;
    damaged[bit / 8] = static_cast<std::uint8_t>(damaged[bit / 8] ^ 1U << bit % 8);
    CHECK_FALSE(persist::decode_segment_header(damaged));
  }
  CHECK_FALSE(persist::decode_segment_header(Bytes(bytes).first(bytes.size() - 1)));
}

TEST_CASE("a header whose numbers make no sense is none, whatever its CRC says") {
  const auto is_header = [](persist::SegmentHeader header) {
    std::vector<std::uint8_t> bytes(persist::SegmentHeader::kBytes);
    encode(header, bytes.data());
    return persist::decode_segment_header(bytes).has_value();
  };
  CHECK(is_header({.number = 1, .previous = 0, .oldest = 1}));
  CHECK(is_header({.number = persist::kLastSegment, .previous = 5, .oldest = 5}));
  CHECK_FALSE(is_header({.number = 0, .previous = 0, .oldest = 0}));
  CHECK_FALSE(is_header({.number = persist::kLastSegment + 1, .previous = 5, .oldest = 5}));
  CHECK_FALSE(is_header({.number = 5, .previous = 5, .oldest = 5}));
  CHECK_FALSE(is_header({.number = 5, .previous = 4, .oldest = 6}));
  CHECK_FALSE(is_header({.number = 5, .previous = 4, .oldest = 0}));
}

TEST_CASE("a frame, byte by byte; its CRC begins with its segment's") {
  std::vector<std::uint8_t> frame = hex("00 00 00 00 00 00 00 00 AA BB CC 00 00 00 00");
  persist::seal({.records_bytes = 3, .more = true, .number = 0x0908}, 0xCAFE, frame.data());
  const auto begin = hex("0F 00 00 80 08 09 00 00 AA BB CC");
  CHECK(std::equal(begin.begin(), begin.end(), frame.begin()));
  const std::uint32_t crc = persist::crc32c(begin, 0xCAFE);
  CHECK(frame[11] == (crc & 0xFFU));
  CHECK(frame[14] == crc >> 24U);

  const auto read = persist::decode_frame_header(frame);
  REQUIRE(read);
  CHECK(read->records_bytes == 3);
  CHECK(read->more);
  CHECK(read->number == 0x0908);
  CHECK(persist::is_intact(*read, 0xCAFE, frame));
  CHECK_FALSE(persist::is_intact(*read, 0xCAFF, frame));
  CHECK_FALSE(persist::is_intact(*read, 0xCAFE, Bytes(frame).first(14)));
  frame[9] = 0xBA;
  CHECK_FALSE(persist::is_intact(*read, 0xCAFE, frame));
}

TEST_CASE("no frame begins with erased bytes, with zeros, or with less than its own length") {
  CHECK_FALSE(persist::decode_frame_header(hex("FF FF FF FF FF FF FF FF")));
  CHECK_FALSE(persist::decode_frame_header(hex("00 00 00 00 00 00 00 00")));
  CHECK_FALSE(persist::decode_frame_header(hex("0B 00 00 00 01 00 00 00")));
  CHECK_FALSE(persist::decode_frame_header(hex("0C 00 00 00 01 00 00")));
  CHECK(persist::decode_frame_header(hex("0C 00 00 00 01 00 00 00")));
}
