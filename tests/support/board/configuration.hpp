// What a test has set, as text of midge.conf.
#pragma once

#include <string>

#include "broker/settings/settings.hpp"

namespace midge::test {

// Only what differs from the default. Throws NeedsSimulator for what no key can say.
[[nodiscard]] std::string configuration_text(const settings::Settings& settings);

}  // namespace midge::test
