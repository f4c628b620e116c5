#include "broker/wire/text.hpp"

#include <doctest/doctest.h>

#include "tests/unit/wire/packets.hpp"

using namespace midge;
using namespace midge::wire;
using midge::test::copy_of;
using midge::test::hex;

namespace {

struct Vector {
  std::string_view name;
  std::string_view bytes;
};

// Puts `bytes` between `before` and `after` letters, in a buffer of exactly that size.
std::vector<std::uint8_t> among_letters(std::size_t before, Bytes bytes, std::size_t after) {
  std::vector<std::uint8_t> text(before, 'a');
  text.insert(text.end(), bytes.begin(), bytes.end());
  text.insert(text.end(), after, 'z');
  return copy_of(text);
}

// ASCII is looked at eight bytes at a time: the answer must not depend on where a character is.
void check_everywhere(const Vector& v, bool well_formed) {
  CAPTURE(v.name);
  const auto bytes = hex(v.bytes);
  for (std::size_t before = 0; before <= 17; ++before) {
    for (const std::size_t after : {0U, 1U, 7U, 8U, 16U}) {
      CAPTURE(before);
      CAPTURE(after);
      CHECK(is_well_formed_text(as_text(among_letters(before, bytes, after))) == well_formed);
    }
  }
}

}  // namespace

TEST_CASE("well-formed UTF-8 is taken as it is [MQTT-1.5.4-1] [MQTT-1.5.3-1@3.1.1]") {
  constexpr Vector kVectors[] = {
      {"nothing", ""},
      {"U+0001, the lowest character that may be", "01"},
      {"control characters", "09 0a 0d 1f"},
      {"U+007F", "7f"},
      {"U+0080, the first of two bytes", "c2 80"},
      {"U+009F, a C1 control character", "c2 9f"},
      {"U+07FF, the last of two bytes", "df bf"},
      {"U+0800, the first of three bytes", "e0 a0 80"},
      {"U+0FFF", "e0 bf bf"},
      {"U+1000", "e1 80 80"},
      {"U+CFFF", "ec bf bf"},
      {"U+D7FF, before the surrogates", "ed 9f bf"},
      {"U+E000, after the surrogates", "ee 80 80"},
      {"U+FDD0, a non-character", "ef b7 90"},
      {"U+FEFF, the byte-order mark [MQTT-1.5.4-3]", "ef bb bf"},
      {"U+FFFF, a non-character", "ef bf bf"},
      {"U+10000, the first of four bytes", "f0 90 80 80"},
      {"U+3FFFF", "f0 bf bf bf"},
      {"U+40000", "f1 80 80 80"},
      {"U+FFFFF", "f3 bf bf bf"},
      {"U+10FFFF, the last of all", "f4 8f bf bf"},
      {"one of each length", "61 c3 a4 e2 82 ac f0 9f 98 80"},
  };
  for (const Vector& v : kVectors) check_everywhere(v, true);
}

TEST_CASE("ill-formed UTF-8 is refused [MQTT-1.5.4-1] [MQTT-1.5.3-1@3.1.1]") {
  constexpr Vector kVectors[] = {
      {"a continuation byte alone, lowest", "80"},
      {"a continuation byte alone, highest", "bf"},
      {"a continuation byte too many", "c3 a4 80"},
      {"U+0000 overlong in two bytes", "c0 80"},
      {"U+007F overlong in two bytes", "c1 bf"},
      {"U+07FF overlong in three bytes", "e0 9f bf"},
      {"U+FFFF overlong in four bytes", "f0 8f bf bf"},
      {"U+D800, the first surrogate", "ed a0 80"},
      {"U+DFFF, the last surrogate", "ed bf bf"},
      {"U+10000 as a surrogate pair", "ed a0 80 ed b0 80"},
      {"U+110000, beyond the last character", "f4 90 80 80"},
      {"U+140000, beyond the last character", "f5 80 80 80"},
      {"lead byte of five", "f8 88 80 80 80"},
      {"lead byte of six", "fc 84 80 80 80 80"},
      {"0xFE", "fe"},
      {"0xFF", "ff"},
      {"two bytes, the second missing", "c3"},
      {"two bytes, the second a lead", "c3 c3 a4"},
      {"three bytes, the second missing", "e2"},
      {"three bytes, the second below its range", "e2 7f ac"},
      {"three bytes, the second above its range", "e2 c0 ac"},
      {"three bytes, the third missing", "e2 82"},
      {"three bytes, the third below its range", "e2 82 7f"},
      {"three bytes, the third above its range", "e2 82 c0"},
      {"four bytes, the second missing", "f0"},
      {"four bytes, the third missing", "f0 9f"},
      {"four bytes, the third below its range", "f0 9f 7f 80"},
      {"four bytes, the fourth missing", "f0 9f 98"},
      {"four bytes, the fourth above its range", "f0 9f 98 c0"},
  };
  for (const Vector& v : kVectors) check_everywhere(v, false);
}

TEST_CASE("NUL is refused [MQTT-1.5.4-2] [MQTT-1.5.3-2@3.1.1] [MQTT-4.7.3-2]") {
  check_everywhere({"one", "00"}, false);
  check_everywhere({"behind U+0001, which a borrow could hide", "01 00"}, false);
  check_everywhere({"before U+0001", "00 01"}, false);
  check_everywhere({"behind a character of two bytes", "c3 a4 00"}, false);
}

TEST_CASE("a topic name has a character and no wildcard [MQTT-4.7.0-1] [MQTT-4.7.3-1]") {
  CHECK(is_topic_name("a"));
  CHECK(is_topic_name("/"));
  CHECK(is_topic_name(" "));
  CHECK(is_topic_name("$SYS/x"));
  CHECK_FALSE(is_topic_name(""));
  CHECK_FALSE(is_topic_name("+"));
  CHECK_FALSE(is_topic_name("#"));
  CHECK_FALSE(is_topic_name("a/b+"));
  CHECK_FALSE(is_topic_name("a#b"));
}
