#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <string>

#include "broker/config/values.hpp"

using namespace midge::config;

TEST_CASE("a number is decimal digits and nothing else") {
  CHECK(parse_number(Type::Number, "0") == 0);
  CHECK(parse_number(Type::Number, "-1") == -1);
  CHECK(parse_number(Type::Number, "18446744073709551") == 18'446'744'073'709'551);
  for (const char* text :
       {"", "-", "+1", "--1", "1x", "0x10", "1 ", "one", "1k", "99999999999999999999x"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_number(Type::Number, text));
  }
}

TEST_CASE("a number that is too large for 64 bits is the largest") {
  constexpr std::int64_t kLargest = std::numeric_limits<std::int64_t>::max();
  for (const char* text : {"9223372036854775807", "9223372036854775808", "18446744073709551616",
                           "99999999999999999999999999999999"}) {
    CAPTURE(text);
    CHECK(parse_number(Type::Number, text) == kLargest);
    CHECK(parse_number(Type::Number, std::string("-") + text) == -kLargest);
  }
  CHECK(parse_number(Type::Size, "9223372036854775807k") == kLargest);
  CHECK(parse_number(Type::Size, "8589934592g") == kLargest);
  CHECK(parse_number(Type::Size, "8589934591g") == 8'589'934'591 * 1'073'741'824);
  CHECK(parse_number(Type::Duration, "9223372036854775807y") == kLargest);
}

TEST_CASE("a size may carry a unit of 1024") {
  CHECK(parse_number(Type::Size, "20") == 20);
  CHECK(parse_number(Type::Size, "16k") == 16'384);
  CHECK(parse_number(Type::Size, "16K") == 16'384);
  CHECK(parse_number(Type::Size, "3m") == 3'145'728);
  CHECK(parse_number(Type::Size, "2g") == 2'147'483'648);
  for (const char* text : {"", "k", "1kb", "1.5m", "m1", "1s"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_number(Type::Size, text));
  }
}

TEST_CASE("a wait is seconds unless it says ms") {
  CHECK(parse_number(Type::Wait, "5") == 5'000);
  CHECK(parse_number(Type::Wait, "5s") == 5'000);
  CHECK(parse_number(Type::Wait, "500ms") == 500);
  for (const char* text : {"", "s", "ms", "5m", "5 s", "5mss"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_number(Type::Wait, text));
  }
}

TEST_CASE("a duration needs a unit, where m is a month as in Mosquitto") {
  CHECK(parse_number(Type::Duration, "30s") == 30);
  CHECK(parse_number(Type::Duration, "1h") == 3'600);
  CHECK(parse_number(Type::Duration, "1d") == 86'400);
  CHECK(parse_number(Type::Duration, "2w") == 1'209'600);
  CHECK(parse_number(Type::Duration, "1m") == 2'592'000);
  CHECK(parse_number(Type::Duration, "1y") == 31'536'000);
  for (const char* text : {"", "d", "1", "1.5d", "1D", "1k"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_number(Type::Duration, text));
  }
}
