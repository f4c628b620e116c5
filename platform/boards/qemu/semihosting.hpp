// Arm semihosting: services of QEMU (or of a debugger) behind a breakpoint instruction. On a chip
// without a debugger it is a fault, so nothing but platform/boards/qemu may use it.
#pragma once

#include "broker/base/bytes.hpp"

namespace midge::board::semihosting {

// Ends the emulator; its exit code is `code`.
[[noreturn]] void exit(int code);

// Fills `out` from the host's random device. False when there is none.
[[nodiscard]] bool host_random(MutableBytes out);

}  // namespace midge::board::semihosting
