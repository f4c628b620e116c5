#include "tests/unit/persist/log_world.hpp"

#include <doctest/doctest.h>

namespace midge::test {

namespace {
constexpr std::uint32_t kStore = 0x5EED;
}

LogWorld::LogWorld(sim::Storage& device, std::size_t buffer_bytes)
    : device_(device), buffer_(buffer_bytes), place_(buffer_bytes) {
  states.emplace_back();
}

persist::Mounted LogWorld::start() {
  log_ = std::make_unique<persist::Log>(device_, *this, buffer_);
  table_.clear();
  where_.clear();
  shown.clear();
  findings = {};
  asked_.assign(1, 0);
  committed_ = 0;
  copies_ = false;
  return log_->mount(kStore, *this, findings);
}

// A record: its length, the key, the value, padding.
bool LogWorld::append(std::uint8_t key, std::uint32_t value, std::size_t padding) {
  std::vector<std::uint8_t> record{static_cast<std::uint8_t>(padding), key};
  for (int shift = 0; shift < 32; shift += 8)
    record.push_back(static_cast<std::uint8_t>(value >> shift));
  record.resize(record.size() + padding, 0xA5);
  return log_->append(record);
}

bool LogWorld::set(std::uint8_t key, std::uint32_t value, std::size_t padding) {
  if (!append(key, value, padding)) return false;
  table_[key] = value;
  // It lies here or further on; a segment that is skipped does no harm.
  where_[key] = log_->newest();
  return true;
}

void LogWorld::commit() {
  states.push_back(table_);
  asked_.push_back(states.size() - 1);
  log_->commit();
}

void LogWorld::change(std::uint8_t key, std::uint32_t value, std::size_t padding) {
  if (set(key, value, padding)) commit();
  if (log_->free_segments() < 2 && log_->oldest() < log_->newest() && !log_->is_failed() &&
      !log_->is_busy()) {
    make_room();
  }
}

void LogWorld::make_room() {
  persist::ReadOn read = persist::ReadOn::Frame;
  persist::Cursor cursor{.segment = log_->oldest()};
  copies_ = true;
  while (read == persist::ReadOn::Frame)
    read = log_->read_on(cursor, log_->oldest(), place_, *this);
  copies_ = false;
  commit();
  const bool safe = !log_->is_busy() && !log_->is_failed();
  if (read == persist::ReadOn::End && safe) log_->release_oldest();
}

void LogWorld::on_committed(std::uint64_t count) {
  REQUIRE(count < asked_.size());
  committed_ = asked_[count];
}

void LogWorld::on_frame(Bytes records, persist::Position position) {
  const std::vector<std::uint8_t> copied(records.begin(), records.end());
  for (std::size_t at = 0; at < copied.size();) {
    REQUIRE(at + 6 <= copied.size());
    const std::size_t padding = copied[at];
    const std::uint8_t key = copied[at + 1];
    std::uint32_t value = 0;
    for (unsigned i = 0; i < 4; ++i) value |= std::uint32_t{copied[at + 2 + i]} << 8 * i;
    at += 6 + padding;
    if (!copies_) {
      shown.push_back(value);
      table_[key] = value;
      where_[key] = position.segment;
    } else if (where_[key] <= position.segment) {
      // False only when the power has gone.
      if (!append(key, table_[key], padding)) REQUIRE(device_.is_off());
      where_[key] = log_->newest() + 1;
    }
  }
}

}  // namespace midge::test
