// Time as the core sees it: it reads no clock, every instant comes in from the platform.
#pragma once

#include <chrono>
#include <cstdint>

namespace midge {

// Monotonic milliseconds since an arbitrary start; never goes back.
struct MonotonicClock {
  using rep = std::int64_t;
  using period = std::milli;
  using duration = std::chrono::milliseconds;
  using time_point = std::chrono::time_point<MonotonicClock>;
  static constexpr bool is_steady = true;
};
using Instant = MonotonicClock::time_point;
using Duration = MonotonicClock::duration;

inline constexpr Instant kNever = Instant::max();

// Wall-clock time, for log lines only: milliseconds since 1970-01-01T00:00:00Z, 0 when unknown.
using WallTime = std::chrono::milliseconds;

}  // namespace midge
