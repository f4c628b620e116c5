// Log lines to stderr, stdout, a file and syslog:
//   2026-11-24T13:00:00+0000: Error: Address already in use (127.0.0.1:1883)
// A destination that nobody reads loses lines; it never holds up the broker.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "broker/base/log.hpp"
#include "broker/hal/wall_clock.hpp"
#include "broker/settings/settings.hpp"
#include "platform/linux/descriptor.hpp"
#include "platform/linux/syslog.hpp"

namespace midge::platform {

class Log final : public LogSink {
 public:
  // Until configure() as an empty configuration says: stderr. `clock` outlives it.
  explicit Log(const hal::WallClock& clock);
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  // Opens what `settings` asks for; it outlives the log. False, and said so, when the file can't
  // be opened. A daemon has no stderr: syslog stands in when nothing else was chosen.
  [[nodiscard]] bool configure(const settings::Log& settings, bool daemon);

  // The broker runs. Until then errors go to stderr too, whatever the settings say: who has just
  // started it must see why it ended.
  void started() { starting_ = false; }

  // Opens the file anew under its name, after somebody moved it away.
  void reopen();

  [[nodiscard]] bool wants(LogLevel level) const override;
  void write(LogLevel level, std::string_view line) override;

 private:
  static constexpr std::size_t kMaximumLine = 1024;  // the rest is cut
  static constexpr std::size_t kMaximumStamp = 64;

  [[nodiscard]] bool is_wanted(LogLevel level) const;
  [[nodiscard]] bool shows_at_start(LogLevel level) const;
  [[nodiscard]] int open_file() const;
  [[nodiscard]] std::string_view stamp();

  const hal::WallClock& clock_;
  const settings::Log* settings_;
  bool starting_ = true;
  bool stderr_ = true;
  bool stdout_ = false;
  Descriptor file_;
  Syslog syslog_;
  std::int64_t stamped_second_ = -1;
  std::size_t stamp_size_ = 0;
  std::array<char, kMaximumStamp> stamp_;         // of stamped_second_
  std::array<char, 2 * kMaximumStamp> format_{};  // for strftime
};

}  // namespace midge::platform
