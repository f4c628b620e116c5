// A broker on a board in QEMU, for one test: what tests/support/broker.hpp tells of, as far as it
// is not the simulator's alone. Whatever is ends the case that uses it, by NeedsSimulator.
#pragma once

#include <doctest/doctest.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "broker/base/time.hpp"
#include "broker/core/core.hpp"
#include "broker/metrics/metrics.hpp"
#include "broker/settings/settings.hpp"
#include "platform/sim/authorizer.hpp"
#include "platform/sim/link.hpp"
#include "platform/sim/random.hpp"
#include "tests/support/board/link.hpp"
#include "tests/support/board/simulators_own.hpp"
#include "tests/support/names.hpp"

// Each case says what it needs; see left_out.hpp.
#undef TEST_CASE
#define TEST_CASE(title) MIDGE_CASE_OF_BOARD(DOCTEST_ANONYMOUS(midge_case_), title)
#define MIDGE_CASE_OF_BOARD(body, title)  \
  static void body();                     \
  DOCTEST_TEST_CASE(title) {              \
    ::midge::test::run_case(title, body); \
  }                                       \
  static void body()

namespace midge::test {

class Emulator;

class Broker {
 public:
  explicit Broker(std::uint64_t seed = 1);
  ~Broker();
  Broker(const Broker&) = delete;
  Broker& operator=(const Broker&) = delete;

  settings::Settings settings;
  settings::Listener& listener = settings.listeners[0];
  settings::Limits& limits = settings.limits;
  metrics::Metrics metrics;  // as of the last settle()

  SimulatorsOwn::World world;
  SimulatorsOwn::Broker sim;
  SimulatorsOwn::Journal journal;
  SimulatorsOwn::Authorizer authorizer;
  SimulatorsOwn::Log log;
  SimulatorsOwn::LinkOptions link;

  void start(Where where = Where::here());
  [[noreturn]] bool try_start() { needs_simulator("a broker that may not start"); }
  void stop();
  [[noreturn]] void shut_down() { needs_simulator("an end in order"); }
  [[noreturn]] bool drained() { needs_simulator("an end in order"); }

  [[nodiscard]] Link& connect(std::uint16_t number);
  void settle();
  void advance(Duration by);
  [[noreturn]] Instant now() const { needs_simulator("the time"); }

  template <class Body>
  void at_once(Body body) {
    ++holds_;
    body();
    if (--holds_ == 0) settle();
  }
  void settle_unless_held() {
    if (holds_ == 0) settle();
  }

 private:
  std::unique_ptr<Emulator> board_;
  std::vector<std::unique_ptr<Link>> links_;
  bool is_settled_ = false;
  int holds_ = 0;
};

}  // namespace midge::test
