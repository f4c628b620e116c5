// A packet as a row of fields: what it means that a byte stands where it stands.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "broker/base/bytes.hpp"

namespace midge::test::bad_input {

enum class Kind : std::uint8_t {
  FirstByte,
  RemainingLength,
  Text,  // a length of two bytes stands before it, as before the next four
  Topic,
  Filter,
  Data,
  Protocol,
  TextLength,
  Level,
  ConnectFlags,
  KeepAlive,
  PacketId,
  PropertyLength,
  PropertyId,
  Flag,          // 0 or 1
  Number,        // of two or four bytes, any
  Positive,      // of two or four bytes, not 0
  Alias,         // 1 to the broker's maximum
  Subscription,  // Subscription Identifier: a variable byte integer, not 0
  Options,
  Reason,
  Payload,
  Unjudged,  // the rest of a packet that may not come at all
};

// As packets.cpp writes them.
[[nodiscard]] std::string_view kind_name(Kind kind);

struct Field {
  Kind kind{};
  std::size_t offset = 0;  // in the stream
  std::vector<std::uint8_t> bytes{};

  bool operator==(const Field&) const = default;
};

// "first:30 length:04 size:0001 topic:61 payload:78": fields and the bytes that they make.
[[nodiscard]] std::vector<Field> fields_of(std::string_view text);
[[nodiscard]] std::vector<std::uint8_t> bytes_of(const std::vector<Field>& fields);

}  // namespace midge::test::bad_input
