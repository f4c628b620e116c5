// The broker in the simulator, for one test: what tests/support/broker.hpp tells of.
#pragma once

#include <cstdint>

#include "platform/sim/broker.hpp"
#include "platform/sim/world.hpp"
#include "tests/support/names.hpp"

namespace midge::test {

using End = sim::End;
using Link = sim::Link;

class Broker {
 public:
  explicit Broker(std::uint64_t seed = 1);
  Broker(const Broker&) = delete;
  Broker& operator=(const Broker&) = delete;
  // Fails the test when a contract of platform/sim was broken.
  ~Broker();

  sim::World world;
  sim::Broker sim;

  settings::Settings& settings;
  settings::Listener& listener;  // the first one
  settings::Limits& limits;
  sim::Journal& journal;
  sim::Authorizer& authorizer;
  sim::Entropy& entropy;
  sim::Log& log;
  metrics::Metrics& metrics;
  sim::LinkOptions& link;

  // The first client does it by itself. Fails the test when the core can't be made.
  void start(Where where = Where::here());
  [[nodiscard]] bool try_start() { return sim.start(); }
  // The power is cut: what is in memory is gone, clients see a reset. The next client starts a new
  // broker with the same settings.
  void stop() { sim.stop(); }
  // Ends in order; what follows takes settle() or advance(), until drained().
  void shut_down();
  [[nodiscard]] bool drained() { return !sim.running() || sim.core().drained(); }

  // A client's connection to that listener.
  [[nodiscard]] Link& connect(std::uint16_t number) { return world.connect(number); }

  void settle() { world.settle(); }
  void advance(Duration by) { world.advance(by); }
  [[nodiscard]] Instant now() const { return world.now(); }

  // What `body` sends, by several clients too, reaches the broker in one turn.
  template <class Body>
  void at_once(Body body) {
    ++holds_;
    body();
    if (--holds_ == 0) settle();
  }
  // Called by clients after each packet.
  void settle_unless_held() {
    if (holds_ == 0) settle();
  }

 private:
  int holds_ = 0;
};

}  // namespace midge::test
