// The suite on platform/sim. MIDGE_TEST_LINK chooses the network: "late" (as lwIP, bytes are sent
// when they have arrived) or "rough" (delays, splits, gathers); else it is a plain one.
#include <doctest/doctest.h>

#include <cstdlib>
#include <string_view>

#include "platform/sim/world.hpp"
#include "tests/unit/hal/world.hpp"

namespace midge::test {

namespace {

class SimPeer final : public Peer {
 public:
  explicit SimPeer(sim::Link& link) : link_(link) {}

  void send(std::string_view bytes) override { link_.send(as_bytes(bytes)); }
  void close_write() override { link_.close(); }
  void close() override { link_.close(); }
  void reset() override { link_.reset(); }
  void stop_reading() override { link_.stop_reading(); }
  void start_reading() override { link_.start_reading(); }
  [[nodiscard]] const std::string& received() const override {
    received_ = as_text(link_.received());
    return received_;
  }
  [[nodiscard]] std::size_t unsent() const override { return link_.unsent(); }
  [[nodiscard]] End end() const override {
    switch (link_.end()) {
      case sim::End::Open:
        break;
      case sim::End::Finished:
        return End::Finished;
      case sim::End::Reset:
        return End::Reset;
    }
    return End::Open;
  }
  [[nodiscard]] std::string name() const override {
    return "sim:" + std::to_string(link_.number());
  }
  [[nodiscard]] bool is_done() const { return link_.broker_is_done(); }

 private:
  sim::Link& link_;
  mutable std::string received_;
};

sim::LinkOptions options() {
  sim::LinkOptions options;
  options.close_when_closed = false;
  options.client_window = 4'000;
  options.send_buffer = 6'000;
  options.receive_buffer = 3'000;
  const char* const chosen = std::getenv("MIDGE_TEST_LINK");
  const std::string_view name = chosen != nullptr ? chosen : "";
  if (name == "late") {
    options.sent_late = true;
    options.sent_delay_ms = {0, 3};
  } else if (name == "rough") {
    options.delay_ms = {0, 3};
    options.largest_segment = 700;
    options.gather_ms = {0, 2};
    options.sent_late = true;
    options.sent_delay_ms = {0, 3};
    options.close_delay_ms = {0, 3};
  }
  return options;
}

class SimWorld final : public World, public sim::Engine {
 public:
  SimWorld() {
    world_.link_options = options();
    world_.attach(*this);
  }

  // World
  Peer& connect() override {
    peers_.push_back(std::make_unique<SimPeer>(world_.connect()));
    return *peers_.back();
  }
  void turn(const std::function<void()>& body) override {
    world_.after(Duration{0}, body);
    world_.settle();
    world_.advance(Duration{2});
  }
  [[nodiscard]] Instant now() const override { return world_.now(); }
  [[nodiscard]] hal::Listener* listener() override { return nullptr; }
  [[nodiscard]] std::size_t flood_bytes() const override { return 100'000; }
  [[nodiscard]] std::size_t transports() const override {
    std::size_t count = 0;
    for (const auto& peer : peers_) count += peer->is_done() ? 0 : 1;
    return count;
  }
  void check() override { CHECK(world_.faults().empty()); }

  // sim::Engine
  void begin(Instant, WallTime) override {}
  void turn() override {
    if (each_turn) each_turn();
  }
  [[nodiscard]] Instant next_deadline() const override { return kNever; }
  [[nodiscard]] hal::TransportHandler* accept(hal::Transport& transport,
                                              std::uint16_t listener_index) override {
    return door.accept(transport, listener_index);
  }

 private:
  sim::World world_;
  std::vector<std::unique_ptr<SimPeer>> peers_;
};

}  // namespace

std::unique_ptr<World> make_world() {
  return std::make_unique<SimWorld>();
}

}  // namespace midge::test
