#include "broker/config/values.hpp"

#include <charconv>
#include <limits>
#include <system_error>

namespace midge::config {
namespace {

Number times(const Number& number, std::int64_t factor) {
  if (!number) return number;
  if (*number > std::numeric_limits<std::int64_t>::max() / factor ||
      *number < std::numeric_limits<std::int64_t>::min() / factor) {
    return Failure{NumberFault::OutOfRange};
  }
  return *number * factor;
}

// 0: there is no such unit.
std::int64_t bytes_of(char unit) {
  switch (unit) {
    case 'k':
    case 'K':
      return 1024;
    case 'm':
    case 'M':
      return 1024 * 1024;
    case 'g':
    case 'G':
      return 1024 * 1024 * 1024;
  }
  return 0;
}

std::int64_t seconds_of(char unit) {
  constexpr std::int64_t kDay = 86'400;
  switch (unit) {
    case 's':
      return 1;
    case 'h':
      return 3'600;
    case 'd':
      return kDay;
    case 'w':
      return 7 * kDay;
    case 'm':
      return 30 * kDay;
    case 'y':
      return 365 * kDay;
  }
  return 0;
}

}  // namespace

std::optional<bool> parse_flag(std::string_view text) {
  if (text == "true" || text == "1") return true;
  if (text == "false" || text == "0") return false;
  return {};
}

Number parse_number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::result_out_of_range && end == text.data() + text.size()) {
    return Failure{NumberFault::OutOfRange};
  }
  if (error != std::errc{} || end != text.data() + text.size()) {
    return Failure{NumberFault::NotANumber};
  }
  return value;
}

Number parse_size(std::string_view text) {
  const std::int64_t factor = text.empty() ? 0 : bytes_of(text.back());
  if (factor == 0) return parse_number(text);
  return times(parse_number(text.substr(0, text.size() - 1)), factor);
}

Number parse_wait(std::string_view text) {
  if (text.ends_with("ms")) return parse_number(text.substr(0, text.size() - 2));
  if (text.ends_with('s')) text.remove_suffix(1);
  return times(parse_number(text), 1'000);
}

Number parse_duration(std::string_view text) {
  const std::int64_t factor = text.empty() ? 0 : seconds_of(text.back());
  if (factor == 0) return Failure{NumberFault::NotANumber};
  return times(parse_number(text.substr(0, text.size() - 1)), factor);
}

std::optional<std::int64_t> parse_choice(std::string_view text, std::string_view choices) {
  for (std::int64_t position = 0; !choices.empty(); ++position) {
    const std::size_t end = choices.find('|');
    if (text == choices.substr(0, end)) return position;
    choices = end == std::string_view::npos ? std::string_view{} : choices.substr(end + 1);
  }
  return {};
}

}  // namespace midge::config
