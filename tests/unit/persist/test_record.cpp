// The records of docs/persistence.md, byte by byte.
#include <doctest/doctest.h>

#include <vector>

#include "broker/persist/record.hpp"
#include "tests/support/hex.hpp"

using namespace midge;
using persist::Decoded;
using persist::Record;
using persist::RecordType;
using test::hex;

namespace {

std::vector<std::uint8_t> encoded(const Record& record) {
  std::vector<std::uint8_t> bytes(persist::encoded_bytes(record));
  CHECK(persist::encode(record, bytes.data()) == bytes.data() + bytes.size());
  return bytes;
}

struct Vector {
  Record record;
  const char* bytes;
};

const Vector kVectors[] = {
    {{.type = RecordType::Session,
      .owner = 1,
      .message = 7,
      .numbers = {3'600, 90, 258, 1},
      .texts = {"ab", "me"}},
     "01 0D 01 07 90 1C 5A 82 02 01 02 61 62 6D 65"},
    {{.type = RecordType::OwnerEnded, .owner = 300}, "02 02 AC 02"},
    {{.type = RecordType::SessionAway, .owner = 1, .numbers = {128}}, "03 03 01 80 01"},
    {{.type = RecordType::Subscribed, .owner = 1, .numbers = {0x2D, 5}, .texts = {"a/#"}},
     "04 06 01 2D 05 61 2F 23"},
    {{.type = RecordType::Unsubscribed, .owner = 1, .texts = {"a"}}, "05 02 01 61"},
    {{.type = RecordType::Message, .message = 7, .numbers = {3, 0, 9}, .texts = {"t", "", "pq"}},
     "06 09 07 03 00 09 01 74 00 70 71"},
    {{.type = RecordType::Queued, .owner = 2, .message = 7, .numbers = {1}, .texts = {"\x05"}},
     "07 04 02 07 01 05"},
    {{.type = RecordType::Launched, .owner = 2, .message = 7, .numbers = {65'535, 9}},
     "08 06 02 07 FF FF 03 09"},
    {{.type = RecordType::Received, .owner = 2, .numbers = {1}}, "09 02 02 01"},
    {{.type = RecordType::Done, .owner = 2, .numbers = {1}}, "0A 02 02 01"},
    {{.type = RecordType::Discarded, .owner = 2, .message = 7, .numbers = {5}}, "0B 03 02 07 05"},
    {{.type = RecordType::InboundOpened, .owner = 2, .numbers = {1}}, "0C 02 02 01"},
    {{.type = RecordType::InboundClosed, .owner = 2, .numbers = {1}}, "0D 02 02 01"},
    {{.type = RecordType::Retained, .message = 7}, "0E 01 07"},
    {{.type = RecordType::RetainedGone, .texts = {"t"}}, "0F 01 74"},
    {{.type = RecordType::Will, .owner = 2, .message = 7, .numbers = {30, 0}}, "10 04 02 07 1E 00"},
    {{.type = RecordType::WillGone, .owner = 2}, "11 01 02"},
    {{.type = RecordType::Released, .numbers = {7}}, "13 01 07"},
    {{.type = RecordType::Group, .owner = 3, .texts = {"$share/g/a"}},
     "12 0B 03 24 73 68 61 72 65 2F 67 2F 61"},
};

}  // namespace

TEST_CASE("every type of record, byte by byte, both ways") {
  CHECK(std::size(kVectors) == persist::kRecordTypes - 1);
  for (const Vector& vector : kVectors) {
    CAPTURE(vector.bytes);
    const std::vector<std::uint8_t> bytes = hex(vector.bytes);
    CHECK(encoded(vector.record) == bytes);
    Bytes rest = bytes;
    Record record;
    REQUIRE(persist::decode(rest, record) == Decoded::Record);
    CHECK(rest.empty());
    CHECK(record.type == vector.record.type);
    CHECK(record.owner == vector.record.owner);
    CHECK(record.message == vector.record.message);
    CHECK(record.numbers == vector.record.numbers);
    CHECK(record.texts == vector.record.texts);
  }
}

TEST_CASE("every prefix of a record is damaged, and so is a length that reaches beyond the frame") {
  for (const Vector& vector : kVectors) {
    const std::vector<std::uint8_t> bytes = hex(vector.bytes);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      CAPTURE(vector.bytes);
      CAPTURE(size);
      const std::vector<std::uint8_t> prefix(bytes.begin(),
                                             bytes.begin() + static_cast<std::ptrdiff_t>(size));
      Bytes rest = prefix;
      Record record;
      CHECK(persist::decode(rest, record) == Decoded::Damaged);
      CHECK(rest.empty());
    }
  }
}

TEST_CASE("a record whose fields are longer than it is damaged; the one behind it is not") {
  const auto bytes = hex("01 06 01 00 00 00 00 02 0B 03 02 07 05");
  Bytes rest = bytes;
  Record record;
  CHECK(persist::decode(rest, record) == Decoded::Damaged);
  CHECK(persist::decode(rest, record) == Decoded::Record);
  CHECK(record.type == RecordType::Discarded);
}

TEST_CASE("a record of the future is passed by, and one that says more is read as far as known") {
  const auto bytes = hex("14 03 01 02 03 00 00 0E 03 07 AA BB 11 01 02");
  Bytes rest = bytes;
  Record record;
  CHECK(persist::decode(rest, record) == Decoded::Unknown);
  CHECK(persist::decode(rest, record) == Decoded::Unknown);
  REQUIRE(persist::decode(rest, record) == Decoded::Record);
  CHECK(record.message == 7);
  REQUIRE(persist::decode(rest, record) == Decoded::Record);
  CHECK(record.type == RecordType::WillGone);
  CHECK(rest.empty());
}

TEST_CASE("the largest numbers, and one that does not fit") {
  const Record largest{.type = RecordType::Retained, .message = ~persist::MessageNumber{0}};
  const auto bytes = hex("0E 0A FF FF FF FF FF FF FF FF FF 01");
  CHECK(encoded(largest) == bytes);
  Bytes rest = bytes;
  Record record;
  REQUIRE(persist::decode(rest, record) == Decoded::Record);
  CHECK(record.message == ~persist::MessageNumber{0});
  const auto too_large = hex("0E 0A FF FF FF FF FF FF FF FF FF 02");
  rest = too_large;
  CHECK(persist::decode(rest, record) == Decoded::Damaged);
  const auto large_owner = hex("02 05 80 80 80 80 10");
  rest = large_owner;
  CHECK(persist::decode(rest, record) == Decoded::Damaged);
  const auto endless = hex("0E 0B 80 80 80 80 80 80 80 80 80 80 00");
  rest = endless;
  CHECK(persist::decode(rest, record) == Decoded::Damaged);
}

TEST_CASE("a payload is written behind its record by the caller") {
  const Record record{.type = RecordType::Message, .message = 7, .texts = {"t"}};
  std::vector<std::uint8_t> bytes(persist::encoded_bytes(record, 200));
  CHECK(bytes.size() == 1 + 2 + 7 + 200);
  CHECK(persist::encode(record, bytes.data(), 200) == bytes.data() + 10);
  CHECK(std::vector<std::uint8_t>(bytes.begin(), bytes.begin() + 10) ==
        hex("06 CF 01 07 00 00 00 01 74 00"));
}
