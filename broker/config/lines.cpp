#include "broker/config/lines.hpp"

#include <algorithm>

namespace midge::config {
namespace {

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r';
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace

Words::Words(std::string_view line) : rest_(trimmed(line)) {}

std::string_view Words::next() {
  std::size_t length = 0;
  while (length < rest_.size() && !is_blank(rest_[length])) ++length;
  const std::string_view word = rest_.substr(0, length);
  rest_ = trimmed(rest_.substr(length));
  return word;
}

Lines::Lines(std::string_view text) : rest_(text) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (rest_.starts_with(kByteOrderMark)) rest_.remove_prefix(kByteOrderMark.size());
}

bool Lines::next() {
  while (!rest_.empty()) {
    const std::size_t length = std::min(rest_.find('\n'), rest_.size());
    line_ = trimmed(rest_.substr(0, length));
    rest_.remove_prefix(std::min(length + 1, rest_.size()));
    ++number_;
    if (!line_.empty() && line_.front() != '#') return true;
  }
  return false;
}

}  // namespace midge::config
