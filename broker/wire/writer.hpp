// Writes the data types of MQTT 5.0 section 1.5 into a caller's buffer. Never writes past it: what
// does not fit sets overflow and ok() turns false.
#pragma once

#include <cstdint>
#include <string_view>

#include "broker/base/bytes.hpp"

namespace midge::wire {

// Encoded size of a variable byte integer, 1 to 4.
[[nodiscard]] constexpr std::uint32_t variable_byte_integer_bytes(std::uint32_t value) {
  return value < 128 ? 1 : value < 16'384 ? 2 : value < 2'097'152 ? 3 : 4;
}

class Writer {
 public:
  explicit Writer(MutableBytes out) : out_(out) {}

  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] std::size_t size() const { return size_; }
  // What was written so far; only meaningful while ok().
  [[nodiscard]] Bytes written() const { return out_.first(size_); }

  void byte(std::uint8_t value);
  void two_byte_integer(std::uint16_t value);
  void four_byte_integer(std::uint32_t value);
  void variable_byte_integer(std::uint32_t value);
  void utf8_string(std::string_view text);  // at most 65'535 bytes, else overflow
  void binary_data(Bytes data);             // likewise
  void raw(Bytes bytes);

 private:
  MutableBytes out_;
  std::size_t size_ = 0;
  bool ok_ = true;
};

}  // namespace midge::wire
