// Cuts a configuration text into lines and a line into words. Views only, nothing is copied.
#pragma once

#include <cstdint>
#include <string_view>

namespace midge::config {

// The words of one line.
class Words {
 public:
  explicit Words(std::string_view line);

  // The next word, without the blanks around it; empty after the last.
  std::string_view next();
  // Everything that next() has not taken, without the blanks around it.
  [[nodiscard]] std::string_view rest() const { return rest_; }
  // Nothing is left but a comment.
  [[nodiscard]] bool done() const { return rest_.empty() || rest_.front() == '#'; }

 private:
  std::string_view rest_;
};

// The lines that say something: comments (lines that begin with '#') and empty lines are passed
// over. Lines end with LF or CR LF and may be of any length; a byte-order mark is no text.
class Lines {
 public:
  explicit Lines(std::string_view text);

  // False after the last line.
  [[nodiscard]] bool next();
  [[nodiscard]] std::string_view line() const { return line_; }   // without blanks around it
  [[nodiscard]] std::uint32_t number() const { return number_; }  // from 1

 private:
  std::string_view rest_;
  std::string_view line_;
  std::uint32_t number_ = 0;
};

}  // namespace midge::config
