#include "broker/wire/writer.hpp"

#include <doctest/doctest.h>

#include "tests/unit/wire/packets.hpp"

using namespace midge;
using namespace midge::wire;
using midge::test::dump;
using midge::test::encoded;
using midge::test::hex;

TEST_CASE("a Writer puts the data types one behind the other") {
  const auto data = hex("00 ff");
  CHECK(encoded([&](Writer& out) {
          out.byte(0x01);
          out.two_byte_integer(0x0203);
          out.four_byte_integer(0x04050607);
          out.variable_byte_integer(128);
          out.utf8_string("\xC3\xA4");
          out.binary_data(data);
          out.raw(data);
          out.raw({});
        }) == "01 02 03 04 05 06 07 80 01 00 02 c3 a4 00 02 00 ff 00 ff");
}

TEST_CASE("a variable byte integer is written in its shortest form [MQTT-1.5.5-1]") {
  struct Vector {
    std::uint32_t value;
    std::string_view bytes;
  };
  constexpr Vector kVectors[] = {
      {0, "00"},
      {127, "7f"},
      {128, "80 01"},
      {16'383, "ff 7f"},
      {16'384, "80 80 01"},
      {2'097'151, "ff ff 7f"},
      {2'097'152, "80 80 80 01"},
      {268'435'455, "ff ff ff 7f"},
  };
  for (const Vector& v : kVectors) {
    CAPTURE(v.value);
    CHECK(encoded([&](Writer& out) { out.variable_byte_integer(v.value); }) == v.bytes);
    CHECK(variable_byte_integer_bytes(v.value) == hex(v.bytes).size());
  }
}

TEST_CASE("what has no encoding overflows") {
  std::vector<std::uint8_t> buffer(70'000);
  const std::vector<std::uint8_t> longest(65'535, 'a');
  const std::vector<std::uint8_t> too_long(65'536, 'a');
  const auto fits = [&](auto write) {
    Writer out(buffer);
    write(out);
    return out.ok();
  };
  CHECK_FALSE(fits([](Writer& out) { out.variable_byte_integer(268'435'456); }));
  CHECK(fits([&](Writer& out) { out.binary_data(longest); }));
  CHECK_FALSE(fits([&](Writer& out) { out.binary_data(too_long); }));
  CHECK(fits([&](Writer& out) { out.utf8_string(as_text(longest)); }));
  CHECK_FALSE(fits([&](Writer& out) { out.utf8_string(as_text(too_long)); }));
}

TEST_CASE("a length is put before what has been written, which makes room for it") {
  const std::vector<std::uint8_t> long_data(128, 'a');
  CHECK(encoded([&](Writer& out) {
          out.byte(0x01);
          const std::size_t start = out.size();
          out.two_byte_integer(0x0203);
          out.insert_length(start);
          out.byte(0x04);
          out.insert_length(out.size());
        }) == "01 02 02 03 04 00");
  const std::string text = encoded([&](Writer& out) {
    out.byte(0x01);
    out.raw(long_data);
    out.insert_length(1);
  });
  CHECK(text.substr(0, 14) == "01 80 01 61 61");
  CHECK(text.size() == 3 * (1 + 2 + 128) - 1);
}

TEST_CASE("a Writer that overflowed stays so, and nothing is written in part") {
  auto buffer = hex("ee ee ee ee");
  Writer out(buffer);
  out.byte(0x01);
  out.four_byte_integer(0x02030405);
  CHECK_FALSE(out.ok());
  out.byte(0x06);
  CHECK_FALSE(out.ok());
  CHECK(dump(buffer) == "01 ee ee ee");

  auto two_bytes = hex("ee ee");
  Writer integer(two_bytes);
  integer.variable_byte_integer(16'384);
  CHECK_FALSE(integer.ok());
  CHECK(dump(two_bytes) == "ee ee");
  Writer text(two_bytes);
  text.utf8_string("a");
  CHECK_FALSE(text.ok());
  CHECK(dump(two_bytes) == "ee ee");
}

TEST_CASE("a Writer without a buffer takes nothing") {
  Writer out({});
  out.raw({});
  CHECK(out.ok());
  CHECK(out.written().empty());
  out.byte(0);
  CHECK_FALSE(out.ok());
}
