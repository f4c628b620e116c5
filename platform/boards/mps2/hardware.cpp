// Arm MPS2 FPGA board with the images AN385 (M3), AN386 (M4) and AN500 (M7): vector table, clock
// and console. Register names are those of the application notes.
#include "platform/boards/common/hardware.hpp"

#include "platform/boards/common/cortex_m.hpp"
#include "platform/boards/common/vectors.hpp"

namespace midge::board {

namespace {

constexpr std::size_t kInterrupts = 32;
constexpr std::size_t kEthernetInterrupt = 13;

[[gnu::section(".vectors"), gnu::used]] constexpr auto kVectors =
    vector_table<kInterrupts>(kEthernetInterrupt);

constexpr std::uintptr_t kUart0 = 0x40004000;
constexpr std::uint32_t kCpuHz = 25'000'000;

}  // namespace

void start_hardware() {
  reg(kUart0 + 0x10) = kCpuHz / 115'200;  // BAUDDIV, at least 16
  reg(kUart0 + 0x08) = 1;                 // CTRL: transmit
  cortex_m::start_tick(kCpuHz);
}

void put(char c) {
  while ((reg(kUart0 + 0x04) & 1) != 0) {  // STATE: transmit buffer full
  }
  reg(kUart0) = static_cast<std::uint8_t>(c);
}

}  // namespace midge::board
