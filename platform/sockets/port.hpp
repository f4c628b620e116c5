// What a port supplies: three functions, defined in a file of its own. None has a default, so that
// a program without one of them does not link. docs/porting.md tells how.
#pragma once

#include <cstdint>
#include <string_view>

#include "broker/base/bytes.hpp"
#include "broker/base/log.hpp"

namespace midge::sockets::port {

// Milliseconds since any start, of a clock that never goes back and does not wrap.
[[nodiscard]] std::int64_t monotonic_ms();

// Fills all of `out` with bytes that nobody can predict, from a hardware generator or a seeded
// DRBG over one. False when it can't: the broker then does not start, or refuses what needs them.
[[nodiscard]] bool entropy(MutableBytes out);

// One line of the log, without its end and without a time; valid during the call. It must not
// wait: a line that has no room is dropped.
void log(LogLevel level, std::string_view line);

}  // namespace midge::sockets::port
