// Log: the way out. Erase, program, and again with what has gathered meanwhile.
#include <algorithm>
#include <cstring>

#include "broker/persist/log.hpp"

namespace midge::persist {

using hal::StorageStatus;

bool Log::has_room(std::size_t bytes) const {
  // A half that is full goes out as a part of its commit, if the device takes it.
  return (can_fill() && bytes <= capacity_ - filled_) ||
         (!is_busy() && !failed_ && bytes <= capacity_);
}

bool Log::append(Bytes record) {
  std::uint8_t* const place = append(record.size());
  if (place != nullptr) copy(place, record);
  return place != nullptr;
}

bool Log::keep_together(std::size_t bytes) {
  if (!has_room(bytes)) return false;
  if (bytes > capacity_ - filled_) go_on(start());
  return can_fill() && bytes <= capacity_ - filled_;
}

std::uint8_t* Log::append(std::size_t bytes) {
  if (!keep_together(bytes)) return nullptr;
  std::uint8_t* const place = filling() + filled_;
  filled_ += static_cast<std::uint32_t>(bytes);
  appended_ += bytes;
  return place;
}

void Log::commit() {
  ++commits_;
  ended_ = filled_;
  if (!is_busy() && !failed_) go_on(start());
}

void Log::retry() {
  if (!failed_ || is_busy()) return;
  failed_ = false;
  go_on(begin_frame());
}

// Lets the half that fills go out: what belongs to commits, or all of it as a part of one.
StorageStatus Log::start() {
  const bool is_part = !has_commit();
  writing_ = is_part ? filled_ : ended_;
  // Nothing has changed since the last commit, so there is nothing to write.
  const bool is_void = writing_ == 0 && !is_part && !writes_more_;
  writes_more_ = is_part;
  if (!is_part) writing_commits_ = commits_;
  if (is_void) return StorageStatus::Ok;
  const Bytes rest{filling() + writing_, filled_ - writing_};
  fills_second_ = !fills_second_;
  copy(filling(), rest);
  filled_ -= writing_;
  ended_ = 0;
  return begin_frame();
}

StorageStatus Log::begin_frame() {
  const FrameHeader header{.records_bytes = writing_, .more = writes_more_, .number = frame_};
  if (offset_ == 0 || offset_ + padded(header.frame_bytes()) > geometry_.segment_bytes)
    return begin_segment();
  std::uint8_t* const frame = half(!fills_second_) + SegmentHeader::kBytes;
  seal(header, segment_crc_, frame);
  return program(offset_, frame, header.frame_bytes());
}

StorageStatus Log::begin_segment() {
  // One that has taken nothing is tried again when there are few: else a device that fails for long
  // would use them all up.
  const bool is_unused = newest_ != previous_;
  if (!is_unused || free_segments() > 1) {
    if (free_segments() == 0) return StorageStatus::Failed;
    ++newest_;
  }
  offset_ = 0;
  step_ = Step::Erase;
  return storage_.erase(index_of(newest_), *this);
}

// The header goes out with the first frame.
StorageStatus Log::program_first() {
  std::uint8_t* const begin = half(!fills_second_);
  SegmentHeader header{.store = store_,
                       .number = newest_,
                       .previous = previous_,
                       .oldest = oldest_,
                       .capacity = capacity_};
  encode(header, begin);
  segment_crc_ = header.crc;
  begun_oldest_ = oldest_;
  const FrameHeader frame{.records_bytes = writing_, .more = writes_more_, .number = frame_};
  seal(frame, segment_crc_, begin + SegmentHeader::kBytes);
  return program(0, begin, SegmentHeader::kBytes + frame.frame_bytes());
}

StorageStatus Log::program(std::uint32_t offset, std::uint8_t* from, std::size_t bytes) {
  const std::uint32_t size = padded(bytes);
  std::memset(from + bytes, kErased, size - bytes);
  writing_to_ = offset + size;
  step_ = Step::Program;
  return storage_.program(index_of(newest_), offset, {from, size}, *this);
}

void Log::go_on(StorageStatus status) {
  while (status != StorageStatus::Pending) {
    const Step done = step_;
    step_ = Step::Idle;
    if (status == StorageStatus::Failed) {
      offset_ = 0;
      failed_ = true;
      handler_.on_log_failed();
      return;
    }
    if (done == Step::Erase) {
      status = program_first();
      continue;
    }
    if (done == Step::Program) on_programmed();
    if (!writes_more_) handler_.on_committed(writing_commits_);
    if (is_busy() || failed_ || !has_commit()) return;
    status = start();
  }
}

void Log::on_programmed() {
  if (offset_ == 0) tell_released();
  previous_ = newest_;
  offset_ = writing_to_;
  ++frame_;
}

// Only now that a header says so: without it a mount would miss them.
void Log::tell_released() {
  const SegmentNumber count = geometry_.segments;
  // Those before have their place taken by a newer one.
  released_ = std::max(released_, newest_ < count ? 1 : newest_ + 1 - count);
  for (; released_ < begun_oldest_; ++released_) storage_.release(index_of(released_));
}

void Log::release_oldest() {
  if (oldest_ == newest_) return;
  ++oldest_;
}

}  // namespace midge::persist
