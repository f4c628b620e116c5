#include "broker/config/reporter.hpp"

#include "broker/base/text.hpp"

namespace midge::config {

bool Reporter::error(const char* sentence) const {
  return error(sentence, {});
}

bool Reporter::error(const char* sentence, std::string_view value) const {
  report(LogLevel::Error, sentence, value.substr(0, 80));
  return false;
}

void Reporter::warning(const char* sentence, std::string_view value) const {
  report(LogLevel::Warning, sentence, value);
}

void Reporter::report(LogLevel level, const char* sentence, std::string_view value) const {
  Text<640> text;  // the longest sentence of ours, one value and one path
  text.add(level == LogLevel::Error ? "Error: " : "Warning: ");
  for (; *sentence != '\0'; ++sentence) {
    if (*sentence == '$') {
      text.add_untrusted(key_);
    } else if (*sentence == '%') {
      text.add_untrusted(value);
    } else {
      text.add(std::string_view(sentence, 1));
    }
  }
  if (place_.line != 0) {
    // Mosquitto's sentences stay whole, their period included, so that searches find them.
    const bool is_whole = text.view().ends_with('.');
    text.add(is_whole ? " (" : " at ").add_untrusted(place_.file).add(":").add(place_.line);
    text.add(is_whole ? ")" : "");
  }
  diagnostics_.report(level, text.view());
}

}  // namespace midge::config
