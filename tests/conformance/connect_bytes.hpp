// CONNECT packets field by field, for tests that break one of them.
#pragma once

#include <cstdint>
#include <string_view>

#include "tests/support/hex.hpp"
#include "tests/support/packet.hpp"

namespace midge::test {

// Puts a fixed header with `first_byte` and the right Remaining Length in front of `body`.
[[nodiscard]] inline ByteVector framed(std::uint8_t first_byte, const ByteVector& body) {
  ByteVector packet{first_byte};
  for (std::size_t left = body.size();;) {
    const auto low = static_cast<std::uint8_t>(left & 0x7F);
    left >>= 7;
    packet.push_back(left == 0 ? low : static_cast<std::uint8_t>(low | 0x80));
    if (left == 0) break;
  }
  packet.insert(packet.end(), body.begin(), body.end());
  return packet;
}

// Protocol name, level, `flags` and Keep Alive 0 as `version` has them, for 5.0 a property section
// of less than 128 bytes with `properties`, then `payload`; both are hex.
[[nodiscard]] inline ByteVector raw_connect(Version version, std::uint8_t flags,
                                            std::string_view payload,
                                            std::string_view properties = {}) {
  ByteVector body = hex(version == Version::V31    ? "00 06 4d 51 49 73 64 70 03"
                        : version == Version::V311 ? "00 04 4d 51 54 54 04"
                                                   : "00 04 4d 51 54 54 05");
  const auto append = [&body](const ByteVector& bytes) {
    body.insert(body.end(), bytes.begin(), bytes.end());
  };
  body.push_back(flags);
  append({0x00, 0x00});
  if (version == Version::V5) {
    const ByteVector section = hex(properties);
    body.push_back(static_cast<std::uint8_t>(section.size()));
    append(section);
  }
  append(hex(payload));
  return framed(0x10, body);
}

}  // namespace midge::test
