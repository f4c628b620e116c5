// A small benchmark of a hot room: does one thing `count` times. Run under callgrind with n and
// with 2n, so that what comes before the loop cancels; the difference is n times the thing.
#pragma once

#include <cstdint>
#include <span>

namespace midge::bench {

struct Case {
  const char* name;
  const char* what;     // is done `count` times
  std::uint64_t count;  // enough to be steady
  void (*run)(std::uint64_t count);
};

// By room; each array is constant and lives on.
[[nodiscard]] std::span<const Case> wire_cases();
[[nodiscard]] std::span<const Case> match_cases();
[[nodiscard]] std::span<const Case> turn_cases();

// The compiler must believe that `value` is needed.
template <class T>
void keep(const T& value) {
  asm volatile("" : : "g"(&value) : "memory");
}

// Ends the program: a benchmark that does not do its work measures nothing.
void require(bool holds, const char* what);

}  // namespace midge::bench
