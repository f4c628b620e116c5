#include "broker/wire/reader.hpp"

#include <doctest/doctest.h>

#include "tests/unit/wire/packets.hpp"

using namespace midge;
using namespace midge::wire;
using midge::test::dump;
using midge::test::hex;

TEST_CASE("a Reader takes the data types one behind the other") {
  const auto bytes = hex("01  02 03  04 05 06 07  80 01  00 02 c3 a4  00 03 00 ff 80  aa bb  cc");
  Reader in(bytes);
  CHECK(in.byte() == 0x01);
  CHECK(in.two_byte_integer() == 0x0203);
  CHECK(in.four_byte_integer() == 0x04050607);
  CHECK(in.variable_byte_integer() == 128);
  CHECK(in.utf8_string() == "\xC3\xA4");
  CHECK(dump(in.binary_data()) == "00 ff 80");
  CHECK(dump(in.take(2)) == "aa bb");
  CHECK(dump(in.rest()) == "cc");
  CHECK_FALSE(in.at_end());
  CHECK(in.byte() == 0xCC);
  CHECK(in.at_end());
  CHECK(in.ok());
}

TEST_CASE("a Reader that failed stays failed and yields zeros and empty views") {
  const auto bytes = hex("ff ff ff ff ff ff");
  Reader in(bytes);
  CHECK(in.take(7).empty());
  CHECK_FALSE(in.ok());
  CHECK(in.at_end());
  CHECK(in.rest().empty());
  CHECK(in.byte() == 0);
  CHECK(in.two_byte_integer() == 0);
  CHECK(in.four_byte_integer() == 0);
  CHECK(in.variable_byte_integer() == 0);
  CHECK(in.utf8_string().empty());
  CHECK(in.binary_data().empty());
  CHECK(in.take(0).empty());
  CHECK_FALSE(in.ok());
}

TEST_CASE("a Reader does not read past its end") {
  const auto fails = [](std::string_view text, auto read) {
    const auto bytes = hex(text);
    Reader in(bytes);
    read(in);
    return !in.ok();
  };
  CHECK(fails("", [](Reader& in) { CHECK(in.byte() == 0); }));
  CHECK(fails("", [](Reader& in) { CHECK(in.two_byte_integer() == 0); }));
  CHECK(fails("01", [](Reader& in) { CHECK(in.two_byte_integer() == 0); }));
  CHECK(fails("01", [](Reader& in) { CHECK(in.four_byte_integer() == 0); }));
  CHECK(fails("01 02", [](Reader& in) { CHECK(in.four_byte_integer() == 0); }));
  CHECK(fails("01 02 03", [](Reader& in) { CHECK(in.four_byte_integer() == 0); }));
  CHECK(fails("00", [](Reader& in) { CHECK(in.utf8_string().empty()); }));
  CHECK(fails("00 02 61", [](Reader& in) { CHECK(in.utf8_string().empty()); }));
  CHECK(fails("00 02 61", [](Reader& in) { CHECK(in.binary_data().empty()); }));
  CHECK(fails("ff ff 61", [](Reader& in) { CHECK(in.binary_data().empty()); }));
}

TEST_CASE("a variable byte integer has one to four bytes") {
  struct Vector {
    std::string_view bytes;
    std::uint32_t value;
  };
  constexpr Vector kVectors[] = {
      {"00", 0},
      {"7f", 127},
      {"80 01", 128},
      {"ff 7f", 16'383},
      {"80 80 01", 16'384},
      {"ff ff 7f", 2'097'151},
      {"80 80 80 01", 2'097'152},
      {"ff ff ff 7f", 268'435'455},
  };
  for (const Vector& v : kVectors) {
    CAPTURE(v.bytes);
    const auto bytes = hex(v.bytes);
    Reader in(bytes);
    CHECK(in.variable_byte_integer() == v.value);
    CHECK(in.ok());
    CHECK(in.at_end());
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      const auto prefix = midge::test::copy_of(Bytes(bytes).first(size));
      Reader cut(prefix);
      CHECK(cut.variable_byte_integer() == 0);
      CHECK_FALSE(cut.ok());
    }
  }
}

TEST_CASE(
    "a variable byte integer that is not minimal or has five bytes is refused "
    "[MQTT-1.5.5-1]") {
  for (const std::string_view text :
       {"80 00", "ff 00", "80 80 00", "ff ff 00", "80 80 80 00", "ff ff ff 00", "80 80 80 80 01",
        "ff ff ff ff 7f", "80 80 80 80 00"}) {
    CAPTURE(text);
    const auto bytes = hex(text);
    Reader in(bytes);
    CHECK(in.variable_byte_integer() == 0);
    CHECK_FALSE(in.ok());
  }
}

TEST_CASE("a string with a byte-order mark keeps it [MQTT-1.5.4-3] [MQTT-1.5.3-3@3.1.1]") {
  const auto bytes = hex("00 04 ef bb bf 61");
  Reader in(bytes);
  CHECK(in.utf8_string() ==
        "\xEF\xBB\xBF"
        "a");
  CHECK(in.ok());
}

TEST_CASE("a string that is not well-formed fails its Reader; binary data may be anything") {
  for (const std::string_view text : {"00 01 00", "00 01 ff", "00 02 c0 80", "00 03 ed a0 80"}) {
    CAPTURE(text);
    const auto bytes = hex(text);
    Reader in(bytes);
    CHECK(in.utf8_string().empty());
    CHECK_FALSE(in.ok());
    Reader binary(bytes);
    CHECK(binary.binary_data().size() == bytes.size() - 2);
    CHECK(binary.ok());
  }
}

TEST_CASE("a string may have 65,535 bytes") {
  std::vector<std::uint8_t> bytes(2 + 65'535, 'a');
  bytes[0] = bytes[1] = 0xFF;
  Reader in(bytes);
  CHECK(in.utf8_string().size() == 65'535);
  CHECK(in.ok());
  bytes.back() = 0;
  Reader with_nul(bytes);
  CHECK(with_nul.utf8_string().empty());
  CHECK_FALSE(with_nul.ok());
}
