#include "broker/config/reporter.hpp"

#include "broker/base/text.hpp"

namespace midge::config {
namespace {

constexpr std::size_t kMaximumFileShown = 160;  // the end of a path says more than its beginning

}  // namespace

bool Reporter::error(std::initializer_list<std::string_view> parts) const {
  report(LogLevel::Error, "Error: ", parts);
  return false;
}

void Reporter::warning(std::initializer_list<std::string_view> parts) const {
  report(LogLevel::Warning, "Warning: ", parts);
}

void Reporter::report(LogLevel level, std::string_view prefix,
                      std::initializer_list<std::string_view> parts) const {
  char line[640];  // the longest sentence of ours, one value and one path
  TextWriter text(line, sizeof line);
  text.add(prefix);
  for (const std::string_view part : parts) text.add_untrusted(part);
  if (line_ != 0) {
    const std::string_view file =
        file_.size() <= kMaximumFileShown ? file_ : file_.substr(file_.size() - kMaximumFileShown);
    // Mosquitto's sentences stay whole, their period included, so that searches find them.
    const bool sentence = text.view().ends_with('.');
    text.add(sentence ? " (" : " at ").add_untrusted(file).add(":").add(line_);
    if (sentence) text.add(")");
  }
  diagnostics_.report(level, text.view());
}

}  // namespace midge::config
