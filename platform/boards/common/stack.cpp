#include "platform/boards/common/stack.hpp"

#include <cstdint>

#include "platform/boards/common/cortex_m.hpp"

extern "C" {
extern std::uint32_t link_stack_bottom[];
extern std::uint32_t link_stack_top[];
}

namespace midge::board {

namespace {

constexpr std::uint32_t kPaint = 0x5EA1ED05;  // no address of RAM or flash, no small number

}  // namespace

void paint_stack() {
  // Up to a little below where this function's own frame may end.
  constexpr std::size_t kOwnFrame = 64;
  const auto frame = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)) - kOwnFrame;
  for (volatile std::uint32_t* at = link_stack_bottom; reinterpret_cast<std::uintptr_t>(at) < frame;
       ++at)
    *at = kPaint;
}

void guard_stack() {
  cortex_m::enable_memory_faults();
  cortex_m::forbid_64k(reinterpret_cast<std::uintptr_t>(link_stack_bottom) - 0x10000);
}

std::size_t stack_bytes() {
  return reinterpret_cast<std::uintptr_t>(link_stack_top) -
         reinterpret_cast<std::uintptr_t>(link_stack_bottom);
}

std::size_t most_used_stack_bytes() {
  const volatile std::uint32_t* at = link_stack_bottom;
  while (at != link_stack_top && *at == kPaint) ++at;
  return reinterpret_cast<std::uintptr_t>(link_stack_top) - reinterpret_cast<std::uintptr_t>(at);
}

}  // namespace midge::board
