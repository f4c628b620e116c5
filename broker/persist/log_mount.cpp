// Log: what a device has at start. Finds the segments that count, and shows their frames in order.
#include <algorithm>
#include <array>

#include "broker/persist/log.hpp"

namespace midge::persist {

// What has been read so far of a log that is mounted.
struct Log::Recovery {
  enum class Chain : std::uint8_t { None, Shown, Dropped };  // the frames of a commit of several

  FrameVisitor& visitor;
  Findings& findings;
  std::uint32_t expected = 0;  // number of the next frame
  Chain chain = Chain::None;
};

Log::Log(hal::Storage& storage, LogHandler& handler, MutableBytes buffer)
    : storage_(storage), handler_(handler), buffer_(buffer), geometry_(storage.geometry()) {}

Mounted Log::fit() {
  const std::size_t unit = geometry_.program_unit_bytes;
  if (geometry_.segments < kMinimumSegments || unit == 0 || half_bytes() <= SegmentHeader::kBytes)
    return Mounted::Unfit;
  // Units that can be written from a half, whether a segment's header comes first or not.
  const std::size_t most = std::min<std::size_t>(
      (half_bytes() - SegmentHeader::kBytes) / unit * unit, geometry_.segment_bytes);
  if (most <= kAroundRecords) return Mounted::Unfit;
  capacity_ = static_cast<std::uint32_t>(most - kAroundRecords);
  return Mounted::Ok;
}

// The segment with the highest number; number 0 when there is none. `unreadable` says how many
// segments do not answer; false when that may be all there are.
bool Log::find_newest(SegmentHeader& newest, std::uint32_t& unreadable) {
  newest = {};
  unreadable = 0;
  for (std::uint32_t index = 0; index < geometry_.segments; ++index) {
    std::array<std::uint8_t, SegmentHeader::kBytes> bytes;
    // What did not answer once is asked again.
    if (!read_at(index, 0, bytes) && !read_at(index, 0, bytes)) {
      ++unreadable;
      continue;
    }
    const std::optional<SegmentHeader> header = decode_segment_header(bytes);
    if (header && index_of(header->number) == index && header->number > newest.number)
      newest = *header;
  }
  // Without one that can be read a store may be there.
  return newest.number != 0 || unreadable == 0;
}

// A header says what was the oldest when its segment was begun.
void Log::find_released(FrameVisitor& visitor) {
  struct Finder final : FrameVisitor {
    explicit Finder(FrameVisitor& to) : asked(to) {}
    void on_frame(Bytes records, Position) override {
      found = std::max(found, asked.released_by(records));
    }
    FrameVisitor& asked;
    SegmentNumber found = 0;
  };
  Finder finder(visitor);
  Findings ignored;
  Recovery recovery{.visitor = finder, .findings = ignored};
  Reading reading{.buffer = buffer_};
  if (open(newest_, reading) && reading.header.version == kFormatVersion &&
      reading.header.capacity + kAroundRecords <= buffer_.size()) {
    recover(reading, recovery);
  }
  oldest_ = std::min(std::max(oldest_, finder.found), std::max(newest_, SegmentNumber{1}));
}

Mounted Log::mount(std::uint32_t new_store, FrameVisitor& visitor, Findings& findings) {
  if (const Mounted fits = fit(); fits != Mounted::Ok) return fits;
  SegmentHeader newest;
  std::uint32_t unreadable = 0;
  if (!find_newest(newest, unreadable)) return Mounted::Unreadable;
  store_ = newest.number != 0 ? newest.store : new_store;
  newest_ = previous_ = newest.number;
  // The place of the next segment is erased before that is begun: no header says yet that what lay
  // there did not count any more.
  const SegmentNumber erased = newest_ < geometry_.segments ? 0 : newest_ + 1 - geometry_.segments;
  oldest_ = std::max({newest.oldest, erased, SegmentNumber{1}});
  find_released(visitor);
  Recovery recovery{.visitor = visitor, .findings = findings};
  SegmentNumber last = 0;
  for (SegmentNumber number = oldest_; number <= newest_; ++number) {
    Reading reading{.buffer = buffer_};
    if (!open(number, reading)) {
      if (reading.failed) ++findings.failed_segments;
      continue;
    }
    const SegmentNumber previous = reading.header.previous;
    if (previous != last && previous >= oldest_ && previous != erased) ++findings.missing_segments;
    last = number;
    if (reading.header.version != kFormatVersion) {
      ++findings.other_versions;
      continue;
    }
    if (reading.header.capacity + kAroundRecords > buffer_.size()) return Mounted::TooLong;
    ++findings.segments;
    recover(reading, recovery);
  }
  findings.failed_segments = std::max(findings.failed_segments, unreadable);
  // What comes is no continuation of what was torn, and does not lie behind it.
  frame_ = recovery.expected + 1;
  // What follows the newest and did not answer may be newer: it is passed over, with as many frames
  // as it could have, and is there if it answers another time. Where that leaves none that is free
  // nothing can be written.
  for (; unreadable > 0 && free_segments() > 0; --unreadable) {
    Reading behind{.buffer = buffer_};
    if (!open(newest_ + 1, behind) && !behind.failed) break;
    previous_ = ++newest_;
    frame_ += geometry_.segment_bytes;
  }
  return Mounted::Ok;
}

// Shows the frames of a segment that belong to finished commits and were not shown before: what a
// device has taken without saying so was written once more.
void Log::recover(Reading reading, Recovery& recovery) {
  using enum Recovery::Chain;
  Findings& findings = recovery.findings;
  for (; find_frame(reading, findings); pass(reading)) {
    const auto ahead = static_cast<std::int32_t>(reading.frame.number - recovery.expected);
    if (findings.frames > 0 && ahead < 0) continue;
    if (ahead != 0) recovery.chain = None;
    if (recovery.chain == None && reading.frame.more) {
      recovery.chain = is_finished(reading) ? Shown : Dropped;
      if (recovery.chain == Dropped) ++findings.unfinished_commits;
      // Those that follow have been in the buffer.
      if (!load_frame(reading, reading.offset)) continue;
    }
    ++findings.frames;
    recovery.expected = reading.frame.number + 1;
    if (recovery.chain != Dropped) {
      findings.records_bytes += reading.frame.records_bytes;
      recovery.visitor.on_frame(reading.bytes(), reading.records());
    } else {
      recovery.visitor.on_dropped(reading.header.number);
    }
    if (!reading.frame.more) recovery.chain = None;
  }
  if (reading.failed) ++findings.failed_segments;
}

}  // namespace midge::persist
