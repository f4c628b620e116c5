// A port as a chip's maker would write it, for the test that an image for hardware holds nothing of
// the emulator. The source of random bytes is a register that no chip has.
#include "platform/boards/common/port.hpp"

#include "platform/boards/common/cortex_m.hpp"

bool midge_port_entropy(std::uint8_t* out, std::size_t bytes) {
  for (std::size_t i = 0; i < bytes; ++i)
    out[i] = static_cast<std::uint8_t>(midge::board::reg(0x50060800));
  return true;
}

void midge_port_stop(int) {
  midge::board::cortex_m::restart();
}
