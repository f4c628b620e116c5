// Log lines go to a sink of the platform, which adds time and level and drops what nobody wants.
#pragma once

#include <cstdint>
#include <string_view>

namespace midge {

enum class LogLevel : std::uint8_t {
  Error,
  Warning,
  Notice,
  Information,
  Debug,
  Subscribe,
  Unsubscribe,
};

// "error", "warning", ...: as log lines show it.
[[nodiscard]] constexpr std::string_view log_level_name(LogLevel level) {
  constexpr std::string_view kNames[] = {"error", "warning",   "notice",     "info",
                                         "debug", "subscribe", "unsubscribe"};
  return kNames[static_cast<std::uint8_t>(level)];
}

class LogSink {
 public:
  // True when lines of this level go anywhere: the caller may then build one.
  [[nodiscard]] virtual bool wants(LogLevel level) const = 0;

  // One line without its end; valid during the call.
  virtual void write(LogLevel level, std::string_view line) = 0;

 protected:
  ~LogSink() = default;
};

class NoLog final : public LogSink {
 public:
  [[nodiscard]] bool wants(LogLevel) const override { return false; }
  void write(LogLevel, std::string_view) override {}
};

}  // namespace midge
