// Cuts a configuration text into lines and a line into words. Views only, nothing is copied.
#pragma once

#include <cstdint>
#include <string_view>

namespace midge::config {

[[nodiscard]] constexpr bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r';
}

[[nodiscard]] constexpr std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

// The words of one line, which has no blanks at its ends.
class Words {
 public:
  explicit constexpr Words(std::string_view line) : rest_(trimmed(line)) {}

  // The next word, without the blanks around it; empty after the last.
  constexpr std::string_view next() {
    std::size_t length = 0;
    while (length < rest_.size() && !is_blank(rest_[length])) ++length;
    const std::string_view word = rest_.substr(0, length);
    rest_ = trimmed(rest_.substr(length));
    return word;
  }
  // Everything that next() has not taken.
  [[nodiscard]] constexpr std::string_view rest() const { return rest_; }
  // Nothing is left but a comment.
  [[nodiscard]] constexpr bool done() const { return rest_.empty() || rest_.front() == '#'; }

 private:
  std::string_view rest_;
};

// The lines that say something: comments (lines that begin with '#') and empty lines are passed
// over. Lines end with LF or CR LF and may be of any length; a byte-order mark is no text.
class Lines {
 public:
  explicit constexpr Lines(std::string_view text) : rest_(text) {
    constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
    if (rest_.starts_with(kByteOrderMark)) rest_.remove_prefix(kByteOrderMark.size());
  }

  // False after the last line.
  [[nodiscard]] constexpr bool next() {
    while (!rest_.empty()) {
      const std::size_t end = rest_.find('\n');
      line_ = trimmed(rest_.substr(0, end));
      rest_ = end == std::string_view::npos ? std::string_view{} : rest_.substr(end + 1);
      ++number_;
      if (!line_.empty() && line_.front() != '#') return true;
    }
    return false;
  }
  [[nodiscard]] constexpr std::string_view line() const { return line_; }   // trimmed
  [[nodiscard]] constexpr std::uint32_t number() const { return number_; }  // from 1

 private:
  std::string_view rest_;
  std::string_view line_;
  std::uint32_t number_ = 0;
};

}  // namespace midge::config
