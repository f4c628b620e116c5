// Reads the data types of MQTT 5.0 section 1.5 from a span. Once failed it stays failed and yields
// zeros and empty views, so a decoder reads straight on and asks ok() at the end.
#pragma once

#include <cstdint>
#include <string_view>

#include "broker/base/bytes.hpp"

namespace midge::wire {

class Reader {
 public:
  explicit Reader(Bytes bytes) : rest_(bytes) {}

  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  [[nodiscard]] Bytes rest() const { return rest_; }
  void fail() {
    ok_ = false;
    rest_ = {};
  }

  std::uint8_t byte();
  std::uint16_t two_byte_integer();
  std::uint32_t four_byte_integer();
  std::uint32_t variable_byte_integer();  // fails unless minimal and at most 4 bytes [MQTT-1.5.5-1]
  std::string_view utf8_string();         // fails on ill-formed UTF-8 and NUL [MQTT-1.5.4-1, -2]
  Bytes binary_data();
  Bytes take(std::size_t count);

 private:
  Bytes rest_;
  bool ok_ = true;
};

}  // namespace midge::wire
