// Wills without end.
#include <memory>

#include "tests/bounded/bombed.hpp"

namespace midge::test {
namespace {

TEST_CASE("wills fill memory: CONNECT is refused and counted, others go on, all is given back") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Bombed broker(std::size_t{4} << 20);
    Pair pair(broker);
    Pair old_pair(broker, Version::V311);
    pair.must_work();
    old_pair.must_work();
    broker.note_rest();
    std::vector<std::unique_ptr<Client>> clients;
    int refused = 0;
    for (int i = 0; i < 200; ++i) {
      clients.push_back(std::make_unique<Client>(broker, version));
      Client& a = *clients.back();
      a.connect("will-" + std::to_string(i),
                {.will = Will{.topic = "will", .payload = std::string(60'000, 'x'), .qos = kQoS1}});
      const auto connack = a.next();
      if (!connack || wire::is_error(connack->reason)) {
        if (connack && version == Version::V5) CHECK(connack->reason == ReasonCode::QuotaExceeded);
        ++refused;
        CHECK(a.closed());
      }
      broker.check_bounds();
    }
    CHECK(refused > 100);
    CHECK(refused < 150);
    CHECK(broker.metrics[Cause::MemoryFull] == static_cast<std::uint64_t>(refused));
    static_cast<void>(pair.try_once());
    static_cast<void>(old_pair.try_once());
    for (const auto& client : clients) client->drop();
    broker.advance(1s);
    pair.must_work();
    broker.check_given_back();
  }
}

TEST_CASE("2,000 wills to one slow client, at once and with a delay: its queue and no more") {
  for (const std::uint32_t delay : {0U, 30U}) {
    CAPTURE(delay);
    Bombed broker(std::size_t{4} << 20);
    broker.limits.queued_messages = 100;
    Pair pair(broker);
    pair.must_work();
    broker.note_rest();
    std::vector<std::unique_ptr<Client>> clients;
    ConnectOptions options{.will = Will{.topic = "will", .payload = "x", .qos = kQoS1}};
    options.will->props.will_delay_interval = delay;
    options.props.session_expiry_interval = 60;
    for (int i = 0; i < 2'000; ++i) {
      clients.push_back(
          std::make_unique<Client>(broker, Version::V5, "will-" + std::to_string(i), options));
    }
    broker.use_small_windows();
    Client deaf(broker, Version::V5, "deaf");
    deaf.must_subscribe("will", kQoS1);
    deaf.link().stop_reading();
    broker.at_once([&] {
      for (const auto& client : clients) client->drop();
    });
    pair.must_work();
    broker.advance(31s);
    CHECK(broker.metrics.queued_messages <= 100 + 20);
    CHECK(broker.metrics[Cause::QueueMessages] >= 2'000 - 120);
    pair.must_work();
    broker.check_bounds();
    deaf.drop();
    broker.advance(61s);
    broker.check_given_back();
  }
}

}  // namespace
}  // namespace midge::test
