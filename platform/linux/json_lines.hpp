// Writes JSON objects, one a line (RFC 8259), into a buffer that goes out when it is full.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "broker/base/bytes.hpp"

namespace midge::platform {

class JsonLines {
 public:
  // To a file that is open.
  explicit JsonLines(int fd) : fd_(fd) {}
  ~JsonLines() { flush(); }
  JsonLines(const JsonLines&) = delete;
  JsonLines& operator=(const JsonLines&) = delete;

  JsonLines& begin();
  JsonLines& number(std::string_view key, std::uint64_t value);
  // What is no well-formed UTF-8 is shown as if each byte was a character.
  JsonLines& text(std::string_view key, std::string_view value);
  JsonLines& base64(std::string_view key, Bytes value);
  void end();

  void flush();

 private:
  void name(std::string_view key);
  void put(std::string_view text);
  void put_escaped(std::uint8_t character);

  const int fd_;
  bool is_first_ = true;
  std::size_t filled_ = 0;
  std::array<char, 16'384> buffer_;
};

}  // namespace midge::platform
