// Where the configuration's errors and warnings go: stderr on Linux, a serial line on a board.
#pragma once

#include <string_view>

#include "broker/base/log.hpp"

namespace midge::config {

class Diagnostics {
 public:
  // One complete line without its end, Mosquitto's wording first, then file and line:
  // "Error: Unknown configuration variable 'x' at midge.conf:7". Valid during the call.
  virtual void report(LogLevel level, std::string_view text) = 0;

 protected:
  ~Diagnostics() = default;
};

}  // namespace midge::config
