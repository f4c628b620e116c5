// What the broker said, shown only when the test that used it failed.
#pragma once

#include <string>

namespace midge::interop {

void log_of_this_test(std::string text);

}  // namespace midge::interop
