// The log on the board's serial line, and the configuration's complaints.
#pragma once

#include "broker/base/log.hpp"
#include "broker/config/diagnostics.hpp"
#include "broker/settings/settings.hpp"

namespace midge::board {

// A line is sent before the call returns, 87 us for each character at 115,200 baud: a board's
// configuration does well to log little.
class Console final : public LogSink, public config::Diagnostics {
 public:
  // Until then every line but debug is shown, without its time. `settings` outlives the console.
  void configure(const settings::Log& settings) { settings_ = &settings; }

  [[nodiscard]] bool wants(LogLevel level) const override;
  // "12.345: notice: text": seconds since the start, if log_timestamp asks for them.
  void write(LogLevel level, std::string_view line) override;
  void report(LogLevel level, std::string_view text) override { write(level, text); }

 private:
  const settings::Log* settings_ = nullptr;
};

}  // namespace midge::board
