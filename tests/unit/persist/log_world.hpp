// A user of the log for its tests: a table of numbers by key, of which every change is a record.
// What counts of the oldest segment is copied when few are free.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "broker/persist/log.hpp"
#include "platform/sim/storage.hpp"

namespace midge::test {

using Table = std::map<std::uint8_t, std::uint32_t>;

class LogWorld final : public persist::LogHandler, public persist::FrameVisitor {
 public:
  LogWorld(sim::Storage& device, std::size_t buffer_bytes);

  // A life: mounts what the device has. What was known is forgotten, except `states`.
  persist::Mounted start();

  // Changes the table; the record has so many bytes more than it needs.
  bool set(std::uint8_t key, std::uint32_t value, std::size_t padding = 0);
  void commit();
  // set() and commit(), and makes room when few segments are free.
  void change(std::uint8_t key, std::uint32_t value, std::size_t padding = 0);

  [[nodiscard]] persist::Log& log() { return *log_; }
  [[nodiscard]] const Table& table() const { return table_; }
  // The table at each commit() of all lives; the first is the empty one.
  std::vector<Table> states;
  // Of these, the last that on_committed() was called for.
  [[nodiscard]] std::size_t committed() const { return committed_; }
  [[nodiscard]] int failures() const { return failures_; }
  persist::Findings findings;
  // Records that the frames so far held.
  std::vector<std::uint32_t> shown;

  void on_committed(std::uint64_t count) override;
  void on_log_failed() override { ++failures_; }
  void on_frame(Bytes records, persist::Position position) override;

 private:
  bool append(std::uint8_t key, std::uint32_t value, std::size_t padding);
  void make_room();

  sim::Storage& device_;
  std::vector<std::uint8_t> buffer_;
  std::vector<std::uint8_t> place_;  // for what is copied
  std::unique_ptr<persist::Log> log_;
  Table table_;
  std::map<std::uint8_t, persist::SegmentNumber> where_;  // the last record of a key, at the latest
  std::vector<std::size_t> asked_;                        // states by commit of this life
  std::size_t committed_ = 0;
  int failures_ = 0;
  bool copies_ = false;
};

}  // namespace midge::test
