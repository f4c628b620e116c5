// A program that steps below its stack. The board must say so and stop, not go on with other data
// overwritten.
#include <cstdint>

#include "platform/boards/common/console.hpp"
#include "platform/boards/common/hardware.hpp"
#include "platform/boards/common/stack.hpp"

namespace {

[[gnu::noinline]] std::uint32_t descend(std::uint32_t depth) {
  volatile std::uint32_t frame[16];
  for (volatile std::uint32_t& word : frame) word = depth;
  return depth == 0 ? frame[0] : descend(depth - 1) + frame[15];
}

}  // namespace

int main() {
  midge::board::start_hardware();
  midge::board::Console console;
  const std::uint32_t sum = descend(10);
  console.write(midge::LogLevel::Notice,
                midge::board::most_used_stack_bytes() > 10 * 64 && sum > 0 ? "measured" : "wrong");
  descend(0x10000);
  console.write(midge::LogLevel::Notice, "went on");
  return 0;
}
