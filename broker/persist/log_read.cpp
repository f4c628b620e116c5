// Log: reading frames.
#include <algorithm>
#include <array>

#include "broker/persist/log.hpp"

namespace midge::persist {

namespace {

// Nothing was programmed here, or a file's zeros are still there.
bool is_blank(Bytes bytes) {
  const std::uint8_t first = bytes[0];
  return (first == kErased || first == 0) &&
         std::all_of(bytes.begin(), bytes.end(), [&](std::uint8_t byte) { return byte == first; });
}

}  // namespace

bool Log::read_at(SegmentNumber number, std::uint32_t offset, MutableBytes out) {
  return storage_.read(index_of(number), offset, out, *this) == hal::StorageStatus::Ok;
}

bool Log::read_into(Reading& reading, std::uint32_t offset, MutableBytes out) {
  const bool answers = read_at(reading.header.number, offset, out);
  reading.failed = reading.failed || !answers;
  return answers;
}

// False when segment `number` of this log is not there.
bool Log::open(SegmentNumber number, Reading& reading) {
  std::array<std::uint8_t, SegmentHeader::kBytes> bytes;
  reading.header.number = number;
  if (!read_into(reading, 0, bytes)) return false;
  const std::optional<SegmentHeader> header = decode_segment_header(bytes);
  if (!header || header->number != number || header->store != store_) return false;
  reading.header = *header;
  reading.offset = SegmentHeader::kBytes;
  return true;
}

// Behind the frame that was read.
void Log::pass(Reading& reading) const {
  reading.offset = padded(reading.offset + reading.frame.frame_bytes());
}

// Reads the frame at `offset` and goes there. False when there is no whole one.
bool Log::load_frame(Reading& reading, std::uint32_t offset) {
  const std::size_t left = geometry_.segment_bytes - offset;
  const MutableBytes begin = reading.buffer.first(FrameHeader::kBytes);
  if (left < begin.size() || !read_into(reading, offset, begin)) return false;
  const std::optional<FrameHeader> found = decode_frame_header(begin);
  if (!found || found->records_bytes > reading.header.capacity || found->frame_bytes() > left ||
      found->frame_bytes() > reading.buffer.size()) {
    return false;
  }
  const MutableBytes whole = reading.buffer.first(found->frame_bytes());
  if (!read_into(reading, offset, whole) || !is_intact(*found, reading.header.crc, whole)) {
    return false;
  }
  reading.frame = *found;
  reading.offset = offset;
  return true;
}

// Reads the next whole frame. False when the segment has no more.
bool Log::find_frame(Reading& reading, Findings& findings) {
  if (reading.offset >= geometry_.segment_bytes) return false;
  if (load_frame(reading, reading.offset)) return true;
  // Nothing, the end of a life, or damage: whole frames may lie behind it.
  bool blank = true;
  for (std::uint32_t at = reading.offset; at + FrameHeader::kBytes <= geometry_.segment_bytes;) {
    const std::size_t left = geometry_.segment_bytes - at;
    const MutableBytes window = reading.buffer.first(std::min(left, reading.buffer.size()));
    if (!read_into(reading, at, window)) break;
    blank = blank && is_blank(window);
    std::uint32_t looked = 0;
    while (looked + FrameHeader::kBytes <= window.size()) {
      const std::optional<FrameHeader> found = decode_frame_header(window.subspan(looked));
      if (found && found->records_bytes <= reading.header.capacity) {
        if (load_frame(reading, at + looked)) {
          ++findings.damaged_frames;
          return true;
        }
        if (!read_into(reading, at, window)) return false;
      }
      looked = padded(at + looked + 1) - at;
    }
    at += looked;
  }
  if (!blank) ++findings.torn_frames;
  return false;
}

// Whether all frames of the commit are there that the one just read is the first of.
bool Log::is_finished(Reading reading) {
  std::uint32_t last = reading.frame.number;
  Findings ignored;
  for (SegmentNumber number = reading.header.number;;) {
    pass(reading);
    while (!find_frame(reading, ignored)) {
      do {
        if (++number > newest_) return false;
      } while (!open(number, reading) || reading.header.version != kFormatVersion);
    }
    const auto ahead = static_cast<std::int32_t>(reading.frame.number - last);
    if (ahead <= 0) continue;  // written once more
    if (ahead > 1) return false;
    if (!reading.frame.more) return true;
    last = reading.frame.number;
  }
}

ReadOn Log::read_on(Cursor& cursor, SegmentNumber last, MutableBytes place, FrameVisitor& visitor) {
  last = std::min(last, newest_);
  if (cursor.segment < oldest_) cursor = {.segment = oldest_};
  for (; cursor.segment <= last; cursor = {.segment = cursor.segment + 1}) {
    const bool is_newest = cursor.segment == newest_;
    // Of the one that is being written, what is there; one that is being begun has nothing yet.
    if (is_newest && (offset_ != 0 ? cursor.offset >= offset_ : is_busy())) break;
    Reading reading{.buffer = place};
    Findings ignored;
    bool is_there = open(cursor.segment, reading) && reading.header.version == kFormatVersion;
    if (cursor.offset != 0) reading.offset = cursor.offset;
    is_there = is_there && find_frame(reading, ignored);
    if (reading.failed) return ReadOn::Failed;
    if (is_there) {
      const Position records = reading.records();
      const Bytes bytes = reading.bytes();
      pass(reading);
      cursor.offset = reading.offset;
      cursor.in_commit = reading.frame.more;
      visitor.on_frame(bytes, records);
      return ReadOn::Frame;
    }
    if (cursor.segment == last) break;
  }
  return ReadOn::End;
}

}  // namespace midge::persist
