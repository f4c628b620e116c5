// One child process of a test: started by posix_spawn, watched with bounds, ended by its own pid.
// It dies with the test program. Its output goes to files in a folder of the test, so no pipe can
// fill up.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace midge::interop {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

// The longest any step may take before the test gives up on it: far above what a loaded machine
// needs, so that a failure means "never", not "late".
inline constexpr auto kPatience = 20s;

// Calls `done` every few milliseconds until it is true (returns true) or `limit` has passed.
template <typename Predicate>
[[nodiscard]] bool eventually(Predicate done, Clock::duration limit = kPatience);

// A folder under the system's temporary folder, removed with everything in it.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path write(const std::string& name, const std::string& content) const;

 private:
  std::filesystem::path path_;
};

struct ProcessOptions {
  std::string standard_input{};            // what the child reads, then end of file
  std::vector<std::string> environment{};  // "NAME=value", added to ours
  std::optional<unsigned> open_files{};    // RLIMIT_NOFILE, soft and hard
  bool line_buffered{};                    // through coreutils' stdbuf: lines are readable at once
};

class Process {
 public:
  // The first argument is the program, searched in PATH. Throws std::runtime_error when it is
  // missing: an absent peer fails the test, it does not skip it.
  explicit Process(std::vector<std::string> arguments, const ProcessOptions& options = {});
  ~Process();  // SIGKILL if it still runs
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t pid() const { return pid_; }
  bool running() { return !poll_exit().has_value(); }

  // The exit code, 128 + N for a child that signal N ended, nothing while it runs.
  std::optional<int> poll_exit();
  std::optional<int> wait_exit(Clock::duration limit = kPatience);

  void signal(int number);  // only while it runs: a pid that was collected may be another's

  std::string output() const;  // standard output so far
  std::string errors() const;  // standard error so far

  // User and system time used so far.
  std::chrono::milliseconds cpu_time() const;

 private:
  TemporaryFolder folder_;
  pid_t pid_{-1};
  std::optional<int> exit_code_;
};

// Runs a program to its end. Throws std::runtime_error when it does not end within kPatience.
struct Finished {
  int exit_code{};
  std::string output{};
  std::string errors{};
};
Finished run(std::vector<std::string> arguments, const ProcessOptions& options = {});

std::string read_file(const std::filesystem::path& path);
std::vector<std::string> lines_of(const std::string& text);

// Empty when both are the same, else where they part; for messages of a failed check.
std::string difference(const std::vector<std::string>& got, const std::vector<std::string>& want);

void sleep_for(Clock::duration time);

template <typename Predicate>
bool eventually(Predicate done, Clock::duration limit) {
  const auto end = Clock::now() + limit;
  while (!done()) {
    if (Clock::now() >= end) return false;
    sleep_for(5ms);
  }
  return true;
}

}  // namespace midge::interop
