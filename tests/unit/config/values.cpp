#include <doctest/doctest.h>

#include <cstdint>
#include <limits>

#include "broker/config/values.hpp"

using namespace midge::config;

TEST_CASE("a flag is true, false, 1 or 0") {
  CHECK(parse_flag("true") == true);
  CHECK(parse_flag("1") == true);
  CHECK(parse_flag("false") == false);
  CHECK(parse_flag("0") == false);
  for (const char* text : {"", "TRUE", "yes", "falst", "10"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_flag(text));
  }
}

TEST_CASE("a number is decimal digits and nothing else") {
  CHECK(*parse_number("0") == 0);
  CHECK(*parse_number("-1") == -1);
  CHECK(*parse_number("9223372036854775807") == std::numeric_limits<std::int64_t>::max());
  for (const char* text : {"", "-", "+1", "1x", "0x10", "1 ", "one", "99999999999999999999x"}) {
    CAPTURE(text);
    const Number number = parse_number(text);
    REQUIRE_FALSE(number);
    CHECK(number.error() == NumberFault::NotANumber);
  }
  for (const char* text : {"9223372036854775808", "-9223372036854775809"}) {
    CAPTURE(text);
    const Number number = parse_number(text);
    REQUIRE_FALSE(number);
    CHECK(number.error() == NumberFault::OutOfRange);
  }
}

TEST_CASE("a size may carry a unit of 1024") {
  CHECK(*parse_size("20") == 20);
  CHECK(*parse_size("16k") == 16'384);
  CHECK(*parse_size("16K") == 16'384);
  CHECK(*parse_size("3m") == 3'145'728);
  CHECK(*parse_size("2g") == 2'147'483'648);
  for (const char* text : {"", "k", "1kb", "1.5m", "m1"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_size(text));
  }
  const Number number = parse_size("9223372036854775807k");
  REQUIRE_FALSE(number);
  CHECK(number.error() == NumberFault::OutOfRange);
}

TEST_CASE("a wait is seconds unless it says ms") {
  CHECK(*parse_wait("5") == 5'000);
  CHECK(*parse_wait("5s") == 5'000);
  CHECK(*parse_wait("500ms") == 500);
  for (const char* text : {"", "s", "ms", "5m", "5 s"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_wait(text));
  }
}

TEST_CASE("a duration needs a unit, where m is a month as in Mosquitto") {
  CHECK(*parse_duration("30s") == 30);
  CHECK(*parse_duration("1h") == 3'600);
  CHECK(*parse_duration("1d") == 86'400);
  CHECK(*parse_duration("2w") == 1'209'600);
  CHECK(*parse_duration("1m") == 2'592'000);
  CHECK(*parse_duration("1y") == 31'536'000);
  for (const char* text : {"", "d", "1", "1.5d", "1D", "9223372036854775807y"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_duration(text));
  }
}

TEST_CASE("a choice is found by its position") {
  CHECK(parse_choice("drop_new", "drop_new|drop_old|refuse") == 0);
  CHECK(parse_choice("refuse", "drop_new|drop_old|refuse") == 2);
  CHECK_FALSE(parse_choice("drop", "drop_new|drop_old|refuse"));
  CHECK_FALSE(parse_choice("", "drop_new|drop_old|refuse"));
  CHECK_FALSE(parse_choice("drop_new|drop_old", "drop_new|drop_old|refuse"));
}
