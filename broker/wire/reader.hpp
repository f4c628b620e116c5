// Reads the data types of MQTT 5.0 section 1.5 from a span. Once failed it stays failed and yields
// zeros and empty views, so a decoder reads straight on and asks ok() at the end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "broker/base/bytes.hpp"
#include "broker/wire/text.hpp"

namespace midge::wire {

class Reader {
 public:
  explicit Reader(Bytes bytes) : rest_(bytes) {}

  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] bool at_end() const { return rest_.empty(); }  // also once failed
  [[nodiscard]] Bytes rest() const { return rest_; }
  void fail() {
    ok_ = false;
    rest_ = {};
  }

  std::uint8_t byte() {
    if (rest_.empty()) {
      fail();
      return 0;
    }
    const std::uint8_t value = rest_[0];
    rest_ = rest_.subspan(1);
    return value;
  }

  std::uint16_t two_byte_integer() {
    const Bytes bytes = take(2);
    return bytes.empty() ? std::uint16_t{0} : static_cast<std::uint16_t>(bytes[0] << 8 | bytes[1]);
  }

  std::uint32_t four_byte_integer() {
    const std::uint32_t high = two_byte_integer();
    const std::uint32_t low = two_byte_integer();
    return ok_ ? high << 16 | low : 0;
  }

  // Fails unless minimal and at most 4 bytes [MQTT-1.5.5-1].
  std::uint32_t variable_byte_integer() {
    std::uint32_t value = 0;
    for (std::uint32_t shift = 0; shift <= 21; shift += 7) {
      const std::uint8_t digit = byte();
      value |= static_cast<std::uint32_t>(digit & 0x7F) << shift;
      if ((digit & 0x80) != 0) continue;
      if (digit == 0 && shift != 0) fail();  // the last byte adds nothing: not minimal
      return ok_ ? value : 0;
    }
    fail();
    return 0;
  }

  // Fails on ill-formed UTF-8 and NUL [MQTT-1.5.4-1, -2].
  std::string_view utf8_string() {
    const std::string_view text = as_text(binary_data());
    if (is_well_formed_text(text)) return text;
    fail();
    return {};
  }

  Bytes binary_data() { return take(two_byte_integer()); }

  Bytes take(std::size_t count) {
    if (count > rest_.size()) {
      fail();
      return {};
    }
    const Bytes taken = rest_.first(count);
    rest_ = rest_.subspan(count);
    return taken;
  }

 private:
  Bytes rest_;
  bool ok_ = true;
};

}  // namespace midge::wire
