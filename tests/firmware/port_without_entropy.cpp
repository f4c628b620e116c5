// Must not link: there is no midge_port_entropy.
#include "platform/boards/common/cortex_m.hpp"
#include "platform/boards/common/port.hpp"

void midge_port_stop(int) {
  midge::board::cortex_m::restart();
}
