// The text of the board's midge.conf, which the build puts into the image.
#pragma once

#include <string_view>

namespace midge::board {

extern const std::string_view kConfiguration;

}  // namespace midge::board
