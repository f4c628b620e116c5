// The whole broker on lwIP: its bytes out, those of a client in.
#include <doctest/doctest.h>

#include <cstdlib>
#include <memory>
#include <string>

#include "broker/auth/authenticator.hpp"
#include "broker/auth/authorizer.hpp"
#include "broker/core/core.hpp"
#include "broker/routing/virtual_topics.hpp"
#include "broker/session/journal.hpp"
#include "tests/support/hex.hpp"
#include "tests/unit/lwip/lwip_world.hpp"

namespace midge::test {

namespace {

class FixedEntropy final : public hal::Entropy {
 public:
  [[nodiscard]] bool fill(MutableBytes out) override {
    for (std::uint8_t& byte : out) byte = 7;
    return true;
  }
};

class Silence final : public LogSink {
 public:
  [[nodiscard]] bool wants(LogLevel) const override { return false; }
  void write(LogLevel, std::string_view) override {}
};

constexpr std::size_t kPageBytes = 1'024;
constexpr std::size_t kMemoryBytes = 128 * 1'024;
constexpr std::uint16_t kBrokerPort = 1884;

struct BrokerWorld {
  BrokerWorld() {
    settings.listener_count = 1;
    settings.limits.memory_bytes = kMemoryBytes;
    core = core::Core::create(settings, {.arena = arena,
                                         .entropy = entropy,
                                         .log = log,
                                         .metrics = world.metrics,
                                         .journal = journal,
                                         .authorizer = authorizer,
                                         .authenticator = authenticator,
                                         .virtual_topics = virtual_topics,
                                         .look_ahead = look_ahead});
    REQUIRE(core != nullptr);
    listener = std::make_unique<lwip::Listener>(world.connections, *core, world.metrics, 0);
    REQUIRE(listener->start(kBrokerPort, 8));
    world.before_events = [this] { core->begin(world.now(), WallTime{0}); };
    world.each_turn = [this] { core->turn(); };
  }
  ~BrokerWorld() {
    listener->close();
    core::Core::destroy(core);
  }
  BrokerWorld(const BrokerWorld&) = delete;
  BrokerWorld& operator=(const BrokerWorld&) = delete;

  RawPeer& connect() {
    world.peers.push_back(std::make_unique<RawPeer>(kBrokerPort));
    return *world.peers.back();
  }

  LwipWorld world;
  settings::Settings settings;
  const std::unique_ptr<std::uint8_t, void (*)(void*)> memory{
      static_cast<std::uint8_t*>(std::aligned_alloc(kPageBytes, kMemoryBytes)), std::free};
  NoBacking backing;
  Arena arena{MutableBytes{memory.get(), kMemoryBytes}, kPageBytes, 8, backing};
  FixedEntropy entropy;
  Silence log;
  session::NoJournal journal;
  auth::AllowAll authorizer;
  auth::NoAuthenticator authenticator;
  routing::NoVirtualTopics virtual_topics;
  routing::NoLookAhead look_ahead;
  core::Core* core = nullptr;
  std::unique_ptr<lwip::Listener> listener;
};

std::string bytes(const char* text) {
  const auto raw = hex(text);
  return {raw.begin(), raw.end()};
}

}  // namespace

TEST_CASE("CONNECT, SUBSCRIBE and PUBLISH over lwIP, small and larger than a window") {
  BrokerWorld broker;
  LwipWorld& world = broker.world;
  RawPeer& client = broker.connect();
  client.send(bytes("10 0D 00 04 4D 51 54 54 04 02 00 3C 00 01 61"));
  REQUIRE(world.run_until([&] { return client.received().size() == 4; }));
  CHECK(client.received() == bytes("20 02 00 00"));
  client.send(bytes("82 06 00 01 00 01 74 00"));
  REQUIRE(world.run_until([&] { return client.received().size() == 9; }));
  CHECK(client.received().substr(4) == bytes("90 03 00 01 00"));

  client.send(bytes("30 05 00 01 74 68 69"));
  REQUIRE(world.run_until([&] { return client.received().size() == 16; }));
  CHECK(client.received().substr(9) == bytes("30 05 00 01 74 68 69"));

  // 10,000 bytes of payload go out from the message's own memory.
  const std::string large = bytes("30 93 4E 00 01 74") + pattern(10'000);
  client.send(large);
  REQUIRE(world.run_until([&] { return client.received().size() == 16 + large.size(); }));
  CHECK(client.received().substr(16) == large);

  client.send(bytes("E0 00"));
  REQUIRE(world.run_until([&] { return client.end() != Peer::End::Open; }));
  CHECK(client.end() == Peer::End::Finished);
  client.close();
  REQUIRE(world.run_until([&] { return world.transports() == 0; }));
  CHECK(world.metrics.open_connections == 0);
  world.check();
}

}  // namespace midge::test
