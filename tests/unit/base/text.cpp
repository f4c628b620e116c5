#include "broker/base/text.hpp"

#include <doctest/doctest.h>

#include <limits>

using namespace midge;

TEST_CASE("numbers of every type are written whole") {
  Text<200> text;
  text.add(0).add(" ").add(-1).add(" ").add(std::numeric_limits<std::int64_t>::min());
  text.add(" ").add(std::numeric_limits<std::uint64_t>::max()).add(" ").add(std::uint16_t{65'535});
  CHECK(text.view() == "0 -1 -9223372036854775808 18446744073709551615 65535");
}

TEST_CASE("what does not fit is cut, and nothing is written behind the buffer") {
  char buffer[] = "......";
  TextWriter text(buffer, 5);
  text.add("abc").add(12'345).add_untrusted("d");
  CHECK(text.view() == "abc12");
  CHECK(buffer[5] == '.');
}

TEST_CASE("control characters of a peer become question marks, all else stays") {
  Text<20> text;
  text.add_untrusted(std::string_view("\0\n\x1F ~\x7F\xC3\xA4", 8));
  CHECK(text.view() == "??? ~?\xC3\xA4");
}
