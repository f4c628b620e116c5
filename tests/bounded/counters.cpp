// What happened can be read from $SYS, when memory is full too.
#include <optional>

#include "broker/sys/sys_topics.hpp"
#include "tests/bounded/bombed.hpp"

namespace midge::test {
namespace {

// SysTopics needs the arena, which the simulated broker makes when it starts.
class Sys final : public routing::VirtualTopics {
 public:
  std::optional<sys::SysTopics> topics;

  [[nodiscard]] std::string_view root() const override { return "$SYS"; }
  [[nodiscard]] std::size_t count() const override { return topics ? topics->count() : 0; }
  [[nodiscard]] std::string_view name(std::size_t index) const override {
    return topics->name(index);
  }
  void render(std::size_t index, TextWriter& out) const override { topics->render(index, out); }
  void sample(Instant now) override { topics->sample(now); }
};

struct SysBroker {
  Sys sys;  // outlives the broker
  Bombed broker{std::size_t{1} << 20};

  SysBroker() {
    broker.sim.use(sys);
    broker.start();
    sys.topics.emplace(broker.metrics, broker.sim.arena(), "midge", broker.now());
  }
};

std::string read(Client& client, const std::string& name) {
  client.must_subscribe("$SYS/broker/" + name);
  const Packet p = client.expect_publish();
  CHECK(p.topic == "$SYS/broker/" + name);
  client.must_unsubscribe("$SYS/broker/" + name);
  return p.payload;
}

TEST_CASE("$SYS tells what a bomb did") {
  SysBroker world;
  Bombed& broker = world.broker;
  Client watcher(broker, Version::V5, "watcher");
  broker.fill();
  const std::uint64_t full = broker.metrics[Cause::MemoryFull];
  CHECK(full == 1'500);
  const std::uint32_t waiting = broker.metrics.queued_messages;
  broker.end_filling();
  CHECK(read(watcher, "refused/memory full") == std::to_string(full));
  CHECK(read(watcher, "publish/messages/dropped") == std::to_string(full));
  CHECK(read(watcher, "refused/session ended") == std::to_string(waiting));
  CHECK(read(watcher, "store/messages/count") == "0");
  CHECK(std::stoul(read(watcher, "heap/maximum")) <= broker.limits.memory_bytes);
  CHECK(std::stoul(read(watcher, "heap/maximum")) >
        std::stoul(read(watcher, "heap/current")) + 500'000);
}

TEST_CASE("$SYS values that find no room are sent when there is some") {
  SysBroker world;
  Bombed& broker = world.broker;
  Client watcher(broker, Version::V5, "watcher");
  watcher.must_subscribe("$SYS/broker/refused/memory full");
  watcher.expect_publish("$SYS/broker/refused/memory full", "0");
  broker.fill();
  broker.advance(1min);
  static_cast<void>(watcher.all());
  broker.check_bounds();
  broker.end_filling();
  broker.advance(11s);
  CHECK(watcher.all().back().payload == std::to_string(broker.metrics[Cause::MemoryFull]));
}

}  // namespace
}  // namespace midge::test
