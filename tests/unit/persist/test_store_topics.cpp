#include <doctest/doctest.h>

#include <map>
#include <string>
#include <vector>

#include "broker/persist/store_topics.hpp"
#include "platform/sim/storage.hpp"

using namespace midge;

namespace {

struct OneTopic final : routing::VirtualTopics {
  [[nodiscard]] std::string_view root() const override { return "$SYS"; }
  [[nodiscard]] std::size_t count() const override { return 1; }
  [[nodiscard]] std::string_view name(std::size_t) const override { return "$SYS/broker/one"; }
  void render(std::size_t, TextWriter& out) const override { out.add("1"); }
  void sample(Instant) override { ++samples; }
  int samples = 0;
};

}  // namespace

TEST_CASE("the store's topics stand behind the others, each under its own name") {
  sim::Storage device(sim::Storage::Kind::Disk, {.segment_bytes = 4'096, .segments = 6}, 1);
  alignas(4'096) static std::uint8_t memory[64U << 10U];
  NoBacking backing;
  Arena arena(memory, 4'096, 0, backing);
  std::vector<std::uint8_t> buffer(2'048);
  const persist::Store store({.storage = device, .arena = arena, .buffer = buffer});
  const persist::Restored restored{
      .findings = {.missing_segments = 1, .failed_segments = 2, .damaged_frames = 3},
      .sessions = 4,
      .subscriptions = 5,
      .retained = 6,
      .queued = 7};
  OneTopic others;
  persist::StoreTopics topics(others, restored, store);
  CHECK(topics.root() == "$SYS");
  topics.sample(Instant{});
  CHECK(others.samples == 1);
  std::map<std::string, std::string> values;
  for (std::size_t i = 0; i < topics.count(); ++i) {
    Text<32> value;
    topics.render(i, value);
    values[std::string(topics.name(i))] = std::string(value.view());
  }
  CHECK(values.size() == topics.count());
  CHECK(values["$SYS/broker/one"] == "1");
  CHECK(values["$SYS/broker/persistence/restored/sessions"] == "4");
  CHECK(values["$SYS/broker/persistence/restored/subscriptions"] == "5");
  CHECK(values["$SYS/broker/persistence/restored/retained messages"] == "6");
  CHECK(values["$SYS/broker/persistence/restored/queued messages"] == "7");
  CHECK(values["$SYS/broker/persistence/restored/damaged frames"] == "3");
  CHECK(values["$SYS/broker/persistence/restored/missing segments"] == "3");
  CHECK(values["$SYS/broker/persistence/commits"] == "0");
}
