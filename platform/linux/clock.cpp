#include "platform/linux/clock.hpp"

#include <time.h>

namespace midge::platform {

namespace {

std::chrono::milliseconds read_clock(clockid_t clock) {
  timespec t{};
  clock_gettime(clock, &t);
  return std::chrono::milliseconds(std::int64_t{t.tv_sec} * 1'000 + t.tv_nsec / 1'000'000);
}

}  // namespace

Instant monotonic_now() {
  return Instant(read_clock(CLOCK_MONOTONIC));
}

WallTime SystemWallClock::now() const {
  return read_clock(CLOCK_REALTIME);
}

}  // namespace midge::platform
