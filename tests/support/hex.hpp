// Bytes written out by hand, as tests want them.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string_view>
#include <vector>

namespace midge::test {

// hex("00 01 61") is {0x00, 0x01, 0x61}; blanks stand where they please. The vector's buffer has
// exactly the size of its contents, so that AddressSanitizer sees a read past the end.
[[nodiscard]] inline std::vector<std::uint8_t> hex(std::string_view text) {
  const auto digit = [](char c) -> unsigned {
    if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
    if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
    if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A' + 10);
    throw std::invalid_argument("hex(): not a hexadecimal digit");
  };
  std::vector<std::uint8_t> bytes;
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] == ' ' || text[i] == '\n') {
      ++i;
      continue;
    }
    if (i + 1 == text.size()) throw std::invalid_argument("hex(): half a byte at the end");
    bytes.push_back(static_cast<std::uint8_t>(digit(text[i]) << 4 | digit(text[i + 1])));
    i += 2;
  }
  return {bytes.begin(), bytes.end()};  // a copy has no spare capacity
}

}  // namespace midge::test
