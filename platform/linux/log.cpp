#include "platform/linux/log.hpp"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>

#include "broker/base/text.hpp"

namespace midge::platform {

namespace {

constexpr settings::Log kDefaultSettings{};
constexpr std::string_view kDefaultFormat = "%Y-%m-%dT%H:%M:%S%z";

struct Level {
  std::string_view prefix;  // people search logs for "Error: "
  int severity;
};

Level level_of(LogLevel level) {
  switch (level) {
    case LogLevel::Error:
      return {"Error: ", LOG_ERR};
    case LogLevel::Warning:
      return {"Warning: ", LOG_WARNING};
    case LogLevel::Notice:
      return {"notice: ", LOG_NOTICE};
    case LogLevel::Information:
      return {"info: ", LOG_INFO};
    case LogLevel::Debug:
      return {"debug: ", LOG_DEBUG};
    case LogLevel::Subscribe:
      return {"subscribe: ", LOG_NOTICE};
    case LogLevel::Unsubscribe:
      return {"unsubscribe: ", LOG_NOTICE};
  }
  return {"", LOG_INFO};
}

// One call, and only when it won't wait: a pipe or terminal that says so has room for a line.
// Nonblocking mode would be shared with whoever gave us the descriptor.
void write_ready(int fd, std::string_view line) {
  pollfd ready{.fd = fd, .events = POLLOUT, .revents = 0};
  if (poll(&ready, 1, 0) != 1 || (ready.revents & POLLOUT) == 0) return;
  [[maybe_unused]] const ssize_t lost = ::write(fd, line.data(), line.size());
}

}  // namespace

Log::Log(const hal::WallClock& clock) : clock_(clock), settings_(&kDefaultSettings) {
  kDefaultFormat.copy(format_.data(), format_.size() - 1);
}

bool Log::configure(const settings::Log& settings, bool daemon) {
  settings_ = &settings;
  if (!settings.timestamp_format.empty()) {
    format_ = {};
    settings.timestamp_format.copy(format_.data(), format_.size() - 1);
    stamped_second_ = -1;
  }
  stderr_ = settings.to_stderr && !daemon;
  stdout_ = settings.to_stdout && !daemon;
  if (settings.to_syslog || (daemon && settings.to_stderr && settings.file.empty()))
    syslog_.open(settings.facility);
  if (settings.file.empty()) return true;

  file_.reset(open_file());
  if (file_) return true;
  const int error = errno;
  char line[kMaximumLine];
  TextWriter text(line, sizeof line);
  text.add("Error: Unable to open log file ").add_untrusted(settings.file).add(" for writing: ");
  write(LogLevel::Error, text.add(std::string_view(strerror(error))).add(".").view());
  return false;
}

int Log::open_file() const {
  char path[PATH_MAX] = {};
  if (settings_->file.size() >= sizeof path) {
    errno = ENAMETOOLONG;
    return -1;
  }
  settings_->file.copy(path, sizeof path - 1);
  // A named pipe without a reader must not hold us up.
  return open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0640);
}

void Log::reopen() {
  if (!file_) return;
  Descriptor fresh(open_file());
  if (fresh) {
    file_ = std::move(fresh);
  } else {
    write(LogLevel::Error, "Error: Unable to reopen the log file, going on with the old one.");
  }
}

bool Log::is_wanted(LogLevel level) const {
  return (settings_->levels & settings::level_bit(level)) != 0;
}

bool Log::shows_at_start(LogLevel level) const {
  return starting_ && level == LogLevel::Error;
}

bool Log::wants(LogLevel level) const {
  return shows_at_start(level) ||
         (is_wanted(level) && (stderr_ || stdout_ || syslog_.is_open() || file_));
}

std::string_view Log::stamp() {
  const std::int64_t second = clock_.now().count() / 1'000;
  if (second != stamped_second_) {
    stamped_second_ = second;
    const auto t = static_cast<time_t>(second);
    tm local{};
    localtime_r(&t, &local);
    // 0 when the result does not fit: then there is none.
    stamp_size_ = strftime(stamp_.data(), stamp_.size(), format_.data(), &local);
  }
  return {stamp_.data(), stamp_size_};
}

void Log::write(LogLevel level, std::string_view line) {
  if (!wants(level)) return;
  const Level shown = level_of(level);
  if (line.starts_with(shown.prefix)) line.remove_prefix(shown.prefix.size());

  std::array<char, kMaximumLine> buffer;
  TextWriter text(buffer.data(), buffer.size() - 1);  // the end of the line always fits
  if (settings_->timestamp) text.add(stamp()).add(": ");
  text.add(shown.prefix).add(line);
  const std::size_t size = text.view().size();
  buffer[size] = '\n';
  const std::string_view whole(buffer.data(), size + 1);

  const bool wanted = is_wanted(level);
  if ((wanted && stderr_) || shows_at_start(level)) write_ready(STDERR_FILENO, whole);
  if (!wanted) return;
  if (stdout_) write_ready(STDOUT_FILENO, whole);
  if (file_) [[maybe_unused]]
    const ssize_t lost = ::write(file_.get(), whole.data(), whole.size());
  if (syslog_.is_open()) syslog_.write(shown.severity, clock_.now(), shown.prefix, line);
}

}  // namespace midge::platform
