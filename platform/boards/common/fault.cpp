// Where a broken program ends: faults, interrupts that nobody expects, abort(). Says on the console
// what is known, then stops by the port's function.
#include <cstdint>
#include <cstdlib>

#include "broker/base/text.hpp"
#include "platform/boards/common/cortex_m.hpp"
#include "platform/boards/common/hardware.hpp"
#include "platform/boards/common/port.hpp"
#include "platform/boards/common/vectors.hpp"

extern "C" {
extern std::uint32_t link_stack_bottom[];
[[noreturn, gnu::used]] void midge_report_fault(std::uint32_t stack_pointer,
                                                std::uint32_t exception);
}

namespace midge::board {

namespace {

constexpr int kFault = 126;

TextWriter& add_hex(TextWriter& text, std::uint32_t value) {
  text.add("0x");
  for (int shift = 28; shift >= 0; shift -= 4) {
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    text.add(kDigits.substr(value >> shift & 0xF, 1));
  }
  return text;
}

void say(std::string_view line) {
  for (const char c : line) put(c);
  put('\r');
  put('\n');
}

bool is_in_stack(std::uint32_t address, std::uint32_t bytes) {
  const auto bottom = reinterpret_cast<std::uintptr_t>(link_stack_bottom);
  const auto top = reinterpret_cast<std::uintptr_t>(link_stack_top);
  return address >= bottom && address <= top - bytes && address % 4 == 0;
}

}  // namespace

}  // namespace midge::board

// The stack may be what broke, so the report runs on it from its top.
[[gnu::naked]] void midge_fault() {
  __asm volatile(
      "mrs r0, msp\n"
      "mrs r1, ipsr\n"
      "ldr r2, =link_stack_top\n"
      "msr msp, r2\n"
      "b midge_report_fault\n"
      ".ltorg\n");
}

void midge_report_fault(std::uint32_t stack_pointer, std::uint32_t exception) {
  using namespace midge;
  using namespace midge::board;
  cortex_m::mask_interrupts();
  Text<120> line;
  constexpr std::uint32_t kFrameBytes = 32;  // r0-r3, r12, lr, pc, xpsr
  if (is_in_stack(stack_pointer, kFrameBytes)) {
    const auto* const frame = reinterpret_cast<const std::uint32_t*>(stack_pointer);
    const std::uint32_t lr = frame[5];
    const std::uint32_t pc = frame[6];
    line.add("Fault: exception ").add(exception).add(" at ");
    add_hex(line, pc).add(", called from ");
    add_hex(line, lr).add(", CFSR ");
    add_hex(line, reg(0xE000ED28)).add(", BFAR ");
    add_hex(line, reg(0xE000ED38));
  } else {
    line.add("Fault: the stack is used up, exception ").add(exception);
  }
  say(line.view());
  midge_port_stop(kFault);
}

// Ours, not the library's, which would raise a signal. MIDGE_ASSERT ends here.
void abort() {
  using namespace midge::board;
  const auto caller = reinterpret_cast<std::uintptr_t>(__builtin_return_address(0));
  cortex_m::mask_interrupts();
  midge::Text<60> line;
  line.add("Fault: abort() called from ");
  add_hex(line, static_cast<std::uint32_t>(caller));
  say(line.view());
  midge_port_stop(kFault);
}
