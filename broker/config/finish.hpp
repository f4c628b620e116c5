// What can be said only when everything was read: the listeners, their defaults, and what the
// command line adds.
#pragma once

#include "broker/config/command_line.hpp"
#include "broker/config/draft.hpp"
#include "broker/config/reporter.hpp"

namespace midge::config {

// False after an error was reported.
[[nodiscard]] bool finish(Draft& draft, const CommandLine& command_line, const Reporter& reporter);

}  // namespace midge::config
