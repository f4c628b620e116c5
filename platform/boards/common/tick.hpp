// The board's clock: milliseconds since its start.
#pragma once

#include "broker/base/time.hpp"

namespace midge::board {

// Must be called at least every 49 days. Not from an interrupt.
[[nodiscard]] Instant now();

}  // namespace midge::board
