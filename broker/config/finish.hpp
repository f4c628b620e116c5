// The listeners: added one by one, and what can be said of them only when everything was read.
#pragma once

#include "broker/config/draft.hpp"
#include "broker/config/reporter.hpp"

namespace midge::config {

// Adds one to the settings; null after an error was reported: there are too many.
[[nodiscard]] settings::Listener* add_listener(Draft& draft, const Reporter& reporter);

// Adds one as the default listener is now. False after an error was reported.
[[nodiscard]] bool add_default_listener(Draft& draft, const Reporter& reporter);

// Opens the default listener if it was asked for, and gives each what is said for all. False after
// an error was reported.
[[nodiscard]] bool finish(Draft& draft, Reporter& reporter);

}  // namespace midge::config
