// TI (Luminary) LM3S6965 evaluation board: vector table, clocks and console. Register names are the
// data sheet's.
#include "platform/boards/common/hardware.hpp"

#include "platform/boards/common/cortex_m.hpp"
#include "platform/boards/common/vectors.hpp"

namespace midge::board {

namespace {

constexpr std::size_t kInterrupts = 44;
constexpr std::size_t kEthernetInterrupt = 42;

[[gnu::section(".vectors"), gnu::used]] constexpr auto kVectors =
    vector_table<kInterrupts>(kEthernetInterrupt);

constexpr std::uintptr_t kSystemControl = 0x400FE000;
constexpr std::uintptr_t kGpioA = 0x40004000;
constexpr std::uintptr_t kUart0 = 0x4000C000;
constexpr std::uint32_t kCpuHz = 50'000'000;

void set_bits(std::uintptr_t address, std::uint32_t bits) {
  reg(address) = reg(address) | bits;
}

// 8 MHz crystal -> 400 MHz PLL / 2 / 4 = 50 MHz.
void start_pll() {
  constexpr std::uintptr_t kRcc = kSystemControl + 0x060;
  constexpr std::uint32_t kSysDiv4 = 3U << 23;
  constexpr std::uint32_t kUseSysDiv = 1U << 22;
  constexpr std::uint32_t kPowerDown = 1U << 13;
  constexpr std::uint32_t kBypass = 1U << 11;
  constexpr std::uint32_t kCrystal8MHz = 0xEU << 6;
  reg(kRcc) = kBypass | kPowerDown | kCrystal8MHz;
  reg(kRcc) = kBypass | kCrystal8MHz | kSysDiv4 | kUseSysDiv;
  while ((reg(kSystemControl + 0x050) & 1U << 6) == 0) {  // RIS: PLL lock
  }
  reg(kRcc) = kCrystal8MHz | kSysDiv4 | kUseSysDiv;
}

void start_clocks() {
  constexpr std::uint32_t kUart0Clock = 1U << 0;
  constexpr std::uint32_t kSsi0Clock = 1U << 4;
  constexpr std::uint32_t kGpioAClock = 1U << 0;
  constexpr std::uint32_t kGpioDClock = 1U << 3;
  constexpr std::uint32_t kMacAndPhyClock = 1U << 28 | 1U << 30;
  set_bits(kSystemControl + 0x104, kUart0Clock | kSsi0Clock);                     // RCGC1
  set_bits(kSystemControl + 0x108, kGpioAClock | kGpioDClock | kMacAndPhyClock);  // RCGC2
  // A peripheral may be touched three clocks after its own has started.
  [[maybe_unused]] const std::uint32_t settled = reg(kSystemControl + 0x108);
}

void start_console() {
  set_bits(kGpioA + 0x420, 3);  // GPIOAFSEL: A0 and A1 are UART0
  set_bits(kGpioA + 0x51C, 3);  // GPIODEN
  reg(kUart0 + 0x24) = 27;      // UARTIBRD, UARTFBRD: 115,200 baud
  reg(kUart0 + 0x28) = 8;
  reg(kUart0 + 0x2C) = 0x70;   // UARTLCRH: 8N1, FIFO
  reg(kUart0 + 0x30) = 0x301;  // UARTCTL: on, both ways
}

}  // namespace

void start_hardware() {
  start_pll();
  start_clocks();
  start_console();
  cortex_m::start_tick(kCpuHz);
}

void put(char c) {
  while ((reg(kUart0 + 0x18) & 1U << 5) != 0) {  // UARTFR: transmit FIFO full
  }
  reg(kUart0) = static_cast<std::uint8_t>(c);
}

}  // namespace midge::board
