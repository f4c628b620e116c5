// What libstdc++'s headers call where they would throw, and what the compiler puts into abstract
// classes. Defined here, they abort, and the library's own, with the unwinder, the demangler and
// std::string behind them, stay out of the program: a third of its size.
#include <cstdlib>

// NOLINTBEGIN(bugprone-reserved-identifier): these names are the library's.

namespace std {

[[noreturn]] void __throw_logic_error(const char*);
[[noreturn]] void __throw_length_error(const char*);
[[noreturn]] void __throw_out_of_range_fmt(const char*, ...);

void __throw_logic_error(const char*) {
  abort();
}
void __throw_length_error(const char*) {
  abort();
}
void __throw_out_of_range_fmt(const char*, ...) {
  abort();
}

}  // namespace std

extern "C" [[noreturn]] void __cxa_pure_virtual();
void __cxa_pure_virtual() {
  std::abort();
}

// NOLINTEND(bugprone-reserved-identifier)
