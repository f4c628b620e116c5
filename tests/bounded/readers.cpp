// Clients that subscribe and never read.
#include <memory>

#include "tests/bounded/bombed.hpp"

namespace midge::test {
namespace {

constexpr int kClients = 2'000;

std::vector<std::unique_ptr<Client>> deaf_clients(Broker& broker, QoS qos) {
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < kClients; ++i) {
    const Version version = i % 2 == 0 ? Version::V311 : Version::V5;
    clients.push_back(std::make_unique<Client>(broker, version, "deaf-" + std::to_string(i)));
    clients.back()->must_subscribe("flood", qos);
    clients.back()->link().stop_reading();
  }
  return clients;
}

TEST_CASE("2,000 clients that never read hold their queues and no more, and others go on") {
  for (const QoS qos : {kQoS0, kQoS1}) {
    CAPTURE(qos);
    Bombed broker(std::size_t{16} << 20);
    broker.limits.queued_messages = 50;
    broker.limits.inflight_messages = 20;
    Pair pair(broker);
    Pair old_pair(broker, Version::V311);
    Client publisher(broker, Version::V5, "publisher");
    pair.must_work();
    old_pair.must_work();
    broker.note_rest();
    broker.use_small_windows();
    auto clients = deaf_clients(broker, qos);
    for (int i = 0; i < 200; ++i) {
      publisher.must_publish("flood", std::string(1'000, 'x'), qos);
      if (i % 10 != 0) continue;
      pair.must_work();
      old_pair.must_work();
      broker.check_bounds();
      broker.advance(1s);
    }
    CHECK(broker.metrics.queued_messages <= kClients * (50 + 20));
    CHECK(broker.metrics[Cause::QueueMessages] >= kClients * 100);
    CHECK(broker.metrics[Cause::MemoryFull] == 0);
    broker.advance(10min);
    pair.must_work();
    for (const auto& client : clients) client->drop();
    broker.advance(1s);
    broker.check_given_back();
  }
}

TEST_CASE("clients that never read with queues larger than memory: QoS 0 is skipped and counted") {
  Bombed broker(std::size_t{8} << 20);
  broker.limits.queued_messages = settings::kUnlimited;
  Pair pair(broker);
  Pair old_pair(broker, Version::V311);
  Client publisher(broker, Version::V5, "publisher");
  pair.must_work();
  old_pair.must_work();
  broker.note_rest();
  broker.use_small_windows();
  auto clients = deaf_clients(broker, kQoS0);
  int delivered = 0;
  for (int i = 0; i < 300; ++i) {
    publisher.publish("flood", std::string(1'000, 'x'));
    if (i % 10 != 0) continue;
    // A fan-out of 2,000 finds no room where one of 1 does.
    delivered += pair.try_once() ? 1 : 0;
    delivered += old_pair.try_once() ? 1 : 0;
    broker.check_bounds();
  }
  CHECK(delivered == 60);
  CHECK(broker.metrics[Cause::MemoryFull] > 50);
  CHECK(broker.metrics.publish_dropped == broker.metrics[Cause::MemoryFull]);
  for (const auto& client : clients) client->drop();
  broker.advance(1s);
  broker.check_given_back();
}

TEST_CASE("clients that never read with queues larger than memory: QoS 1 is refused and counted") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Bombed broker(std::size_t{8} << 20);
    broker.limits.queued_messages = settings::kUnlimited;
    Pair pair(broker, version);
    Client publisher(broker, Version::V5, "publisher");
    pair.must_work();
    broker.note_rest();
    broker.use_small_windows();
    auto clients = deaf_clients(broker, kQoS1);
    int refused = 0;
    for (int i = 0; i < 100; ++i) {
      publisher.publish("flood", std::string(1'000, 'x'), kQoS1);
      auto answer = publisher.next();
      if (!answer) {
        broker.advance(6s);
        answer = publisher.next();
      }
      REQUIRE(answer);
      CHECK(answer->type == PacketType::Puback);
      refused += answer->reason == ReasonCode::QuotaExceeded ? 1 : 0;
      CHECK(pair.try_once());
      broker.check_bounds();
    }
    CHECK(refused > 5);
    CHECK(broker.metrics[Cause::MemoryFull] >= static_cast<std::uint64_t>(refused));
    // They begin to read: it drains without anybody's help, and the publisher is let in again.
    for (const auto& client : clients) client->link().start_reading();
    for (int round = 0; round < 200; ++round) {
      bool moved = false;
      for (const auto& client : clients) {
        for (const Packet& p : client->all()) {
          client->puback(p.packet_id);
          moved = true;
        }
      }
      if (!moved) break;
    }
    CHECK(broker.metrics.queued_messages == 0);
    publisher.must_publish("flood", "again", kQoS1);
    for (const auto& client : clients) client->drop();
    broker.advance(1s);
    broker.check_given_back();
  }
}

TEST_CASE("absent sessions with queues at their limit never stop who is there") {
  Bombed broker(std::size_t{4} << 20);
  broker.limits.queued_messages = 20;
  Pair pair(broker);
  pair.must_work();
  Client publisher(broker, Version::V5, "publisher");
  for (int i = 0; i < 500; ++i) {
    Client away(broker, Version::V5, "away-" + std::to_string(i),
                {.clean_start = false, .props = {.session_expiry_interval = 600}});
    away.must_subscribe("flood", kQoS1);
    away.drop();
  }
  const std::size_t with_sessions = broker.metrics.clients_total;
  for (int i = 0; i < 200; ++i) {
    publisher.must_publish("flood", std::string(500, 'x'), kQoS1);
    if (i % 10 == 0) pair.must_work();
  }
  broker.check_bounds();
  CHECK(broker.metrics[Cause::QueueMessages] == 500 * 180);
  CHECK(broker.metrics[Cause::MemoryFull] == 0);
  CHECK(broker.metrics.clients_total == with_sessions);
  broker.advance(11min);
  CHECK(broker.metrics.clients_total == 3);
  CHECK(broker.metrics.stored_messages == 0);
  CHECK(broker.metrics[Cause::SessionEnded] == 500 * 20);
  pair.must_work();
}

}  // namespace
}  // namespace midge::test
