// The kernel's clocks.
#pragma once

#include "broker/base/time.hpp"
#include "broker/hal/wall_clock.hpp"

namespace midge::platform {

// Milliseconds of CLOCK_MONOTONIC, rounded down.
[[nodiscard]] Instant monotonic_now();

class SystemWallClock final : public hal::WallClock {
 public:
  [[nodiscard]] WallTime now() const override;
};

}  // namespace midge::platform
