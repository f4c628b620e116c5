// What broker/hal/storage.hpp promises, as checks that run on the host and on a board: no test
// framework, no allocation, about 1 KB of code. They erase the first three segments.
#pragma once

#include <cstddef>
#include <cstdint>

#include "broker/base/bytes.hpp"
#include "broker/hal/storage.hpp"

namespace midge::test {

// Who runs the checks.
class StorageHost {
 public:
  // A check did not hold; the others go on. `what` is a sentence.
  virtual void on_broken(const char* what) = 0;
  // Lets the device do a piece of what it answered Pending for.
  virtual void work() = 0;

 protected:
  ~StorageHost() = default;
};

class StorageChecks final : public hal::StorageHandler {
 public:
  // `buffer` has room for two program units and for 64 bytes at least; four units are better.
  StorageChecks(hal::Storage& storage, StorageHost& host, MutableBytes buffer)
      : storage_(storage), host_(host), buffer_(buffer), geometry_(storage.geometry()) {}

  // Runs them all; the number of those that did not hold is then in broken().
  void run() {
    if (!check_geometry()) return;
    for (std::uint32_t segment = 0; segment < kSegments; ++segment)
      check(erase(segment), "a segment can be erased");
    check_units();
    check_whole_segment();
    check_neighbours();
    check_erased_again();
    check_refusals();
  }
  [[nodiscard]] int broken() const { return broken_; }

  void on_storage_done(hal::StorageStatus status) override {
    check(waits_, "nothing ends twice, and nothing that was not begun");
    check(status != hal::StorageStatus::Pending, "what has ended is not pending");
    waits_ = false;
    ended_ = status;
  }

 private:
  static constexpr std::uint32_t kSegments = 3;
  // A device that needs more pieces than this for one operation hangs.
  static constexpr std::uint32_t kMaximumPieces = 10'000'000;

  void check(bool holds, const char* what) {
    if (holds) return;
    ++broken_;
    host_.on_broken(what);
  }

  [[nodiscard]] bool check_geometry() {
    const std::uint32_t unit = geometry_.program_unit_bytes;
    const bool sound = geometry_.segments >= kSegments && geometry_.segment_bytes > 0 && unit > 0 &&
                       geometry_.segment_bytes % unit == 0 && geometry_.segment_bytes >= 2 * unit;
    check(sound, "the geometry has segments of whole program units, three at least");
    const bool fits = buffer_.size() >= 64 && buffer_.size() / 2 >= unit;
    check(fits, "the buffer has room for two program units");
    // As many units as fit go out at once.
    step_ = fits ? static_cast<std::uint32_t>(buffer_.size() / 2 / unit) * unit : 0;
    if (step_ > geometry_.segment_bytes) step_ = geometry_.segment_bytes;
    return sound && fits;
  }

  // Unit by unit, and parts of what was programmed at odd places.
  void check_units() {
    const std::uint32_t unit = geometry_.program_unit_bytes;
    check(program(0, 0, unit), "one unit can be programmed");
    check(program(0, unit, unit), "the next unit can be programmed");
    check(holds(0, 0, unit), "a unit reads as it was programmed");
    check(holds(0, unit, unit), "the next unit reads as it was programmed");
    check(holds(0, 0, 1), "the first byte can be read alone");
    check(holds(0, 2 * unit - 1, 1), "the last byte can be read alone");
    if (unit > 1) {
      check(holds(0, 1, unit - 1), "a read may begin inside a unit");
      check(holds(0, unit - 1, 2), "a read may cross from one unit to the next");
    }
  }

  void check_whole_segment() {
    for (std::uint32_t at = 0; at < geometry_.segment_bytes; at += step_)
      check(program(1, at, left(at)), "a whole segment can be programmed");
    for (std::uint32_t at = 0; at < geometry_.segment_bytes; at += step_)
      check(holds(1, at, left(at)), "a whole segment reads as it was programmed");
  }

  void check_neighbours() {
    const std::uint32_t unit = geometry_.program_unit_bytes;
    const std::uint32_t last = geometry_.segment_bytes - unit;
    check(program(2, 0, unit), "the first unit of a segment can be programmed");
    check(program(2, last, unit), "the last unit of a segment can be programmed");
    check(holds(1, last, unit), "programming a segment leaves the one before alone");
    check(erase(1), "a segment that was programmed can be erased");
    check(holds(0, 0, unit) && holds(0, unit, unit), "erasing leaves the segment before alone");
    check(holds(2, 0, unit) && holds(2, last, unit), "erasing leaves the segment behind alone");
  }

  void check_erased_again() {
    salt_ ^= 0x5A;
    for (std::uint32_t at = 0; at < geometry_.segment_bytes; at += step_)
      check(program(1, at, left(at)), "an erased segment can be programmed again");
    for (std::uint32_t at = 0; at < geometry_.segment_bytes; at += step_)
      check(holds(1, at, left(at)), "it reads as it was programmed the second time");
  }

  void check_refusals() {
    const std::uint32_t unit = geometry_.program_unit_bytes;
    const std::uint32_t end = geometry_.segment_bytes;
    check(!erase(geometry_.segments), "a segment behind the last is not erased");
    check(!program(geometry_.segments, 0, unit), "a segment behind the last is not programmed");
    check(!read(geometry_.segments, 0, 1), "a segment behind the last is not read");
    check(!program(1, end, unit), "programming does not begin behind the end");
    check(!read(1, end, 1), "reading does not begin behind the end");
    check(!read(1, end - 1, 2), "reading does not go beyond the end");
    if (unit > 1) {
      check(!program(1, 1, unit), "programming begins on a unit");
      check(!program(1, 0, unit - 1), "programming ends on a unit");
    }
    check(holds(1, 0, unit) && holds(1, end - unit, unit), "what is refused changes nothing");
  }

  [[nodiscard]] std::uint32_t left(std::uint32_t at) const {
    return geometry_.segment_bytes - at < step_ ? geometry_.segment_bytes - at : step_;
  }

  // What stands at a place: different at each, so that a piece in a wrong place is seen.
  [[nodiscard]] std::uint8_t byte_at(std::uint32_t segment, std::uint32_t offset) const {
    const std::uint32_t mixed = (offset + 1) * 2'654'435'761U + segment * 40'503U;
    return static_cast<std::uint8_t>((mixed >> 13U) ^ (segment == 1 ? salt_ : 0U));
  }

  [[nodiscard]] bool finished(hal::StorageStatus status) {
    if (status != hal::StorageStatus::Pending) {
      check(waits_, "what is answered at once is not reported again");
      waits_ = false;
      return status == hal::StorageStatus::Ok;
    }
    for (std::uint32_t i = 0; waits_ && i < kMaximumPieces; ++i) host_.work();
    check(!waits_, "what is pending ends");
    return ended_ == hal::StorageStatus::Ok;
  }

  [[nodiscard]] bool erase(std::uint32_t segment) {
    waits_ = true;
    return finished(storage_.erase(segment, *this));
  }

  [[nodiscard]] bool program(std::uint32_t segment, std::uint32_t offset, std::uint32_t count) {
    for (std::uint32_t i = 0; i < count; ++i) buffer_[i] = byte_at(segment, offset + i);
    waits_ = true;
    return finished(storage_.program(segment, offset, buffer_.first(count), *this));
  }

  [[nodiscard]] bool read(std::uint32_t segment, std::uint32_t offset, std::uint32_t count) {
    waits_ = true;
    return finished(storage_.read(segment, offset, buffer_.first(count), *this));
  }

  // Whether a place reads as it was programmed; what lies behind it in memory must stay.
  [[nodiscard]] bool holds(std::uint32_t segment, std::uint32_t offset, std::uint32_t count) {
    constexpr std::uint8_t kGuard = 0xC5;
    for (std::uint8_t& byte : buffer_) byte = kGuard;
    if (!read(segment, offset, count)) return false;
    for (std::uint32_t i = 0; i < count; ++i)
      if (buffer_[i] != byte_at(segment, offset + i)) return false;
    for (std::size_t i = count; i < buffer_.size(); ++i)
      if (buffer_[i] != kGuard) return false;
    return true;
  }

  hal::Storage& storage_;
  StorageHost& host_;
  const MutableBytes buffer_;
  const hal::StorageGeometry geometry_;
  std::uint32_t step_ = 0;  // bytes of a large operation
  int broken_ = 0;
  bool waits_ = false;  // on_storage_done() may come
  hal::StorageStatus ended_{};
  std::uint8_t salt_ = 0;  // what segment 1 holds changes with it
};

}  // namespace midge::test
