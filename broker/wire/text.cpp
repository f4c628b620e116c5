#include "broker/wire/text.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "broker/base/bytes.hpp"

namespace midge::wire {

namespace {

// How many bytes at the front of `bytes` are U+0001 to U+007F. Most text is nothing else, so it is
// looked at a machine word at a time.
std::size_t leading_ascii_bytes(Bytes bytes) {
  using Word = std::size_t;
  constexpr Word kLowBits = ~Word{0} / 0xFF;  // 0x01 in each byte
  constexpr Word kHighBits = kLowBits * 0x80;
  std::size_t count = 0;
  for (; bytes.size() - count >= sizeof(Word); count += sizeof(Word)) {
    Word word = 0;
    std::memcpy(&word, bytes.data() + count, sizeof word);
    // A high bit is there when a byte is not ASCII; the subtraction borrows one into a byte of 0.
    if (((word | (word - kLowBits)) & kHighBits) != 0) break;
  }
  while (count < bytes.size() && bytes[count] >= 0x01 && bytes[count] <= 0x7F) ++count;
  return count;
}

bool is_between(std::uint8_t value, std::uint8_t low, std::uint8_t high) {
  return low <= value && value <= high;
}

// How many bytes the multi-byte character at the front of `bytes` has; 0 when it is ill-formed.
// Unicode 15 table 3-7: only the second byte has a range that depends on the first.
std::size_t character_bytes(Bytes bytes) {
  const std::uint8_t lead = bytes[0];
  std::size_t count = 0;
  std::uint8_t low = 0x80;
  std::uint8_t high = 0xBF;
  if (is_between(lead, 0xC2, 0xDF)) {  // 0xC0 and 0xC1 would be overlong
    count = 2;
  } else if (is_between(lead, 0xE0, 0xEF)) {
    count = 3;
    if (lead == 0xE0) low = 0xA0;   // below: overlong
    if (lead == 0xED) high = 0x9F;  // above: surrogates
  } else if (is_between(lead, 0xF0, 0xF4)) {
    count = 4;
    if (lead == 0xF0) low = 0x90;   // below: overlong
    if (lead == 0xF4) high = 0x8F;  // above: beyond U+10FFFF
  } else {
    return 0;  // NUL, a continuation byte alone, or a byte that UTF-8 does not have
  }
  if (count > bytes.size() || !is_between(bytes[1], low, high)) return 0;
  for (std::size_t i = 2; i < count; ++i) {
    if (!is_between(bytes[i], 0x80, 0xBF)) return 0;
  }
  return count;
}

}  // namespace

bool is_well_formed_text(std::string_view text) {
  Bytes rest = as_bytes(text);
  while (true) {
    rest = rest.subspan(leading_ascii_bytes(rest));
    if (rest.empty()) return true;
    const std::size_t count = character_bytes(rest);
    if (count == 0) return false;
    rest = rest.subspan(count);
  }
}

bool has_wildcard(std::string_view text) {
  return text.find('+') != std::string_view::npos || text.find('#') != std::string_view::npos;
}

}  // namespace midge::wire
