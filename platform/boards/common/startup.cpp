// From reset to main(): RAM gets its contents, the stack its paint.
#include <cstdint>
#include <cstring>

#include "platform/boards/common/cortex_m.hpp"
#include "platform/boards/common/port.hpp"
#include "platform/boards/common/stack.hpp"
#include "platform/boards/common/vectors.hpp"

int main();

extern "C" {

// From the linker script.
extern std::uint32_t link_data_load[];
extern std::uint32_t link_data_start[];
extern std::uint32_t link_data_end[];
extern std::uint32_t link_bss_start[];
extern std::uint32_t link_bss_end[];

}  // extern "C"

namespace {

std::size_t bytes_between(const std::uint32_t* start, const std::uint32_t* end) {
  return reinterpret_cast<std::uintptr_t>(end) - reinterpret_cast<std::uintptr_t>(start);
}

}  // namespace

// There are no static constructors; the linker script refuses an image that has one.
void midge_reset() {
  midge::board::paint_stack();
  std::memcpy(link_data_start, link_data_load, bytes_between(link_data_start, link_data_end));
  std::memset(link_bss_start, 0, bytes_between(link_bss_start, link_bss_end));
  midge::board::guard_stack();
  midge_port_stop(main());
}
