// What a service does to its process at the start.
#pragma once

#include <sys/types.h>

#include <string_view>

#include "broker/base/log.hpp"
#include "platform/linux/descriptor.hpp"

namespace midge::platform {

// Room for as many connections as the administrator allows, not only as a shell starts with.
void raise_descriptor_limit();

// Goes on in a child without a terminal. The parent ends when the broker runs, with 0, or when it
// could not start, with its exit code: a script learns which, and a person sees the error.
class Background {
 public:
  // Returns in the child only. False, and said so, when there can be none.
  [[nodiscard]] bool enter(LogSink& log);
  // The broker runs: leaves the terminal and lets the parent end.
  void running();

 private:
  Descriptor tells_parent_;  // set by enter()
};

// Writes the process id to a file and takes it away at the end, or empties it where the folder is
// not ours by then. It stays root's: who trusts it sends signals to whatever number stands in it.
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
  Descriptor file_;
};

// The user that a broker which root has started goes on as. Nobody, when we are not root or it is
// to stay root: then all of this does nothing.
class ServiceUser {
 public:
  // False, and said so, when there is no such user: a broker that was told to drop its rights must
  // not run with them. `name` outlives this.
  [[nodiscard]] bool look_up(std::string_view name, LogSink& log);

  // Makes the log file or socket that we, as root, made at `path` the user's, who could not open it
  // again otherwise; warns when that fails. Never what a link leads to: whoever may write to the
  // folder may have laid it.
  void take_over(std::string_view path, LogSink& log) const;

  // False, and said so, when that is impossible.
  [[nodiscard]] bool become(LogSink& log) const;

 private:
  std::string_view name_;  // empty: nobody
  uid_t user_ = 0;
  gid_t group_ = 0;
};

}  // namespace midge::platform
