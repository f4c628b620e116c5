#include "platform/sim/storage.hpp"

#include <algorithm>
#include <utility>

namespace midge::sim {

using hal::StorageStatus;

namespace {
constexpr std::uint8_t kErased = 0xFF;
}

Storage::Storage(Kind kind, const hal::StorageGeometry& geometry, std::uint64_t seed)
    : kind_(kind),
      geometry_(geometry),
      random_(seed),
      medium_(std::size_t{geometry.segment_bytes} * geometry.segments),
      is_programmed_(medium_.size()),
      erases_(geometry.segments) {
  // Nothing is known of a new device.
  for (std::uint8_t& byte : medium_) byte = static_cast<std::uint8_t>(random_.next());
  std::fill(is_programmed_.begin(), is_programmed_.end(), true);
}

bool Storage::is_inside(std::uint32_t segment, std::uint32_t offset, std::size_t count) const {
  return segment < geometry_.segments && offset <= geometry_.segment_bytes &&
         count <= geometry_.segment_bytes - offset;
}

std::uint8_t* Storage::place(std::uint32_t segment, std::uint32_t offset) {
  return medium_.data() + std::size_t{segment} * geometry_.segment_bytes + offset;
}

Storage::Fate Storage::begin() {
  ++operations_;
  if (cut_at != 0 && --cut_at == 0) return Fate::Cut;
  if (fail_at > 1) {
    --fail_at;
  } else if (fail_at == 1) {
    if (failures > 0) --failures;
    if (failures == 0) fail_at = 0;
    return fails_late ? Fate::FailedLate : Fate::Failed;
  }
  return Fate::Done;
}

// The operation on a copy of the device, whose power goes.
template <class Operation>
void Storage::show_cut(Operation operation) {
  if (witness == nullptr) return;
  Storage copied(*this);
  copied.random_ = Random(operations_);
  copied.witness = nullptr;
  copied.fail_at = copied.read_fail_at = 0;
  copied.cut_at = 1;
  operation(copied);
  copied.forget_pending();
  copied.power_on();
  witness->on_operation(copied);
}

void Storage::power_on() {
  is_off_ = false;
  if (safe_.empty()) return;
  medium_ = std::exchange(safe_, {});
  is_programmed_ = std::exchange(was_programmed_, {});
}

StorageStatus Storage::end(Fate fate, hal::StorageHandler& handler) {
  if (fate == Fate::Cut) is_off_ = true;
  const StorageStatus status = fate == Fate::Done ? StorageStatus::Ok : StorageStatus::Failed;
  if (!is_late) return status;
  handler_ = &handler;
  status_ = status;
  return StorageStatus::Pending;
}

void Storage::work() {
  hal::StorageHandler* const handler = std::exchange(handler_, nullptr);
  if (handler != nullptr) handler->on_storage_done(status_);
}

void Storage::write(std::uint8_t* to, std::uint8_t byte) {
  if (kind_ == Kind::Disk) {
    *to = byte;
    return;
  }
  const auto at = static_cast<std::size_t>(to - medium_.data());
  if (is_programmed_[at]) ++violations_;
  is_programmed_[at] = true;
  *to = static_cast<std::uint8_t>(*to & byte);
}

// A part of a write whose power went.
void Storage::tear(std::uint8_t* to, Bytes bytes) {
  if (kind_ == Kind::Nor) {
    const std::uint64_t whole = random_.between(0, bytes.size());
    for (std::size_t i = 0; i < whole; ++i) write(to + i, bytes[i]);
    // Of the next one some bits.
    if (whole < bytes.size()) {
      write(to + whole, static_cast<std::uint8_t>(bytes[whole] | random_.next()));
    }
    return;
  }
  for (std::size_t at = 0; at < bytes.size(); at += kSector) {
    const std::size_t count = std::min<std::size_t>(kSector, bytes.size() - at);
    const std::uint64_t fate = random_.between(0, 4);
    for (std::size_t i = at; i < at + count; ++i) {
      if (fate < 2) write(to + i, bytes[i]);
      // The drive was in the middle of this one.
      if (fate == 4) write(to + i, static_cast<std::uint8_t>(random_.next()));
    }
  }
}

StorageStatus Storage::read(std::uint32_t segment, std::uint32_t offset, MutableBytes out,
                            hal::StorageHandler&) {
  if (is_off_ || !is_inside(segment, offset, out.size())) return StorageStatus::Failed;
  ++reads_;
  if (read_fail_at > 1) {
    --read_fail_at;
  } else if (read_fail_at == 1) {
    if (read_failures > 0) --read_failures;
    if (read_failures == 0) read_fail_at = 0;
    return StorageStatus::Failed;
  }
  copy(out.data(), {place(segment, offset), out.size()});
  return StorageStatus::Ok;
}

StorageStatus Storage::program(std::uint32_t segment, std::uint32_t offset, Bytes bytes,
                               hal::StorageHandler& handler) {
  const std::uint32_t unit = geometry_.program_unit_bytes;
  if (is_off_ || !is_inside(segment, offset, bytes.size()) || offset % unit != 0 ||
      bytes.size() % unit != 0) {
    return StorageStatus::Failed;
  }
  show_cut(
      [&](Storage& copied) { static_cast<void>(copied.program(segment, offset, bytes, handler)); });
  const Fate fate = begin();
  std::uint8_t* const to = place(segment, offset);
  if (fate == Fate::Done || fate == Fate::FailedLate) {
    for (std::size_t i = 0; i < bytes.size(); ++i) write(to + i, bytes[i]);
  } else {
    tear(to, bytes);
  }
  ++programs_;
  programmed_bytes_ += bytes.size();
  return end(fate, handler);
}

StorageStatus Storage::erase(std::uint32_t segment, hal::StorageHandler& handler) {
  if (is_off_ || is_full || segment >= geometry_.segments) return StorageStatus::Failed;
  show_cut([&](Storage& copied) { static_cast<void>(copied.erase(segment, handler)); });
  const Fate fate = begin();
  const auto from = static_cast<std::ptrdiff_t>(place(segment, 0) - medium_.data());
  const bool is_done = fate == Fate::Done || fate == Fate::FailedLate;
  for (std::ptrdiff_t at = from; at < from + geometry_.segment_bytes; ++at) {
    const auto i = static_cast<std::size_t>(at);
    if (!is_done && kind_ == Kind::Disk) break;
    medium_[i] = is_done ? kErased : static_cast<std::uint8_t>(medium_[i] | random_.next());
    is_programmed_[i] = !is_done;
  }
  ++erases_[segment];
  return end(fate, handler);
}

void Storage::release(std::uint32_t segment) {
  ++releases_;
  if (kind_ == Kind::Nor || is_off_) return;
  std::fill_n(place(segment, 0), geometry_.segment_bytes, std::uint8_t{0});
}

}  // namespace midge::sim
