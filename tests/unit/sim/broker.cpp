// The broker in the simulator, and the harness around it: what tests lean on.
#include "tests/support/broker.hpp"

#include <doctest/doctest.h>

#include <memory>

#include "tests/support/client.hpp"

namespace midge::test {
namespace {

// Clients on rough links, with commits and decisions that come late.
std::uint64_t trace_of(std::uint64_t seed) {
  Broker broker(seed);
  broker.journal.durable = true;
  broker.journal.inside_percent = 30;
  broker.journal.delay_ms = {0, 20};
  broker.world.events_per_turn = {1, 5};
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 4; ++i) {
    broker.link = sim::LinkOptions::rough(broker.world.random());
    clients.push_back(std::make_unique<Client>(broker, Version::V5));
    clients.back()->connect("c" + std::to_string(i));
    clients.back()->subscribe("t", static_cast<QoS>(i % 3));
  }
  broker.advance(5s);
  for (int i = 0; i < 20; ++i) {
    clients[broker.world.random().between(0, 3)]->publish("t", std::to_string(i), kQoS1);
    broker.advance(Duration{broker.world.random().between(0, 50)});
  }
  broker.advance(60s);
  for (const auto& client : clients) {
    CHECK(client->expect_connack().reason == ReasonCode::Success);
    std::size_t publishes = 0;
    for (const Packet& packet : client->all()) publishes += packet.type == PacketType::Publish;
    CHECK(publishes != 0);
  }
  CHECK(broker.world.faults().empty());
  return broker.world.trace_hash();
}

TEST_CASE("the same seed makes the same run, the broker included") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    CHECK(trace_of(seed) == trace_of(seed));
  }
}

TEST_CASE("a commit that is held holds the acknowledgement") {
  Broker broker;
  Client a(broker, Version::V5, "a", {.props = {.session_expiry_interval = 3'600}});
  a.must_subscribe("t", kQoS1);
  broker.journal.durable = true;
  broker.journal.hold = true;
  const PacketIdentifier id = a.publish("t", "x", kQoS1);
  CHECK(broker.journal.open_commits() != 0);
  for (const Packet& packet : a.all()) CHECK(packet.type != PacketType::Puback);
  broker.journal.release();
  CHECK(a.take(PacketType::Puback).packet_id == id);
}

TEST_CASE("a decision that is pending holds CONNACK") {
  Broker broker;
  broker.authorizer.pending = true;
  Client a(broker, Version::V5);
  a.connect("a");
  a.expect_nothing();
  broker.authorizer.decide();
  a.expect_connack();
}

TEST_CASE("a broker without entropy does not start") {
  Broker broker;
  broker.entropy.failing = true;
  CHECK_FALSE(broker.try_start());
}

TEST_CASE("the power is cut and comes back") {
  Broker broker;
  Client a(broker, Version::V5, "a");
  broker.stop();
  CHECK(a.closed());
  a.reconnect();
  a.ping();
  a.expect(PacketType::Pingresp);
}

TEST_CASE("several clients reach the broker in one turn") {
  Broker broker;
  Client a(broker, Version::V5, "a");
  Client b(broker, Version::V311, "b");
  broker.at_once([&] {
    a.ping();
    b.ping();
    CHECK(broker.world.trace_hash() != 0);
  });
  a.expect(PacketType::Pingresp);
  b.expect(PacketType::Pingresp);
}

}  // namespace
}  // namespace midge::test
