// The journal's log: records in frames, one row of frames a commit, in a circle of segments on a
// device (docs/persistence.md). It knows when a commit is safe and which segments are free; what
// records mean, and which of the oldest segment still count, is its user's business.
//
//   mount(visitor)                   once, at start: what was committed, in order
//   append(record) ... commit()      a turn
//   handler.on_committed()           in the same call, or later
//   read_on() through the oldest segment, append() what still counts, commit(), release_oldest()
//
// A segment that did not take what was written to it is left behind, and the next one gets it:
// nothing is written twice to the same place.
#pragma once

#include <cstddef>
#include <cstdint>

#include "broker/base/bytes.hpp"
#include "broker/hal/storage.hpp"
#include "broker/persist/format.hpp"

namespace midge::persist {

// Where bytes lie: to read them again.
struct Position {
  SegmentNumber segment = 0;  // 0: nowhere
  std::uint32_t offset = 0;
  std::uint32_t frame = 0;  // its number; to compare by the sign of the difference
};

class FrameVisitor {
 public:
  // The records of one frame, in the order of append(). They live during the call, and lie at
  // `position`.
  virtual void on_frame(Bytes records, Position position) = 0;
  // Of frames of the newest segment, before all others: the oldest segment that counts, if the
  // records say it.
  virtual SegmentNumber released_by(Bytes) { return 0; }
  // There is a frame of a commit that was not finished: it does not count.
  virtual void on_dropped(SegmentNumber) {}

 protected:
  ~FrameVisitor() = default;
};

class LogHandler {
 public:
  // All that was appended before the `count`-th commit() is safe.
  virtual void on_committed(std::uint64_t count) = 0;
  // The device did not take what it was given, or has no free segment. It is kept; retry() tries
  // again.
  virtual void on_log_failed() = 0;

 protected:
  ~LogHandler() = default;
};

enum class Mounted : std::uint8_t {
  Ok,
  Unfit,       // too few or too small segments, or a buffer too small for the device
  Unreadable,  // the device does not answer
  TooLong,     // a frame is longer than the buffer: it was written with a larger one
};

// What reading found.
struct Findings {
  std::uint32_t segments = 0;
  std::uint32_t frames = 0;
  std::uint64_t records_bytes = 0;
  std::uint32_t missing_segments = 0;    // that counted, and are gone
  std::uint32_t failed_segments = 0;     // of which some could not be read
  std::uint32_t other_versions = 0;      // segments of a format that this midge does not know
  std::uint32_t damaged_frames = 0;      // places with whole frames behind them in their segment
  std::uint32_t torn_frames = 0;         // the last of their segment: the power went
  std::uint32_t unfinished_commits = 0;  // whose last frame is not there

  [[nodiscard]] bool is_damaged() const {
    return missing_segments + failed_segments + other_versions + damaged_frames > 0;
  }
};

// Where reading goes on: at a frame of that segment, or behind it.
struct Cursor {
  SegmentNumber segment = 0;
  std::uint32_t offset = 0;  // 0: at the segment's front
  bool in_commit = false;    // what comes belongs to the same commit as what was shown
};

enum class ReadOn : std::uint8_t {
  Frame,   // one was shown; there may be more
  End,     // no more is written
  Failed,  // the device does not answer
};

class Log final : private hal::StorageHandler {
 public:
  // One is written, one is copied from, and two are free so that neither waits.
  static constexpr std::uint32_t kMinimumSegments = 4;
  static constexpr std::size_t kAroundRecords =
      SegmentHeader::kBytes + FrameHeader::kBytes + FrameHeader::kCrcBytes;

  // `buffer` is cut in two: one half is written while the other one fills. Of a device that answers
  // at once all of it is one half: it fills when it has been written. All outlive the log.
  Log(hal::Storage& storage, LogHandler& handler, MutableBytes buffer);
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  // Reads must be answered at once. On a device without a log one begins, whose name is
  // `new_store`: a random number.
  [[nodiscard]] Mounted mount(std::uint32_t new_store, FrameVisitor& visitor, Findings& findings);

  // The longest record that append() takes; 0 before mount().
  [[nodiscard]] std::size_t longest_record() const { return capacity_; }
  // Whether a record of so many bytes would find room now.
  [[nodiscard]] bool has_room(std::size_t bytes) const;
  // Puts a record behind the others. False when there is no room before the device has taken what
  // it was given.
  [[nodiscard]] bool append(Bytes record);
  // The same for one that is still to be written, to where this points; null: no room.
  [[nodiscard]] std::uint8_t* append(std::size_t bytes);
  // What is appended next, up to so many bytes, goes into one frame. False when there is no room.
  [[nodiscard]] bool keep_together(std::size_t bytes);
  // Whether so many bytes more fit the frame that append() adds to.
  [[nodiscard]] bool fits_frame(std::size_t bytes) const { return bytes <= capacity_ - filled_; }
  // The number of the frame that append() adds to.
  [[nodiscard]] std::uint32_t filling_frame() const {
    return frame_ + (is_busy() || failed_ ? 1 : 0);
  }
  // Bytes of all records so far.
  [[nodiscard]] std::uint64_t appended() const { return appended_; }
  // All that was appended is a commit.
  void commit();
  // After on_log_failed().
  void retry();

  [[nodiscard]] bool is_failed() const { return failed_; }
  [[nodiscard]] bool is_busy() const { return step_ != Step::Idle; }

  // --- making room ---
  [[nodiscard]] SegmentNumber oldest() const { return oldest_; }
  [[nodiscard]] SegmentNumber newest() const { return newest_; }
  // Segments that can still be begun.
  [[nodiscard]] std::uint32_t free_segments() const {
    return geometry_.segments - (newest_ + 1 - oldest_);
  }
  // Shows the next frame that is written at the cursor or behind it, as far as segment `last`, and
  // goes behind that. It is read into `place`, of the size of the buffer, and may be of a commit
  // that was not finished before a mount: nothing of that counts.
  [[nodiscard]] ReadOn read_on(Cursor& cursor, SegmentNumber last, MutableBytes place,
                               FrameVisitor& visitor);
  // Whether the device has all that was appended.
  [[nodiscard]] bool is_written() const { return filled_ == 0 && !is_busy() && !failed_; }
  // What still counts of the oldest segment, which is not the newest, has been committed anew.
  void release_oldest();

 private:
  enum class Step : std::uint8_t { Idle, Erase, Program };

  // Where reading stands, and what it reads into.
  struct Reading {
    MutableBytes buffer;
    SegmentHeader header{};
    std::uint32_t offset = 0;  // of a frame
    FrameHeader frame{};       // that frame's; its bytes begin the buffer
    bool failed = false;       // the device did not answer

    [[nodiscard]] Position records() const {
      return {header.number, offset + static_cast<std::uint32_t>(FrameHeader::kBytes),
              frame.number};
    }
    [[nodiscard]] Bytes bytes() const {
      return buffer.subspan(FrameHeader::kBytes, frame.records_bytes);
    }
  };
  struct Recovery;

  // log_mount.cpp
  [[nodiscard]] Mounted fit();
  [[nodiscard]] bool find_newest(SegmentHeader& newest, std::uint32_t& unreadable);
  void recover(Reading reading, Recovery& recovery);
  void find_released(FrameVisitor& visitor);
  // log_read.cpp
  [[nodiscard]] bool read_into(Reading& reading, std::uint32_t offset, MutableBytes out);
  [[nodiscard]] bool open(SegmentNumber number, Reading& reading);
  [[nodiscard]] bool find_frame(Reading& reading, Findings& findings);
  [[nodiscard]] bool load_frame(Reading& reading, std::uint32_t offset);
  void pass(Reading& reading) const;
  [[nodiscard]] bool is_finished(Reading reading);
  [[nodiscard]] bool read_at(SegmentNumber number, std::uint32_t offset, MutableBytes out);
  // log_write.cpp
  [[nodiscard]] bool has_commit() const { return commits_ > writing_commits_; }
  [[nodiscard]] hal::StorageStatus start();
  [[nodiscard]] hal::StorageStatus begin_frame();
  [[nodiscard]] hal::StorageStatus begin_segment();
  [[nodiscard]] hal::StorageStatus program_first();
  [[nodiscard]] hal::StorageStatus program(std::uint32_t offset, std::uint8_t* from,
                                           std::size_t bytes);
  void on_programmed();
  void tell_released();
  void go_on(hal::StorageStatus status);
  void on_storage_done(hal::StorageStatus status) override { go_on(status); }

  [[nodiscard]] std::uint32_t index_of(SegmentNumber number) const {
    return number % geometry_.segments;
  }
  [[nodiscard]] std::uint32_t padded(std::size_t bytes) const {
    const std::uint32_t unit = geometry_.program_unit_bytes;
    return (static_cast<std::uint32_t>(bytes) + unit - 1) / unit * unit;
  }
  // A half: room for a segment's header, then a frame.
  [[nodiscard]] std::size_t half_bytes() const {
    return geometry_.answers_at_once ? buffer_.size() : buffer_.size() / 2;
  }
  [[nodiscard]] std::uint8_t* half(bool second) const {
    return buffer_.data() + (second ? buffer_.size() - half_bytes() : 0);
  }
  // Whether a half can fill: of two, always.
  [[nodiscard]] bool can_fill() const {
    return !geometry_.answers_at_once || (!is_busy() && !failed_);
  }
  [[nodiscard]] std::uint8_t* filling() const {
    return half(fills_second_) + SegmentHeader::kBytes + FrameHeader::kBytes;
  }

  hal::Storage& storage_;
  LogHandler& handler_;
  const MutableBytes buffer_;
  hal::StorageGeometry geometry_;
  std::uint32_t capacity_ = 0;  // bytes of records that fit a frame

  std::uint32_t store_ = 0;
  SegmentNumber oldest_ = 1;
  SegmentNumber newest_ = 0;        // the last that was begun
  SegmentNumber previous_ = 0;      // the last that has taken a frame
  SegmentNumber begun_oldest_ = 0;  // what the newest's header calls the oldest
  SegmentNumber released_ = 0;      // the first that the device has not been told of
  std::uint32_t segment_crc_ = 0;   // of the newest's header
  std::uint32_t offset_ = 0;        // where its next frame begins; 0: it takes no more
  std::uint32_t frame_ = 0;         // number of the next frame

  // The half that fills: `ended_` bytes of records belong to commits that were asked for.
  bool fills_second_ = false;
  std::uint32_t filled_ = 0;
  std::uint32_t ended_ = 0;
  // The other half, which is being written: bytes of records, and of the device.
  std::uint32_t writing_ = 0;
  std::uint32_t writing_to_ = 0;  // where the next frame will begin, when it is there
  bool writes_more_ = false;      // its commit goes on in the half that fills
  Step step_ = Step::Idle;
  bool failed_ = false;

  std::uint64_t appended_ = 0;         // bytes
  std::uint64_t commits_ = 0;          // asked for
  std::uint64_t writing_commits_ = 0;  // of these, safe when what was started is
};

}  // namespace midge::persist
