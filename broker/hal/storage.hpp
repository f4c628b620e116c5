// A device of equal segments (flash erase sectors, preallocated file segments) for the journal.
#pragma once

#include <cstddef>
#include <cstdint>

#include "broker/base/bytes.hpp"

namespace midge::hal {

enum class StorageStatus : std::uint8_t { Ok, Pending, Failed };

class StorageHandler {
 public:
  // The operation that answered Pending has ended.
  virtual void on_storage_done(StorageStatus status) = 0;

 protected:
  ~StorageHandler() = default;
};

struct StorageGeometry {
  std::uint32_t segment_bytes = 0;  // 0: there is no storage
  std::uint32_t segments = 0;
  std::uint32_t program_unit_bytes = 1;   // writes start and end on multiples of it
  bool reprogram_endangers_unit = false;  // rewriting a unit may lose what it held
  bool answers_at_once = false;           // never Pending
};

// One operation at a time. One that reaches beyond a segment or a write that is not of whole
// program units is answered Failed and changes nothing.
class Storage {
 public:
  [[nodiscard]] virtual StorageGeometry geometry() const = 0;

  // Reads into `out`; Pending is answered by on_storage_done, `out` must live until then.
  [[nodiscard]] virtual StorageStatus read(std::uint32_t segment, std::uint32_t offset,
                                           MutableBytes out, StorageHandler& handler) = 0;

  // Writes and makes durable before it reports Ok. `bytes` must live until then.
  [[nodiscard]] virtual StorageStatus program(std::uint32_t segment, std::uint32_t offset,
                                              Bytes bytes, StorageHandler& handler) = 0;

  // Makes a segment ready to be programmed. What it reads as before it is programmed is not said.
  [[nodiscard]] virtual StorageStatus erase(std::uint32_t segment, StorageHandler& handler) = 0;

  // Nothing in it counts any more, nor will before it is erased: the device may use its space for
  // another one, at any time, also beside an operation. What was never erased may be released too.
  virtual void release(std::uint32_t) {}

 protected:
  ~Storage() = default;
};

class NoStorage final : public Storage {
 public:
  [[nodiscard]] StorageGeometry geometry() const override { return {}; }
  [[nodiscard]] StorageStatus read(std::uint32_t, std::uint32_t, MutableBytes,
                                   StorageHandler&) override {
    return StorageStatus::Failed;
  }
  [[nodiscard]] StorageStatus program(std::uint32_t, std::uint32_t, Bytes,
                                      StorageHandler&) override {
    return StorageStatus::Failed;
  }
  [[nodiscard]] StorageStatus erase(std::uint32_t, StorageHandler&) override {
    return StorageStatus::Failed;
  }
};

}  // namespace midge::hal
