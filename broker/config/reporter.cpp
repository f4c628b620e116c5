#include "broker/config/reporter.hpp"

#include "broker/base/text.hpp"

namespace midge::config {

bool Reporter::report(LogLevel level, const char* sentence, std::string_view value) const {
  Text<640> text;  // the longest sentence of ours, one value and one path
  text.add(level == LogLevel::Error ? "Error: " : "Warning: ");
  for (; *sentence != '\0'; ++sentence) {
    const std::string_view part = *sentence == '$'   ? key_
                                  : *sentence == '%' ? value
                                                     : std::string_view(sentence, 1);
    text.add_untrusted(part);
  }
  if (place_.line != 0) {
    // Mosquitto's sentences stay whole, their period included, so that searches find them.
    const bool whole = text.view().ends_with('.');
    text.add(whole ? " (" : " at ").add_untrusted(place_.file).add(":").add(place_.line);
    if (whole) text.add(")");
  }
  diagnostics_.report(level, text.view());
  return false;
}

}  // namespace midge::config
