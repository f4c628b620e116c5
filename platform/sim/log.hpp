// Keeps the log's lines for a test to look at.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "broker/base/log.hpp"

namespace midge::sim {

class Log final : public LogSink {
 public:
  struct Line {
    LogLevel level;
    std::string text;
  };

  std::vector<Line> lines;
  LogLevel least = LogLevel::Unsubscribe;  // the last level that is wanted

  [[nodiscard]] bool wants(LogLevel level) const override { return level <= least; }
  void write(LogLevel level, std::string_view line) override {
    lines.push_back({level, std::string(line)});
  }

  // How many lines contain `text`.
  [[nodiscard]] std::size_t count(std::string_view text) const {
    std::size_t found = 0;
    for (const Line& line : lines) found += line.text.find(text) != std::string::npos ? 1U : 0U;
    return found;
  }
  [[nodiscard]] bool has(std::string_view text) const { return count(text) != 0; }
};

}  // namespace midge::sim
