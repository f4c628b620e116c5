// Calendar time, which a board may not have. Used for log lines, never for deadlines.
#pragma once

#include "broker/base/time.hpp"

namespace midge::hal {

class WallClock {
 public:
  // Milliseconds since 1970-01-01T00:00:00Z; 0 when unknown. May jump.
  [[nodiscard]] virtual WallTime now() const = 0;

 protected:
  ~WallClock() = default;
};

class NoWallClock final : public WallClock {
 public:
  [[nodiscard]] WallTime now() const override { return WallTime{0}; }
};

}  // namespace midge::hal
