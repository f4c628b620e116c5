#include "tests/support/broker.hpp"

#include <exception>

namespace midge::test {

Broker::Broker(std::uint64_t seed)
    : world(seed),
      sim(world),
      settings(sim.settings),
      listener(sim.settings.listeners[0]),
      limits(sim.settings.limits),
      journal(sim.journal),
      authorizer(sim.authorizer),
      entropy(sim.entropy),
      log(sim.log),
      metrics(sim.metrics),
      link(world.link_options) {}

Broker::~Broker() {
  if (std::uncaught_exceptions() != 0) return;
  for (const std::string& fault : world.faults())
    ADD_FAIL_CHECK_AT("platform/sim", 0, ("broken contract at " + fault));
}

void Broker::start(Where where) {
  if (sim.running()) return;
  if (!sim.start()) ADD_FAIL_AT(where.file, where.line, "the broker does not start");
}

void Broker::shut_down() {
  sim.shut_down();
  settle_unless_held();
}

}  // namespace midge::test
