#include <doctest/doctest.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <string>

#include "platform/linux/log.hpp"

namespace midge::platform {

namespace {

class FixedClock final : public hal::WallClock {
 public:
  [[nodiscard]] WallTime now() const override { return time; }
  WallTime time{1'795'525'200'500};  // 2026-11-24T13:00:00.5Z
};

std::string content(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

struct LogFile {
  LogFile() {
    setenv("TZ", "UTC", 1);
    tzset();
    settings.to_stderr = false;
    settings.file = path;
  }
  ~LogFile() { unlink(path.c_str()); }

  std::string path = "/tmp/midge-unit-linux-" + std::to_string(getpid()) + ".log";
  FixedClock clock;
  settings::Log settings;
  Log log{clock};
};

}  // namespace

TEST_CASE("a line has the time, the level and the text") {
  LogFile f;
  REQUIRE(f.log.configure(f.settings, false));
  f.log.started();
  f.log.write(LogLevel::Information, "midge version 0.1.0 starting");
  f.log.write(LogLevel::Error, "Error: Address already in use (127.0.0.1:1883)");
  f.log.write(LogLevel::Warning, "something");
  f.clock.time += WallTime(1'000);
  f.log.write(LogLevel::Notice, "late");
  CHECK(content(f.path) ==
        "2026-11-24T13:00:00+0000: info: midge version 0.1.0 starting\n"
        "2026-11-24T13:00:00+0000: Error: Address already in use (127.0.0.1:1883)\n"
        "2026-11-24T13:00:00+0000: Warning: something\n"
        "2026-11-24T13:00:01+0000: notice: late\n");
}

TEST_CASE("levels that nobody asked for are dropped") {
  LogFile f;
  f.settings.levels = settings::level_bit(LogLevel::Debug);
  REQUIRE(f.log.configure(f.settings, false));
  f.log.started();
  CHECK(f.log.wants(LogLevel::Debug));
  CHECK_FALSE(f.log.wants(LogLevel::Error));
  f.log.write(LogLevel::Error, "no");
  f.log.write(LogLevel::Debug, "yes");
  CHECK(content(f.path) == "2026-11-24T13:00:00+0000: debug: yes\n");
}

TEST_CASE("until the broker runs, an error is seen on stderr even if nobody asked for it") {
  LogFile f;
  f.settings.levels = 0;
  REQUIRE(f.log.configure(f.settings, false));
  CHECK(f.log.wants(LogLevel::Error));
  CHECK_FALSE(f.log.wants(LogLevel::Warning));
  f.log.write(LogLevel::Error, "Error: only on stderr");
  CHECK(content(f.path).empty());
  f.log.started();
  CHECK_FALSE(f.log.wants(LogLevel::Error));
}

TEST_CASE("the time stamp is as configured, or absent") {
  LogFile f;
  f.settings.timestamp_format = "%H.%M";
  REQUIRE(f.log.configure(f.settings, false));
  f.log.write(LogLevel::Notice, "a");
  f.settings.timestamp = false;
  f.log.write(LogLevel::Notice, "b");
  CHECK(content(f.path) == "13.00: notice: a\nnotice: b\n");
}

TEST_CASE("a line that is too long is cut and ends") {
  LogFile f;
  REQUIRE(f.log.configure(f.settings, false));
  f.log.write(LogLevel::Notice, std::string(5'000, 'x'));
  const std::string line = content(f.path);
  CHECK(line.size() == 1'024);
  CHECK(line.ends_with("xx\n"));
}

TEST_CASE("reopening goes on under the configured name") {
  LogFile f;
  REQUIRE(f.log.configure(f.settings, false));
  f.log.write(LogLevel::Notice, "old");
  const std::string moved = f.path + ".1";
  REQUIRE(rename(f.path.c_str(), moved.c_str()) == 0);
  f.log.reopen();
  f.log.write(LogLevel::Notice, "new");
  CHECK(content(moved).ends_with("notice: old\n"));
  CHECK(content(f.path).ends_with("+0000: notice: new\n"));
  unlink(moved.c_str());
}

TEST_CASE("a file that can't be opened is an error") {
  LogFile f;
  f.settings.file = "/nonexistent/midge.log";
  CHECK_FALSE(f.log.configure(f.settings, false));
}

TEST_CASE("a pipe that nobody reads loses lines and never blocks") {
  LogFile f;
  f.settings.file = {};
  f.settings.to_stderr = true;
  REQUIRE(f.log.configure(f.settings, false));
  int ends[2];
  REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
  const int saved = dup(STDERR_FILENO);
  dup2(ends[1], STDERR_FILENO);
  for (int i = 0; i < 2'000; ++i) f.log.write(LogLevel::Notice, std::string(200, 'x'));
  dup2(saved, STDERR_FILENO);
  for (const int fd : {saved, ends[0], ends[1]}) close(fd);
  CHECK(true);  // we got here
}

}  // namespace midge::platform
