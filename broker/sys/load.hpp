// Load averages as Mosquitto's $SYS has them: events per minute, exponentially weighted over 1, 5
// and 15 minutes. Fixed point: a board need not have floating point.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "broker/base/time.hpp"

namespace midge::sys {

// A number with 16 fractional bits.
using Fixed = std::uint64_t;
inline constexpr unsigned kFractionBits = 16;

// e to the power -(elapsed / window), with 32 fractional bits: 2^32 is 1.
[[nodiscard]] std::uint64_t decay(Duration elapsed, Duration window);

// What a sample does to every average with the same window: samples may come at any intervals, a
// gap counts with its own average.
struct Step {
  Duration elapsed{};
  std::uint64_t kept = 0;  // of the old average, 32 fractional bits
};

// `events` happened in step.elapsed, which is above zero.
[[nodiscard]] Fixed next_average(Fixed average, std::uint64_t events, const Step& step);

}  // namespace midge::sys
