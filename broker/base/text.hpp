// Builds short texts (log lines, $SYS values) in a buffer of fixed size; what does not fit is cut.
// No snprintf: it costs 3.6 KB of flash.
#pragma once

#include <charconv>
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

  TextWriter& add(std::string_view text) {
    for (const char c : text) put(c);
    return *this;
  }
  TextWriter& add(std::integral auto number) {
    char digits[24];
    const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
    return add(std::string_view(digits, static_cast<std::size_t>(end - digits)));
  }
  // Text from a peer: control characters can't forge a line of the log, they become '?'.
  TextWriter& add_untrusted(std::string_view text) {
    for (const char c : text) put(static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? '?' : c);
    return *this;
  }

 private:
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
