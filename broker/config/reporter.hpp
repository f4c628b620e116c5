// Builds the lines for Diagnostics and adds the place in the configuration.
#pragma once

#include <cstdint>
#include <string_view>

#include "broker/config/diagnostics.hpp"

namespace midge::config {

// Line 0: a file as a whole or the command line, no place is shown.
struct Place {
  std::string_view file;
  std::uint32_t line = 0;
};

// In a sentence '$' stands for the key that is spoken of and '%' for a value. Control characters
// in them are made harmless.
class Reporter {
 public:
  explicit Reporter(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  // Where what follows is found, and which key it is about. Views, not copies.
  void at(const Place& place) { place_ = place; }
  void about(std::string_view key) { key_ = key; }
  [[nodiscard]] const Place& place() const { return place_; }
  [[nodiscard]] std::string_view key() const { return key_; }

  // Always false, so that a reader can return it.
  bool error(const char* sentence) const;
  // Of `value` its beginning is shown, never a whole page of it.
  bool error(const char* sentence, std::string_view value) const;
  // All of `value` is shown.
  void warning(const char* sentence, std::string_view value) const;
  void report(LogLevel level, const char* sentence, std::string_view value) const;

 private:
  Diagnostics& diagnostics_;
  Place place_;
  std::string_view key_;
};

}  // namespace midge::config
