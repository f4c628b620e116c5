// Writes the data types of MQTT 5.0 section 1.5 into a caller's buffer. Never writes past it: what
// does not fit sets overflow and ok() turns false, and stays so.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "broker/base/bytes.hpp"
#include "broker/wire/protocol.hpp"

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
  void fail() { ok_ = false; }

  void raw(Bytes bytes) {
    if (!has_room(bytes.size())) return;
    std::copy(bytes.begin(), bytes.end(), out_.subspan(size_).begin());
    size_ += bytes.size();
  }

  void byte(std::uint8_t value);
  void two_byte_integer(std::uint16_t value);
  void four_byte_integer(std::uint32_t value);
  void variable_byte_integer(std::uint32_t value);  // at most 268'435'455, else overflow
  void utf8_string(std::string_view text);          // at most 65'535 bytes, else overflow
  void binary_data(Bytes data);                     // likewise

  // Moves what was written since size() was `start`, and puts its length there: a variable byte
  // integer.
  void insert_length(std::size_t start);

 private:
  // Turns ok() false when `count` bytes more don't fit; nothing is written in part.
  [[nodiscard]] bool has_room(std::size_t count) {
    if (count > out_.size() - size_) ok_ = false;
    return ok_;
  }

  MutableBytes out_;
  std::size_t size_ = 0;
  bool ok_ = true;
};

}  // namespace midge::wire
