// A broker in the simulator, for one test.
//
//   Broker broker;                                 // anonymous clients, one listener, seed 1
//   broker.settings.max_keepalive = 10;            // before the first client, or start()
//   broker.limits.connections = 2;
//   Client a(broker, version, "a");                // starts the broker
//   broker.advance(1500ms);                        // virtual time
//   broker.settle();                               // all that is due now; clients do it themselves
//
// Links are perfect and immediate unless `broker.link` (sim::LinkOptions, for the next clients)
// says otherwise. What else a test may turn: broker.journal, .loader, .authorizer, .entropy (see
// the top of platform/sim/<name>.hpp); and look at: broker.metrics, broker.log, broker.world.
#pragma once

#include <cstdint>

#include "platform/sim/broker.hpp"
#include "platform/sim/world.hpp"
#include "tests/support/names.hpp"

namespace midge::test {

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
  sim::Loader& loader;
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
