// What ends a run: its figures are then worth nothing.
#pragma once

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>

namespace midge::bench {

class Failure : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// "`what`: why", from errno.
[[noreturn]] inline void fail_with_errno(std::string_view what, int error = errno) {
  throw Failure(std::string(what) + ": " + std::strerror(error));
}

}  // namespace midge::bench
