// Each allocation of a story fails in turn, from each pool and of each size: every answer is a
// defined one, nothing is lost that was acknowledged, and nothing stays behind.
#include <doctest/doctest.h>

#include <cstdint>
#include <optional>

#include "tests/persistence/failing_memory.hpp"
#include "tests/persistence/story.hpp"
#include "tests/persistence/varied_story.hpp"

namespace midge::test {
namespace {

constexpr std::uint64_t kForAWhile = 12;
constexpr std::uint64_t kToTheEnd = ~std::uint64_t{0} / 2;

struct NothingFails {
  ~NothingFails() { failing_memory.end(); }
};

void check_nothing_is_left(Broker& broker, std::size_t used_at_rest) {
  const metrics::Metrics& metrics = broker.metrics;
  CHECK(metrics.open_connections == 0);
  CHECK(metrics.clients_connected == 0);
  CHECK(metrics.clients_total == 0);
  CHECK(metrics.subscriptions == 0);
  CHECK(metrics.shared_subscriptions == 0);
  CHECK(metrics.retained_messages == 0);
  CHECK(metrics.queued_messages == 0);
  CHECK(metrics.inflight_messages == 0);
  CHECK(metrics.stored_messages == 0);
  CHECK(metrics.stored_bytes == 0);
  CHECK(broker.sim.arena().used_pages() == used_at_rest);
}

// With its allocation `at` failing. How many there were.
std::uint64_t tell(Broker& broker, Version version, std::uint64_t at, std::uint64_t failures) {
  const NothingFails at_last;
  broker.start();
  const std::size_t used_at_rest = broker.sim.arena().used_pages();
  VariedStory story(broker, version);
  failing_memory.begin(at, failures);
  story.run();
  const std::uint64_t count = failing_memory.count();
  failing_memory.end();
  story.check();
  story.leave();
  check_nothing_is_left(broker, used_at_rest);
  return count;
}

std::uint64_t tell_kept(Version version, std::uint64_t at, std::uint64_t failures) {
  const NothingFails at_last;
  KeptBroker broker(at + 1, sim::Storage::Kind::Disk, kSmallDisk, 4'096);
  broker.start();
  VariedStory story(broker, version);
  failing_memory.begin(at, failures);
  story.run();
  const std::uint64_t count = failing_memory.count();
  failing_memory.end();
  broker.restart();
  story.check();
  story.leave();
  broker.restart();
  check_nothing_is_left(broker, broker.sim.arena().used_pages());
  return count;
}

}  // namespace

TEST_CASE("any allocation of a story may fail: defined answers, and nothing stays behind") {
  for (const Version version : kBothVersions) {
    for (const std::uint64_t failures : {std::uint64_t{1}, kForAWhile, kToTheEnd}) {
      std::uint64_t count = 1;
      for (std::uint64_t at = 0; at <= count; ++at) {
        CAPTURE(at);
        CAPTURE(failures);
        Broker broker(at + 1);
        const std::uint64_t allocations = tell(broker, version, at, failures);
        if (at == 0) count = allocations;
      }
      CHECK(count > 100);
    }
  }
}

TEST_CASE("any allocation of a story may fail: what was acknowledged is there after a restart") {
  for (const Version version : kBothVersions) {
    for (const std::uint64_t failures : {std::uint64_t{1}, kForAWhile, kToTheEnd}) {
      std::uint64_t count = 1;
      for (std::uint64_t at = 0; at <= count; ++at) {
        CAPTURE(at);
        CAPTURE(failures);
        const std::uint64_t allocations = tell_kept(version, at, failures);
        if (at == 0) count = allocations;
      }
      CHECK(count > 100);
    }
  }
}

TEST_CASE("any allocation of a start may fail: it does not start, or has all there is") {
  for (const Version version : kBothVersions) {
    for (const std::uint64_t failures : {std::uint64_t{1}, kForAWhile}) {
      std::uint64_t count = 1;
      for (std::uint64_t at = 0; at <= count; ++at) {
        CAPTURE(at);
        CAPTURE(failures);
        const NothingFails at_last;
        KeptBroker broker(1, sim::Storage::Kind::Disk, kSmallDisk, 4'096);
        broker.start();
        VariedStory story(broker, version);
        story.run();
        broker.stop();
        failing_memory.begin(at, failures);
        static_cast<void>(broker.try_start());
        if (at == 0) count = failing_memory.count();
        failing_memory.end();
        broker.start();
        story.check();
      }
      CHECK(count > 10);
    }
  }
}

}  // namespace midge::test
