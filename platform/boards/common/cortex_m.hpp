// The few registers and instructions of a Cortex-M core (ARMv7-M) that the boards need.
#pragma once

#include <cstdint>

namespace midge::board {

// A register of the core or of a peripheral. Not a variable: a reference at namespace scope may
// become a pointer in RAM that a constructor sets.
[[nodiscard]] inline volatile std::uint32_t& reg(std::uintptr_t address) {
  return *reinterpret_cast<volatile std::uint32_t*>(address);
}

namespace cortex_m {

// Calls the vector table's `tick` every millisecond.
inline void start_tick(std::uint32_t cpu_hz) {
  reg(0xE000E014) = cpu_hz / 1000 - 1;  // SYST_RVR
  reg(0xE000E018) = 0;                  // SYST_CVR
  reg(0xE000E010) = 7;                  // SYST_CSR: core clock, interrupt, enable
}

// Memory and bus faults get a handler below HardFault: when the stack is at its end, pushing the
// frame of the exception fails too, and from HardFault there would be no way up.
inline void enable_memory_faults() {
  reg(0xE000ED24) = reg(0xE000ED24) | 1U << 17 | 1U << 16;  // SHCSR
}

// From now on an access to the 64 KiB at `start`, a multiple of it, is a fault. A chip without MPU
// ignores it.
inline void forbid_64k(std::uintptr_t start) {
  constexpr std::uint32_t kNeverExecute = 1U << 28;
  constexpr std::uint32_t k64K = 15U << 1;
  reg(0xE000ED98) = 0;                         // MPU_RNR
  reg(0xE000ED9C) = start;                     // MPU_RBAR
  reg(0xE000EDA0) = kNeverExecute | k64K | 1;  // MPU_RASR: no access
  reg(0xE000ED94) = 5;                         // MPU_CTRL: on, all else as without it
  __asm volatile("dsb\n isb" ::: "memory");
}

inline void enable_interrupt(unsigned number) {
  reg(0xE000E100 + 4 * (number / 32)) = 1U << (number % 32);  // NVIC_ISERn
}

inline void mask_interrupts() {
  __asm volatile("cpsid i" ::: "memory");
}
inline void unmask_interrupts() {
  __asm volatile("cpsie i" ::: "memory");
}

// Returns when an interrupt is pending, also while interrupts are masked: "mask, look for work,
// sleep, unmask" loses no wake-up.
inline void wait_for_interrupt() {
  __asm volatile("dsb\n wfi" ::: "memory");
}

// Starts the chip anew, as its reset pin would.
[[noreturn]] inline void restart() {
  __asm volatile("dsb" ::: "memory");
  reg(0xE000ED0C) = 0x05FA0004;  // AIRCR: SYSRESETREQ
  for (;;) {
  }
}

}  // namespace cortex_m

}  // namespace midge::board
