// What a service does to its process at the start.
#pragma once

#include <string_view>

#include "broker/base/log.hpp"

namespace midge::platform {

// Room for as many connections as the administrator allows, not only as a shell starts with.
void raise_descriptor_limit();

// Goes on in a child without a terminal; the parent exits with 0. False when that failed.
[[nodiscard]] bool daemonize(LogSink& log);

// Writes the process id to a file, and takes it away at the end if it still may.
class PidFile {
 public:
  PidFile() = default;
  PidFile(const PidFile&) = delete;
  PidFile& operator=(const PidFile&) = delete;
  ~PidFile();

  // `path` outlives it; empty: none is wanted. False, and said so, when it can't be written.
  [[nodiscard]] bool write(std::string_view path, LogSink& log);

 private:
  std::string_view path_;
};

// Becomes `user`, when we are root and one is named. False, and said so, when that is impossible:
// a broker that was told to drop its rights must not run with them.
[[nodiscard]] bool drop_privileges(std::string_view user, LogSink& log);

}  // namespace midge::platform
