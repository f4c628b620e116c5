// The vector table that a board fills in: which interrupt is the Ethernet controller's. Whatever
// else comes is a fault.
#pragma once

#include <cstddef>
#include <cstdint>

extern "C" {
extern std::uint32_t link_stack_top[];  // from the linker script
[[noreturn]] void midge_reset();
void midge_fault();
void midge_tick();
void midge_ethernet_interrupt();  // the board's driver
}

namespace midge::board {

// As ARMv7-M lays it out at address 0.
template <std::size_t kInterrupts>
struct VectorTable {
  std::uint32_t* stack;
  void (*reset)();
  void (*exceptions[13])();
  void (*tick)();
  void (*interrupts[kInterrupts])();
};

template <std::size_t kInterrupts>
[[nodiscard]] constexpr VectorTable<kInterrupts> vector_table(std::size_t ethernet_interrupt) {
  VectorTable<kInterrupts> table{};
  table.stack = link_stack_top;
  table.reset = midge_reset;
  for (auto& handler : table.exceptions) handler = midge_fault;
  table.tick = midge_tick;
  for (auto& handler : table.interrupts) handler = midge_fault;
  table.interrupts[ethernet_interrupt] = midge_ethernet_interrupt;
  return table;
}

}  // namespace midge::board
