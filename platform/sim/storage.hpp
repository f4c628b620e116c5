// A storage device in memory with the rules of NOR flash (bits are only cleared, a cut leaves a
// unit half programmed and a sector half erased) or of a disk (a write is there or not, sector by
// sector). It fails and loses its power when a test wants.
//
//   device.cut_at = 17;          // the power goes in the 17th program or erase from now
//   device.fail_at = 3;          // the third fails ...
//   device.failures = 100;       // ... and those behind it
//   device.fails_late = true;    // what has failed has reached the medium all the same
//   device.read_fail_at = 5;     // the fifth read fails ...
//   device.read_failures = 2;    // ... and the one behind it
//   device.is_full = true;       // no segment is to be had, what was erased takes writes
//   device.lie();                // from now on what it has taken is lost with the power
//   device.is_late = true;       // answers Pending; work() ends it
//   device.power_on();           // after a cut
//   device.witness = &test;      // sees what a cut in each operation would leave
#pragma once

#include <cstdint>
#include <vector>

#include "broker/hal/storage.hpp"
#include "platform/sim/random.hpp"

namespace midge::sim {

class Storage;

class StorageWitness {
 public:
  // The next operation begins; `cut` is the device after a power cut in the middle of it.
  virtual void on_operation(const Storage& cut) = 0;

 protected:
  ~StorageWitness() = default;
};

class Storage final : public hal::Storage {
 public:
  enum class Kind : std::uint8_t { Nor, Disk };
  static constexpr std::uint32_t kSector = 512;  // of a disk

  Storage(Kind kind, const hal::StorageGeometry& geometry, std::uint64_t seed);

  std::uint64_t cut_at = 0;   // 0: never
  std::uint64_t fail_at = 0;  // 0: never
  std::uint64_t failures = 1;
  bool fails_late = false;
  std::uint64_t read_fail_at = 0;  // 0: never
  std::uint64_t read_failures = 1;
  bool is_full = false;
  bool is_late = false;
  StorageWitness* witness = nullptr;

  void lie() {
    safe_ = medium_;
    was_programmed_ = is_programmed_;
  }
  [[nodiscard]] bool is_lying() const { return !safe_.empty(); }
  void power_on();
  [[nodiscard]] bool is_off() const { return is_off_; }
  // Ends what is pending.
  void work();
  // Whoever waited for it is gone.
  void forget_pending() { handler_ = nullptr; }
  [[nodiscard]] bool is_pending() const { return handler_ != nullptr; }

  // Programs and erases since the beginning.
  [[nodiscard]] std::uint64_t operations() const { return operations_; }
  [[nodiscard]] std::uint64_t reads() const { return reads_; }
  [[nodiscard]] std::uint64_t programs() const { return programs_; }
  [[nodiscard]] std::uint64_t programmed_bytes() const { return programmed_bytes_; }
  [[nodiscard]] const std::vector<std::uint32_t>& erases() const { return erases_; }
  [[nodiscard]] std::uint64_t releases() const { return releases_; }
  // Bytes of a NOR device that were programmed twice without an erase between: nobody may.
  [[nodiscard]] std::uint64_t violations() const { return violations_; }
  // What lies on it, for tests that damage it.
  [[nodiscard]] std::vector<std::uint8_t>& medium() { return medium_; }

  [[nodiscard]] hal::StorageGeometry geometry() const override { return geometry_; }
  [[nodiscard]] hal::StorageStatus read(std::uint32_t segment, std::uint32_t offset,
                                        MutableBytes out, hal::StorageHandler& handler) override;
  [[nodiscard]] hal::StorageStatus program(std::uint32_t segment, std::uint32_t offset, Bytes bytes,
                                           hal::StorageHandler& handler) override;
  [[nodiscard]] hal::StorageStatus erase(std::uint32_t segment,
                                         hal::StorageHandler& handler) override;
  // A disk has it no more: zeros.
  void release(std::uint32_t segment) override;

 private:
  // What becomes of an operation.
  enum class Fate : std::uint8_t { Done, Cut, Failed, FailedLate };

  [[nodiscard]] bool is_inside(std::uint32_t segment, std::uint32_t offset,
                               std::size_t count) const;
  [[nodiscard]] std::uint8_t* place(std::uint32_t segment, std::uint32_t offset);
  [[nodiscard]] Fate begin();
  template <class Operation>
  void show_cut(Operation operation);
  [[nodiscard]] hal::StorageStatus end(Fate fate, hal::StorageHandler& handler);
  void write(std::uint8_t* to, std::uint8_t byte);
  void tear(std::uint8_t* to, Bytes bytes);

  const Kind kind_;
  const hal::StorageGeometry geometry_;
  Random random_;
  std::vector<std::uint8_t> medium_;
  std::vector<bool> is_programmed_;  // of a NOR device, by byte
  // What a device that lies really has; empty: it doesn't.
  std::vector<std::uint8_t> safe_;
  std::vector<bool> was_programmed_;
  std::vector<std::uint32_t> erases_;
  std::uint64_t operations_ = 0;
  std::uint64_t reads_ = 0;
  std::uint64_t programs_ = 0;
  std::uint64_t programmed_bytes_ = 0;
  std::uint64_t releases_ = 0;
  std::uint64_t violations_ = 0;
  bool is_off_ = false;
  hal::StorageHandler* handler_ = nullptr;  // of what is pending
  hal::StorageStatus status_{};             // how it will end
};

}  // namespace midge::sim
