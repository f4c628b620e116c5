// A store that was cut off while it told a segment again, written record by record and brought back
// into little memory.
#include <string>
#include <vector>

#include "broker/persist/log.hpp"
#include "broker/persist/record.hpp"
#include "tests/persistence/kept.hpp"

namespace midge::test {
namespace {

using persist::MessageNumber;
using persist::Record;
using persist::RecordType;

class Writer final : private persist::LogHandler, private persist::FrameVisitor {
 public:
  explicit Writer(sim::Storage& device)
      : buffer_(std::size_t{32} << 10U), log_(device, *this, buffer_) {
    persist::Findings findings;
    REQUIRE(log_.mount(1, *this, findings) == persist::Mounted::Ok);
  }

  Writer& add(const Record& record) {
    std::uint8_t* const place = log_.append(persist::encoded_bytes(record));
    REQUIRE(place != nullptr);
    persist::encode(record, place);
    return *this;
  }
  Writer& message(MessageNumber number, const std::string& topic, const std::string& payload,
                  std::uint64_t flags) {
    return add({.type = RecordType::Message,
                .message = number,
                .numbers = {flags},
                .texts = {topic, "", payload}});
  }
  void commit() {
    log_.commit();
    REQUIRE_FALSE(log_.is_failed());
  }

 private:
  void on_committed(std::uint64_t) override {}
  void on_log_failed() override {}
  void on_frame(Bytes, persist::Position) override {}

  std::vector<std::uint8_t> buffer_;
  persist::Log log_;
};

TEST_CASE("a message that was told again is not forgotten before what names it is told again") {
  // What the memory holds meanwhile: so little that nothing is looked for, or nearly all of it.
  for (const int retained : {10, 2'000}) {
    CAPTURE(retained);
    KeptBroker broker;
    broker.limits.memory_bytes = std::size_t{2} << 20U;
    Writer writer(broker.device);
    writer
        .add({.type = RecordType::Session,
              .owner = 1,
              .numbers = {3'600, 0, 0, persist::flags::kWhole},
              .texts = {"a", ""}})
        .add({.type = RecordType::Subscribed, .owner = 1, .numbers = {1, 0}, .texts = {"t"}})
        .commit();
    writer.message(100, "t", "second", 1)
        .add({.type = RecordType::Queued, .owner = 1, .message = 100, .numbers = {1}})
        .commit();
    // A segment is told again: first this message, and much later that it waits for the client.
    writer.message(5, "t", "first", 1).commit();
    for (int i = 0; i < retained; ++i) {
      const MessageNumber number = 101 + static_cast<MessageNumber>(i);
      writer.message(number, "r/" + std::to_string(i), std::string(400, 'r'), 4)
          .add({.type = RecordType::Retained, .message = number})
          .commit();
    }
    writer
        .add({.type = RecordType::Queued,
              .owner = 1,
              .message = 5,
              .numbers = {1 | persist::flags::kCopy}})
        .commit();

    Client a(broker, Version::V5, "a", kLasting);
    CHECK(broker.metrics.retained_messages == retained);
    a.answer(a.expect_publish("t", "first"));
    a.answer(a.expect_publish("t", "second"));
    a.expect_nothing();
  }
}

}  // namespace
}  // namespace midge::test
