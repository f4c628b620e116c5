// The fixed header (MQTT 5.0 section 2.1): where a packet begins and ends in a byte stream.
#pragma once

#include <cstddef>
#include <cstdint>

#include "broker/base/bytes.hpp"
#include "broker/wire/protocol.hpp"
#include "broker/wire/writer.hpp"

namespace midge::wire {

struct FixedHeader {
  PacketType type{};
  std::uint8_t flags = 0;              // low nibble of the first byte
  std::uint32_t remaining_length = 0;  // bytes of the body, 0 to 268'435'455
  std::uint32_t header_bytes = 0;      // 2 to 5
};

enum class Framing : std::uint8_t {
  NeedMore,   // fewer bytes than a fixed header; `header` is not set
  Frame,      // `header` is set; the body may not have come yet
  Malformed,  // packet type 0, or a Remaining Length of more than four bytes or not minimal
};

struct FrameResult {
  Framing framing = Framing::NeedMore;
  FixedHeader header{};
};

// Reads the fixed header at the front of `bytes`. Does not judge flags. `header` is of use with
// Frame only.
[[nodiscard]] inline Framing read_fixed_header(Bytes bytes, FixedHeader& header) {
  if (bytes.empty()) return Framing::NeedMore;
  header.type = static_cast<PacketType>(bytes[0] >> 4);
  header.flags = static_cast<std::uint8_t>(bytes[0] & 0x0F);
  header.remaining_length = 0;
  if (bytes[0] >> 4 == 0) return Framing::Malformed;
  for (std::uint32_t i = 1; i < kMaximumFixedHeaderBytes; ++i) {
    if (i == bytes.size()) return Framing::NeedMore;
    const std::uint8_t digit = bytes[i];
    header.remaining_length |= static_cast<std::uint32_t>(digit & 0x7F) << (7 * (i - 1));
    if ((digit & 0x80) != 0) continue;
    if (digit == 0 && i > 1) break;  // not minimal [MQTT-1.5.5-1]
    header.header_bytes = i + 1;
    return Framing::Frame;
  }
  return Framing::Malformed;
}

[[nodiscard]] inline FrameResult read_fixed_header(Bytes bytes) {
  FrameResult result;
  result.framing = read_fixed_header(bytes, result.header);
  return result;
}

// True when `flags` are what section 2.1.3 tabulates for `type`; a PUBLISH's are judged by its
// decoder. 3.1 lets DUP be set on SUBSCRIBE, UNSUBSCRIBE and PUBREL, and nothing of their flags is
// judged there.
[[nodiscard]] bool flags_are_valid(Version version, PacketType type, std::uint8_t flags);

// Writes first byte and Remaining Length; one above 268'435'455 is an overflow.
void write_fixed_header(Writer& out, PacketType type, std::uint8_t flags,
                        std::uint32_t remaining_length);

// Writes the first byte of a packet whose length is not known yet. The caller writes the body, then
// puts the Remaining Length before it: out.insert_length() with what begin_packet() returned.
[[nodiscard]] std::size_t begin_packet(Writer& out, PacketType type, std::uint8_t flags = 0);

}  // namespace midge::wire
