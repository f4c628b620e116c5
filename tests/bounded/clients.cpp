// Client ids without end, and the same one again and again.
#include <memory>

#include "tests/bounded/bombed.hpp"

namespace midge::test {
namespace {

TEST_CASE("20,000 clean sessions, one after the other, leave nothing") {
  Bombed broker(std::size_t{1} << 20);
  Pair pair(broker);
  pair.must_work();
  broker.note_rest();
  for (int i = 0; i < 20'000; ++i) {
    Client a(broker, i % 2 == 0 ? Version::V5 : Version::V311, "churn-" + std::to_string(i));
    a.must_subscribe("churn/" + std::to_string(i), kQoS1);
    if (i % 3 == 0) a.drop();
    if (i % 3 != 0) a.disconnect();
    if (i % 1'000 == 0) pair.must_work();
  }
  CHECK(broker.metrics.clients_maximum == 3);
  broker.advance(1s);
  broker.check_given_back();
}

TEST_CASE("sessions that stay fill memory: newcomers are refused and counted, others go on") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Bombed broker(std::size_t{1} << 20);
    broker.settings.persistent_client_expiration = std::chrono::seconds(600);
    Pair pair(broker);
    Client publisher(broker, Version::V5, "publisher");
    pair.must_work();
    broker.note_rest();
    ConnectOptions stays{.clean_start = false};
    if (version == Version::V5) stays.props.session_expiry_interval = 3'600;
    std::uint32_t sessions = 0;
    int refused = 0;
    for (int i = 0; refused < 200; ++i) {
      Client a(broker, version);
      a.connect("stays-" + std::to_string(i), stays);
      const auto connack = a.next();
      if (!connack || wire::is_error(connack->reason)) {
        // With no room even for the connection there is no answer.
        if (connack && version == Version::V5) CHECK(connack->reason == ReasonCode::QuotaExceeded);
        if (connack && version != Version::V5)
          CHECK(connack->return_code == ReturnCode::ServerUnavailable);
        ++refused;
        CHECK(a.closed());
      } else {
        ++sessions;
        a.subscribe("t", kQoS1);
        // Something in the queue of each, as long as there is room.
        if (i % 10 == 0) publisher.publish("t", "x", kQoS0);
        a.drop();
      }
      broker.check_bounds();
    }
    CHECK(sessions > 500);
    CHECK(broker.metrics.clients_total == sessions + 3);
    CHECK(broker.metrics[Cause::MemoryFull] >= 200);
    static_cast<void>(pair.try_once());
    // They expire, as configured for those that would stay for ever.
    broker.advance(601s);
    CHECK(broker.metrics.clients_expired == sessions);
    pair.must_work();
    broker.advance(1s);
    broker.check_given_back();
  }
}

TEST_CASE("what clients state of packets and aliases takes memory while they are connected") {
  Bombed broker(std::size_t{1} << 20);
  Pair pair(broker);
  pair.must_work();
  broker.note_rest();
  ConnectOptions states;
  states.props.maximum_packet_size = 1'000;
  states.props.topic_alias_maximum = 10;
  std::vector<std::unique_ptr<Client>> clients;
  int refused = 0;
  for (int i = 0; refused < 50; ++i) {
    clients.push_back(std::make_unique<Client>(broker, Version::V5));
    Client& a = *clients.back();
    a.connect("states-" + std::to_string(i), states);
    const auto connack = a.next();
    if (connack && !wire::is_error(connack->reason)) continue;
    if (connack) CHECK(connack->reason == ReasonCode::QuotaExceeded);
    ++refused;
    CHECK(a.closed());
    broker.check_bounds();
  }
  CHECK(clients.size() > 1'000);
  CHECK(broker.metrics[Cause::MemoryFull] == static_cast<std::uint64_t>(refused));
  static_cast<void>(pair.try_once());
  for (const auto& client : clients) client->drop();
  broker.advance(1s);
  pair.must_work();
  broker.check_given_back();
}

TEST_CASE("global_max_clients stops a churn of sessions that stay before memory does") {
  Bombed broker(std::size_t{1} << 20);
  broker.limits.sessions = 100;
  Pair pair(broker);
  pair.must_work();
  for (int i = 0; i < 2'000; ++i) {
    Client a(broker, Version::V5);
    a.connect("stays-" + std::to_string(i),
              {.clean_start = false, .props = {.session_expiry_interval = 60}});
    const Packet connack =
        a.expect_connack(i < 98 ? ReasonCode::Success : ReasonCode::QuotaExceeded);
    if (i < 98) a.disconnect();
    if (i % 100 == 0) pair.must_work();
  }
  CHECK(broker.metrics[Cause::SessionLimit] == 1'902);
  CHECK(broker.metrics[Cause::MemoryFull] == 0);
  broker.check_bounds();
  broker.advance(61s);
  CHECK(broker.metrics.clients_total == 2);
}

TEST_CASE("the same id taken over 10,000 times, with a queue and without: one session") {
  for (const bool stays : {false, true}) {
    CAPTURE(stays);
    Bombed broker(std::size_t{4} << 20);
    broker.limits.queued_messages = 10;
    Pair pair(broker);
    Client publisher(broker, Version::V5, "publisher");
    pair.must_work();
    broker.note_rest();
    for (int i = 0; i < 10'000; ++i) {
      // The one before is still there: it is told, and closed.
      Client a(broker, i % 2 == 0 ? Version::V5 : Version::V311);
      ConnectOptions options{.clean_start = !stays,
                             .will = Will{.topic = "gone", .payload = "x", .qos = kQoS1}};
      if (a.version() == Version::V5 && stays) options.props.session_expiry_interval = 60;
      a.must_connect("same", options);
      a.must_subscribe("t", kQoS1);
      if (i % 100 == 0) {
        publisher.must_publish("t", "x", kQoS1);
        pair.must_work();
        broker.check_bounds();
      }
    }
    CHECK(broker.metrics[Cause::TakenOver] == 9'999);
    CHECK(broker.metrics.clients_total == 4);
    CHECK(broker.metrics.open_connections == 4);
    Client(broker, Version::V5, "same").disconnect();
    broker.advance(1s);
    broker.check_given_back();
  }
}

}  // namespace
}  // namespace midge::test
