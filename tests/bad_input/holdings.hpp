// What a broker holds, so that a test can see that it has given all back.
#pragma once

#include <cstdint>
#include <vector>

#include "tests/support/broker.hpp"

namespace midge::test {

struct Holdings {
  std::size_t pages;
  std::vector<std::uint64_t> gauges;

  explicit Holdings(Broker& broker)
      : pages(broker.sim.arena().used_pages()),
        gauges({broker.metrics.open_connections, broker.metrics.clients_total,
                broker.metrics.subscriptions, broker.metrics.retained_messages,
                broker.metrics.stored_messages, broker.metrics.queued_messages}) {}
};

inline void check_given_back(Broker& broker, const Holdings& before) {
  const Holdings now(broker);
  CHECK(now.gauges == before.gauges);
  CHECK(now.pages <= before.pages);
}

}  // namespace midge::test
