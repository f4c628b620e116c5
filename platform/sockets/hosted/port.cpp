// The port's three functions on a hosted system with POSIX clocks and getentropy(): Linux.
#include "platform/sockets/port.hpp"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>

#include "broker/base/text.hpp"

namespace midge::sockets::port {

std::int64_t monotonic_ms() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return std::int64_t{t.tv_sec} * 1'000 + t.tv_nsec / 1'000'000;
}

bool entropy(MutableBytes out) {
  constexpr std::size_t kAtOnce = 256;  // POSIX's limit of a call
  while (!out.empty()) {
    const std::size_t bytes = std::min(out.size(), kAtOnce);
    if (getentropy(out.data(), bytes) != 0) return false;
    out = out.subspan(bytes);
  }
  return true;
}

void log(LogLevel level, std::string_view line) {
  Text<1024> text;
  text.add(log_level_name(level)).add(": ").add(line).add("\n");
  [[maybe_unused]] const ssize_t lost =
      ::write(STDERR_FILENO, text.view().data(), text.view().size());
}

}  // namespace midge::sockets::port
