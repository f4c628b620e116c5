// What the tests of all packets need: packets as text, and each packet at every length.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "broker/base/bytes.hpp"
#include "broker/wire/frame.hpp"
#include "broker/wire/writer.hpp"
#include "tests/support/hex.hpp"

namespace midge::test {

// "00 01 61": what doctest prints of two packets that differ.
[[nodiscard]] inline std::string dump(Bytes bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const std::uint8_t byte : bytes) {
    if (!text.empty()) text += ' ';
    text += kDigits[byte >> 4];
    text += kDigits[byte & 0xF];
  }
  return text;
}

// The same of bytes written by hand, whatever blanks they have.
[[nodiscard]] inline std::string packet(std::string_view text) {
  return dump(hex(text));
}

[[nodiscard]] inline std::vector<std::uint8_t> copy_of(Bytes bytes) {
  return {bytes.begin(), bytes.end()};
}

// The body of a whole packet, in a buffer of its own, after a look at its fixed header.
[[nodiscard]] inline std::vector<std::uint8_t> body_of(std::string_view text) {
  const auto bytes = hex(text);
  const auto [framing, header] = wire::read_fixed_header(bytes);
  REQUIRE(framing == wire::Framing::Frame);
  REQUIRE(header.header_bytes + header.remaining_length == bytes.size());
  return copy_of(Bytes(bytes).subspan(header.header_bytes));
}

// What `encode` writes. Every smaller buffer has to overflow without harm.
template <class Encode>
[[nodiscard]] std::string encoded(Encode encode) {
  std::vector<std::uint8_t> large(4096);
  wire::Writer whole(large);
  encode(whole);
  REQUIRE(whole.ok());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    std::vector<std::uint8_t> small(size);
    wire::Writer out(small);
    encode(out);
    CHECK_FALSE(out.ok());
    CHECK(out.size() <= size);
  }
  return dump(whole.written());
}

// Decodes every prefix of `body`, and `body` with a byte more, each in a buffer of exactly its
// size. All must be refused but `body` itself and the prefixes whose lengths are in `whole_at`,
// which are packets too.
template <class Decode>
void check_every_length(Bytes body, Decode decode, std::initializer_list<std::size_t> whole_at = {},
                        bool takes_more = false) {
  for (std::size_t size = 0; size < body.size(); ++size) {
    CAPTURE(size);
    const auto prefix = copy_of(body.first(size));
    const bool whole = std::find(whole_at.begin(), whole_at.end(), size) != whole_at.end();
    CHECK(decode(prefix).ok() == whole);
  }
  const auto same = copy_of(body);
  CHECK(decode(same).ok());
  auto longer = copy_of(body);
  longer.push_back(0);
  longer = copy_of(longer);
  CHECK(decode(longer).ok() == takes_more);
}

}  // namespace midge::test
