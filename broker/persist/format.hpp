// The bytes of the journal: segments and the frames in them (docs/persistence.md). All numbers are
// little-endian. What the records in a frame say is not known here.
//
//   segment   header, then frames: the first right behind it, the others each on a program unit;
//   what
//             they leave of their last unit is 0xFF
//   frame     length, number, records, CRC-32C
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "broker/base/bytes.hpp"

namespace midge::persist {

inline constexpr std::uint8_t kFormatVersion = 1;
inline constexpr std::uint8_t kErased = 0xFF;

// Segments are numbered from 1 in the order of their use. Number n lies in the device's segment
// n modulo their count, so that all are worn alike and none needs a table.
using SegmentNumber = std::uint32_t;
inline constexpr SegmentNumber kLastSegment = 0xFFFFFFFE;

// In whatever version, all of it stays where it is.
struct SegmentHeader {
  static constexpr std::size_t kBytes = 32;

  std::uint8_t version = kFormatVersion;
  std::uint32_t store = 0;  // the same in all segments of a store, another in the next one
  SegmentNumber number = 0;
  SegmentNumber previous = 0;  // what was written before it; one that failed is left out
  SegmentNumber oldest = 0;    // the first that counted when this one was begun
  std::uint32_t capacity = 0;  // bytes of records that a frame has at most
  std::uint32_t crc = 0;       // tells its frames from those that lay there before
};

// Writes kBytes at `out` and sets header.crc.
void encode(SegmentHeader& header, std::uint8_t* out);
// Nothing when these are not a header's bytes. One of another version is still a header.
[[nodiscard]] std::optional<SegmentHeader> decode_segment_header(Bytes bytes);

struct FrameHeader {
  static constexpr std::size_t kBytes = 8;
  static constexpr std::size_t kCrcBytes = 4;  // behind the records

  std::uint32_t records_bytes = 0;
  bool more = false;         // the commit goes on in the next frame
  std::uint32_t number = 0;  // counts frames; goes on in the next segment

  [[nodiscard]] std::size_t frame_bytes() const { return kBytes + records_bytes + kCrcBytes; }
};

// Puts length, number and CRC around the records that lie at frame + FrameHeader::kBytes.
// `segment_crc` is the crc of the segment's header.
void seal(const FrameHeader& header, std::uint32_t segment_crc, std::uint8_t* frame);
// Nothing when no frame begins like this.
[[nodiscard]] std::optional<FrameHeader> decode_frame_header(Bytes bytes);
// Whether a whole frame is as it was sealed.
[[nodiscard]] bool is_intact(const FrameHeader& header, std::uint32_t segment_crc, Bytes frame);

}  // namespace midge::persist
