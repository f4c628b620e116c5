// A broker whose journal is a disk, for tests of what waits for it.
#pragma once

#include "tests/support/client.hpp"

namespace midge::test {

// Everything that is recorded has to become durable, which it does inside commit() unless a test
// says otherwise.
struct DurableBroker : Broker {
  explicit DurableBroker(std::uint64_t seed = 1) : Broker(seed) { journal.durable = true; }

  // From now on commits stay open.
  void hold() { journal.hold = true; }
  // Those that are open end well; later ones stay open.
  void release() {
    journal.release();
    journal.hold = true;
    settle();
  }
  // Round by round until nothing is open; then commits end at once again.
  void release_all() {
    journal.release();
    settle();
  }
  // From now on commits stay open, and with the next one all that are open then will fail.
  void hold_and_fail() {
    journal.hold = true;
    journal.fail_next = true;
  }
};

inline const ConnectOptions kLasting{.clean_start = false,
                                     .props = {.session_expiry_interval = 3'600}};

}  // namespace midge::test
