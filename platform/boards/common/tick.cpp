#include "platform/boards/common/tick.hpp"

#include "platform/boards/common/vectors.hpp"

namespace {

// Counted by the interrupt. 32 bits, because those are read in one instruction.
constinit volatile std::uint32_t ticks = 0;

}  // namespace

void midge_tick() {
  ticks = ticks + 1;
}

// lwIP's clock: wraps, as its own arithmetic does.
extern "C" std::uint32_t sys_now() {
  return ticks;
}

namespace midge::board {

Instant now() {
  static std::uint32_t last = 0;
  static std::uint32_t wraps = 0;
  const std::uint32_t ms = ticks;
  if (ms < last) ++wraps;
  last = ms;
  return Instant(Duration(static_cast<std::int64_t>(std::uint64_t{wraps} << 32 | ms)));
}

}  // namespace midge::board
