#include <doctest/doctest.h>

#include <chrono>
#include <cmath>

#include "broker/sys/load.hpp"

using namespace std::chrono_literals;

namespace midge::sys {

namespace {

double as_double(std::uint64_t value, int bits) {
  return std::ldexp(static_cast<double>(value), -bits);
}

}  // namespace

TEST_CASE("the decay is the exponential function, within a millionth") {
  for (const Duration window : {60'000ms, 300'000ms, 900'000ms}) {
    for (const Duration elapsed :
         {0ms, 1ms, 999ms, 10'000ms, 60'000ms, 61'234ms, 600'000ms, 3'600'000ms, 86'400'000ms}) {
      CAPTURE(window.count());
      CAPTURE(elapsed.count());
      const double expected =
          std::exp(-static_cast<double>(elapsed.count()) / static_cast<double>(window.count()));
      CHECK(std::abs(as_double(decay(elapsed, window), 32) - expected) < 1e-6);
    }
  }
}

TEST_CASE("one sample over a gap is worth as much as many samples over the same time") {
  // 50 events a second for ten minutes, sampled once and 60 times.
  const Fixed once = next_average(0, 30'000, {600s, decay(600s, 300s)});
  Fixed often = 0;
  for (int i = 0; i < 60; ++i) often = next_average(often, 500, {10s, decay(10s, 300s)});
  CHECK(as_double(once, 16) == doctest::Approx(3'000 * (1 - std::exp(-2))).epsilon(1e-5));
  CHECK(as_double(often, 16) == doctest::Approx(as_double(once, 16)).epsilon(1e-5));
}

TEST_CASE("an average falls to nothing when nothing happens") {
  Fixed average = next_average(0, 1'000'000, {10s, decay(10s, 60s)});
  CHECK(average > 0);
  average = next_average(average, 0, {24h, decay(24h, 60s)});
  CHECK(average == 0);
}

TEST_CASE("terabytes over days do not overflow an average") {
  const std::uint64_t bytes = std::uint64_t{10} << 40;
  const Fixed average = next_average(0, bytes, {48h, decay(48h, 60s)});
  CHECK(as_double(average, 16) ==
        doctest::Approx(static_cast<double>(bytes) / (48 * 60)).epsilon(1e-6));
}

}  // namespace midge::sys
