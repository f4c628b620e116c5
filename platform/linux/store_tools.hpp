// What an operator can ask of a store that no broker uses: `midge --check-store` and
// `--dump-store`. Nothing is written to it.
#pragma once

#include <cstdint>

#include "broker/base/log.hpp"

namespace midge::platform {

enum class StoreTool : std::uint8_t {
  Check,  // says on stdout what is in it
  Dump,   // writes every record to stdout, a JSON object a line
};

// What is damaged, or why it can't be read, goes to `log`. The program's exit code: 0 all of it is
// intact, 1 it is damaged, 3 there is none, it can't be read or a broker uses it. `directory` ends
// with a zero.
[[nodiscard]] int look_at_store(StoreTool tool, const char* directory, LogSink& log);

}  // namespace midge::platform
