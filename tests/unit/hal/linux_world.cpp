// The suite on platform/linux: epoll, sockets on the loopback interface.
#include <doctest/doctest.h>

#include <optional>

#include "broker/base/arena.hpp"
#include "broker/metrics/metrics.hpp"
#include "platform/linux/accepting.hpp"
#include "platform/linux/clock.hpp"
#include "platform/linux/connections.hpp"
#include "platform/linux/event_loop.hpp"
#include "tests/unit/hal/socket_peer.hpp"
#include "tests/unit/hal/world.hpp"

namespace midge::test {

namespace {

class Silence final : public LogSink {
 public:
  [[nodiscard]] bool wants(LogLevel) const override { return false; }
  void write(LogLevel, std::string_view) override {}
};

class LinuxWorld final : public World {
 public:
  LinuxWorld() : port_(socket_.port) {
    REQUIRE(loop_.open());
    platform::ListenSocket listening{.socket = platform::Descriptor(socket_.fd), .listener = 0};
    REQUIRE(listener_.start(listening, entrance_));
  }

  Peer& connect() override {
    peers_.push_back(std::make_unique<SocketPeer>(port_));
    return *peers_.back();
  }
  void turn(const std::function<void()>& body) override {
    for (const auto& peer : peers_) peer->pump();
    loop_.wait(platform::monotonic_now() + Duration(1));
    loop_.dispatch(platform::monotonic_now());
    if (each_turn) each_turn();
    body();
    for (const auto& peer : peers_) peer->pump();
  }
  [[nodiscard]] Instant now() const override { return platform::monotonic_now(); }
  [[nodiscard]] hal::Listener* listener() override { return &listener_; }
  [[nodiscard]] std::size_t flood_bytes() const override { return 2'000'000; }
  [[nodiscard]] std::size_t transports() const override { return connections_.count(); }

 private:
  static constexpr std::size_t kPageBytes = 4096;
  static constexpr std::size_t kMemoryBytes = std::size_t{4} << 20;

  const std::unique_ptr<std::uint8_t, void (*)(void*)> memory_{
      static_cast<std::uint8_t*>(std::aligned_alloc(kPageBytes, kMemoryBytes)), std::free};
  NoBacking backing_;
  Arena arena_{MutableBytes{memory_.get(), kMemoryBytes}, kPageBytes, 0, backing_};
  platform::EventLoop loop_;
  platform::Connections connections_{loop_, arena_};
  Silence log_;
  metrics::Metrics metrics_;
  platform::DescriptorReserve reserve_{log_};
  platform::Entrance entrance_{loop_, connections_, door, metrics_, reserve_};
  const ListeningSocket socket_;
  std::uint16_t port_;
  platform::SocketListener listener_;
  std::vector<std::unique_ptr<SocketPeer>> peers_;
};

}  // namespace

std::unique_ptr<World> make_world() {
  return std::make_unique<LinuxWorld>();
}

}  // namespace midge::test
