#include "broker/base/text.hpp"

#include <doctest/doctest.h>

#include <limits>

using namespace midge;

TEST_CASE("texts and numbers are put together, and what does not fit is cut") {
  Text<16> text;
  text.add("n=").add(-42).add(", ").add(std::uint64_t{7});
  CHECK(text.view() == "n=-42, 7");
  text.add("0123456789");
  CHECK(text.view() == "n=-42, 701234567");
  text.clear();
  text.add(std::numeric_limits<std::uint32_t>::max());
  CHECK(text.view() == "4294967295");
}

TEST_CASE("a peer's text can't forge a line of the log") {
  Text<32> text;
  text.add_untrusted("a\nb\r\x1b[0m\x7f\xC3\xA9");
  CHECK(text.view() == "a?b??[0m?\xC3\xA9");
}
