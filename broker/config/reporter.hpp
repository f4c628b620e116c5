// Builds the lines for Diagnostics and adds the place in the configuration.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "broker/config/diagnostics.hpp"

namespace midge::config {

// A value as an error shows it: from its beginning, but never a whole page of it.
[[nodiscard]] constexpr std::string_view shown(std::string_view text) {
  return text.substr(0, 80);
}

class Reporter {
 public:
  explicit Reporter(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  // Where what follows is found; line 0: a file as a whole or the command line, no place is added.
  void at(std::string_view file, std::uint32_t line) {
    file_ = file;
    line_ = line;
  }
  [[nodiscard]] std::string_view file() const { return file_; }
  [[nodiscard]] std::uint32_t line() const { return line_; }

  // `parts` become one line with "Error: " or "Warning: " before them; control characters in them
  // are made harmless. error() is always false, so that a reader can return it.
  bool error(std::initializer_list<std::string_view> parts) const;
  void warning(std::initializer_list<std::string_view> parts) const;

 private:
  void report(LogLevel level, std::string_view prefix,
              std::initializer_list<std::string_view> parts) const;

  Diagnostics& diagnostics_;
  std::string_view file_;
  std::uint32_t line_ = 0;
};

}  // namespace midge::config
