#include "broker/persist/inspect.hpp"

namespace midge::persist {

namespace {

// A log that is only mounted has nothing to tell.
class NoHandler final : public LogHandler {
 public:
  void on_committed(std::uint64_t) override {}
  void on_log_failed() override {}
};

}  // namespace

void RecordSplitter::on_frame(Bytes records, Position position) {
  while (!records.empty()) {
    const Bytes all = records;
    Record record;
    const Decoded decoded = decode(records, record);
    const Bytes bytes = all.first(all.size() - records.size());
    switch (decoded) {
      case Decoded::Record:
        visitor_.on_record(record, position);
        break;
      case Decoded::Unknown:
        visitor_.on_unknown(bytes, position);
        break;
      case Decoded::Damaged:
        visitor_.on_damaged(bytes, position);
        break;
    }
    position.offset += static_cast<std::uint32_t>(bytes.size());
  }
}

Mounted inspect(hal::Storage& storage, MutableBytes buffer, RecordVisitor& visitor,
                Findings& findings) {
  NoHandler handler;
  Log log(storage, handler, buffer);
  RecordSplitter splitter(visitor);
  return log.mount(0, splitter, findings);
}

}  // namespace midge::persist
