// The port for QEMU: random numbers from the host, and an end with an exit code. Never part of an
// image for hardware.
#include "platform/boards/common/port.hpp"

#include "platform/boards/qemu/semihosting.hpp"

bool midge_port_entropy(std::uint8_t* out, std::size_t bytes) {
  return midge::board::semihosting::host_random({out, bytes});
}

void midge_port_stop(int code) {
  midge::board::semihosting::exit(code);
}
