// Shows every record of a store, in the order of a mount, and writes nothing.
#pragma once

#include <cstdint>

#include "broker/persist/log.hpp"
#include "broker/persist/record.hpp"

namespace midge::persist {

class RecordVisitor {
 public:
  // The record's views live during the call.
  virtual void on_record(const Record& record, Position position) = 0;
  // Of a type that only a newer midge knows.
  virtual void on_unknown(Bytes bytes, Position position) = 0;
  // Intact, as its frame's CRC says, and still no record: an error of who wrote it.
  virtual void on_damaged(Bytes bytes, Position position) = 0;

 protected:
  ~RecordVisitor() = default;
};

// Splits frames into records.
class RecordSplitter final : public FrameVisitor {
 public:
  explicit RecordSplitter(RecordVisitor& visitor) : visitor_(visitor) {}
  void on_frame(Bytes records, Position position) override;

 private:
  RecordVisitor& visitor_;
};

// Records that a mount drops are not shown; `findings` count them. `buffer` is as for a log that
// could have written this one: twice the length of a segment is always enough.
[[nodiscard]] Mounted inspect(hal::Storage& storage, MutableBytes buffer, RecordVisitor& visitor,
                              Findings& findings);

}  // namespace midge::persist
