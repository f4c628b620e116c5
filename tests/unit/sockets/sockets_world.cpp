// The HAL suite on platform/sockets, whichever sockets it is built with.
#include <doctest/doctest.h>

#include "broker/base/arena.hpp"
#include "broker/metrics/metrics.hpp"
#include "platform/sockets/connections.hpp"
#include "platform/sockets/hosted/network.hpp"
#include "platform/sockets/listeners.hpp"
#include "platform/sockets/loop.hpp"
#include "tests/unit/hal/socket_peer.hpp"
#include "tests/unit/hal/world.hpp"

namespace midge::test {

namespace {

class SocketsWorld final : public World {
 public:
  SocketsWorld() : port_(socket_.port) {
    listeners_.add(socket_.fd, 0);
    loop_.emplace(arena_, listeners_, entrance_);
    REQUIRE(connections_.is_ready());
    REQUIRE(loop_->is_ready());
  }

  Peer& connect() override {
    peers_.push_back(std::make_unique<SocketPeer>(port_));
    return *peers_.back();
  }
  void turn(const std::function<void()>& body) override {
    for (const auto& peer : peers_) peer->pump();
    loop_->wait(now() + Duration(1));
    loop_->dispatch(now());
    if (each_turn) each_turn();
    body();
    for (const auto& peer : peers_) peer->pump();
  }
  [[nodiscard]] Instant now() const override { return sockets::monotonic_now(); }
  [[nodiscard]] hal::Listener* listener() override { return &listeners_; }
  [[nodiscard]] std::size_t flood_bytes() const override { return 2'000'000; }
  [[nodiscard]] std::size_t transports() const override { return connections_.count(); }

 private:
  static constexpr std::size_t kPageBytes = 1024;
  static constexpr std::size_t kMemoryBytes = 16 * kPageBytes;
  static constexpr std::size_t kClientSockets = 16;

  struct alignas(kPageBytes) Storage {
    std::array<std::uint8_t, kMemoryBytes> bytes;
  };

  const bool has_network_ = sockets::start_network();
  const std::unique_ptr<Storage> memory_ = std::make_unique<Storage>();
  NoBacking backing_;
  Arena arena_{memory_->bytes, kPageBytes, 0, backing_};
  sockets::Connections connections_{arena_, kClientSockets, sockets::monotonic_now()};
  metrics::Metrics metrics_;
  sockets::Entrance entrance_{connections_, door, metrics_};
  sockets::Listeners listeners_;
  std::optional<sockets::Loop> loop_;
  const ListeningSocket socket_;
  std::uint16_t port_;
  std::vector<std::unique_ptr<SocketPeer>> peers_;
};

}  // namespace

std::unique_ptr<World> make_world() {
  return std::make_unique<SocketsWorld>();
}

}  // namespace midge::test
