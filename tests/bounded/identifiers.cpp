// QoS 2 identifiers that are never released, and deliveries that are never acknowledged.
#include <memory>

#include "tests/bounded/bombed.hpp"

namespace midge::test {
namespace {

TEST_CASE(
    "QoS 2 identifiers that are never released: as many as allowed, then the connection ends") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Bombed broker(std::size_t{1} << 20);
    Pair pair(broker);
    pair.must_work();
    broker.note_rest();
    const std::uint16_t allowed =
        version == Version::V5 ? broker.limits.inflight_messages : broker.limits.inbound_qos2;
    std::vector<std::unique_ptr<Client>> clients;
    for (int i = 0; i < 20; ++i) {
      clients.push_back(std::make_unique<Client>(broker, version, "open-" + std::to_string(i)));
      Client& a = *clients.back();
      for (std::uint16_t id = 1; id <= allowed; ++id) {
        a.publish("t", "x", kQoS2, {.packet_id = PacketIdentifier{id}});
      }
      CHECK(a.all().size() == allowed);
      pair.must_work();
      broker.check_bounds();
    }
    CHECK(broker.metrics.stored_messages == 0);  // only the identifier is kept
    for (const auto& client : clients) {
      client->publish("t", "x", kQoS2, {.packet_id = PacketIdentifier{60'000}});
      client->expect_disconnect(ReasonCode::ReceiveMaximumExceeded);
    }
    CHECK(broker.metrics[Cause::ReceiveMaximumExceeded] == 20);
    pair.must_work();
    broker.advance(1s);
    broker.check_given_back();
  }
}

TEST_CASE(
    "open QoS 2 identifiers of sessions that stay fill memory: refused, counted, given back") {
  Bombed broker(std::size_t{512} << 10);
  broker.limits.inbound_qos2 = 65'535;
  Pair pair(broker);
  pair.must_work();
  broker.note_rest();
  const ConnectOptions stays{.clean_start = false};
  Client a(broker, Version::V311, "a", stays);
  std::uint16_t id = 0;
  while (!a.closed() && id < 60'000) {
    a.publish("t", "x", kQoS2, {.packet_id = ++id});
    if (a.received().empty()) broker.advance(6s);
  }
  a.expect_closed();  // before 5.0: without acknowledgement
  CHECK(broker.metrics[Cause::MemoryFull] >= 1);
  CHECK(id > 1'000);
  broker.check_bounds();
  static_cast<void>(pair.try_once());
  // It comes back and releases them: PUBREL is never refused.
  a.reconnect(stays);
  for (PacketIdentifier open = 1; open < id; ++open) {
    a.pubrel(open);
    CHECK(a.expect(PacketType::Pubcomp).packet_id == open);
  }
  pair.must_work();
  a.reconnect({.clean_start = true});
  a.disconnect();
  broker.advance(1s);
  broker.check_given_back();
}

TEST_CASE("deliveries that nobody acknowledges: a window and a queue for each, no more") {
  for (const QoS qos : {kQoS1, kQoS2}) {
    CAPTURE(qos);
    Bombed broker(std::size_t{4} << 20);
    broker.limits.queued_messages = 30;
    Pair pair(broker);
    pair.must_work();
    broker.note_rest();
    std::vector<std::unique_ptr<Client>> clients;
    for (int i = 0; i < 200; ++i) {
      const Version version = i % 2 == 0 ? Version::V5 : Version::V311;
      clients.push_back(std::make_unique<Client>(broker, version, "mute-" + std::to_string(i)));
      clients.back()->must_subscribe("t", qos);
    }
    Client publisher(broker, Version::V5, "publisher");
    for (int i = 0; i < 200; ++i) {
      publisher.must_publish("t", std::string(200, 'x'), qos);
      if (i % 10 == 0) pair.must_work();
      broker.check_bounds();
    }
    CHECK(broker.metrics.inflight_messages == 200 * 20);
    CHECK(broker.metrics.queued_messages == 200 * (20 + 30));
    CHECK(broker.metrics[Cause::QueueMessages] == 200 * 150);
    for (const auto& client : clients) CHECK(client->all().size() == 20);
    for (const auto& client : clients) client->drop();
    publisher.disconnect();
    broker.advance(1s);
    broker.check_given_back();
  }
}

}  // namespace
}  // namespace midge::test
