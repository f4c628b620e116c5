// Builds short texts (log lines, $SYS values) in a buffer of fixed size; what does not fit is cut.
// No snprintf, which costs 3.6 KB of flash, and no to_chars, of which each type of number costs 350
// bytes.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace midge {

class TextWriter {
 public:
  TextWriter(char* buffer, std::size_t capacity) : buffer_(buffer), capacity_(capacity) {}

  [[nodiscard]] std::string_view view() const { return {buffer_, size_}; }
  void clear() { size_ = 0; }

  TextWriter& add(std::string_view text);
  TextWriter& add(const char* text);
  TextWriter& add(std::integral auto number) {
    const auto value = static_cast<std::uint64_t>(number);
    return number < 0 ? add("-").add_number(0 - value) : add_number(value);
  }
  // Text from a peer: control characters can't forge a line of the log, they become '?'.
  TextWriter& add_untrusted(std::string_view text);

 private:
  TextWriter& add_number(std::uint64_t number);
  void put(char c) {
    if (size_ < capacity_) buffer_[size_++] = c;
  }

  char* buffer_;
  std::size_t capacity_;
  std::size_t size_ = 0;
};

template <std::size_t kCapacity>
class Text : public TextWriter {
 public:
  Text() : TextWriter(storage_, kCapacity) {}
  Text(const Text&) = delete;
  Text& operator=(const Text&) = delete;

 private:
  char storage_[kCapacity];
};

}  // namespace midge
