// Cases that are not for a board: those that use what only the simulator has, and those that
// the file MIDGE_LEFT_OUT names.
#pragma once

#include <string>

namespace midge::test {

// Thrown where a case asks for what only the simulator has; the case ends there, neither passed nor
// failed.
struct NeedsSimulator {
  std::string what;
};

[[noreturn]] inline void needs_simulator(const char* what) {
  throw NeedsSimulator{what};
}

inline constexpr const char* kNetwork = "a network that can be disturbed";

// Runs the case, or leaves it out.
void run_case(const char* title, void (*body)());

}  // namespace midge::test
