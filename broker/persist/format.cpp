#include "broker/persist/format.hpp"

#include "broker/persist/crc32c.hpp"

namespace midge::persist {

namespace {

constexpr std::uint32_t kMagic = 0x4A47444D;  // "MDGJ"
constexpr std::uint32_t kMore = 0x80000000;
constexpr std::uint32_t kErasedLength = 0x7FFFFFFF;
constexpr std::uint32_t kEmptyFrame = FrameHeader::kBytes + FrameHeader::kCrcBytes;

void put(std::uint8_t* out, std::uint32_t value) {
  for (unsigned i = 0; i < 4; ++i) out[i] = static_cast<std::uint8_t>(value >> 8 * i);
}

std::uint32_t get(const std::uint8_t* bytes) {
  std::uint32_t value = 0;
  for (unsigned i = 0; i < 4; ++i) value |= std::uint32_t{bytes[i]} << 8 * i;
  return value;
}

}  // namespace

void encode(SegmentHeader& header, std::uint8_t* out) {
  put(out, kMagic);
  put(out + 4, header.version);
  put(out + 8, header.store);
  put(out + 12, header.number);
  put(out + 16, header.previous);
  put(out + 20, header.oldest);
  put(out + 24, header.capacity);
  header.crc = crc32c({out, 28});
  put(out + 28, header.crc);
}

std::optional<SegmentHeader> decode_segment_header(Bytes bytes) {
  if (bytes.size() < SegmentHeader::kBytes || get(bytes.data()) != kMagic) return std::nullopt;
  const std::uint32_t crc = get(&bytes[28]);
  if (crc32c(bytes.first(28)) != crc) return std::nullopt;
  const SegmentHeader header{.version = bytes[4],
                             .store = get(&bytes[8]),
                             .number = get(&bytes[12]),
                             .previous = get(&bytes[16]),
                             .oldest = get(&bytes[20]),
                             .capacity = get(&bytes[24]),
                             .crc = crc};
  // Nobody has written that.
  if (header.number > kLastSegment || header.previous >= header.number || header.oldest == 0 ||
      header.oldest > header.number) {
    return std::nullopt;
  }
  return header;
}

void seal(const FrameHeader& header, std::uint32_t segment_crc, std::uint8_t* frame) {
  put(frame, static_cast<std::uint32_t>(header.frame_bytes()) | (header.more ? kMore : 0));
  put(frame + 4, header.number);
  const std::size_t sealed = FrameHeader::kBytes + header.records_bytes;
  put(frame + sealed, crc32c({frame, sealed}, segment_crc));
}

std::optional<FrameHeader> decode_frame_header(Bytes bytes) {
  if (bytes.size() < FrameHeader::kBytes) return std::nullopt;
  const std::uint32_t first = get(bytes.data());
  const std::uint32_t length = first & ~kMore;
  if (length < kEmptyFrame || length == kErasedLength) return std::nullopt;
  return FrameHeader{.records_bytes = length - kEmptyFrame,
                     .more = (first & kMore) != 0,
                     .number = get(&bytes[4])};
}

bool is_intact(const FrameHeader& header, std::uint32_t segment_crc, Bytes frame) {
  const std::size_t sealed = FrameHeader::kBytes + header.records_bytes;
  return frame.size() >= sealed + FrameHeader::kCrcBytes &&
         get(&frame[sealed]) == crc32c(frame.first(sealed), segment_crc);
}

}  // namespace midge::persist
