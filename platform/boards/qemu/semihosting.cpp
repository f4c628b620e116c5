#include "platform/boards/qemu/semihosting.hpp"

#include <array>
#include <string_view>

namespace midge::board::semihosting {

namespace {

enum Operation : std::uint32_t {
  kOpen = 0x01,
  kClose = 0x02,
  kRead = 0x06,
  kExitExtended = 0x20,
};

std::uint32_t call(Operation operation, const std::uint32_t* arguments) {
  register std::uint32_t r0 __asm("r0") = operation;
  register const std::uint32_t* r1 __asm("r1") = arguments;
  __asm volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
  return r0;
}

std::uint32_t address(const void* of) {
  return reinterpret_cast<std::uintptr_t>(of);
}

}  // namespace

void exit(int code) {
  constexpr std::uint32_t kApplicationExit = 0x20026;
  const std::array arguments{kApplicationExit, static_cast<std::uint32_t>(code)};
  call(kExitExtended, arguments.data());
  for (;;) {
  }
}

bool host_random(MutableBytes out) {
  constexpr std::uint32_t kReadBinary = 1;
  constexpr std::uint32_t kNone = 0xFFFFFFFF;
  static constexpr char kPath[] = "/dev/urandom";
  const std::array<std::uint32_t, 3> path{address(kPath), kReadBinary, sizeof kPath - 1};
  const std::uint32_t file = call(kOpen, path.data());
  if (file == kNone) return false;
  const std::array<std::uint32_t, 3> what{file, address(out.data()), out.size()};
  const std::uint32_t missing = call(kRead, what.data());
  call(kClose, &file);
  return missing == 0;
}

}  // namespace midge::board::semihosting
