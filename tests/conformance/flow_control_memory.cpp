// When memory is full (DESIGN.md, "Full is a defined state"): what is refused, what waits, what
// always works, and that all of it is given back.
#include <memory>

#include "tests/support/client.hpp"

namespace midge::test {
namespace {

const ConnectOptions kPersistent{.clean_start = false, .props = {.session_expiry_interval = 3'600}};

// A broker with 1 MiB, of which a client that is away can fill all but the reserve.
struct SmallBroker : Broker {
  SmallBroker() {
    limits.memory_bytes = std::size_t{1} << 20;
    limits.queued_messages = settings::kUnlimited;
    settings.backpressure_time = 5s;
  }
  [[nodiscard]] std::size_t used_pages() { return sim.arena().used_pages(); }
  // What is used when nobody is there. A slab that was used may keep an empty page, so a large
  // message has been there before.
  [[nodiscard]] std::size_t used_at_rest();
};

std::size_t SmallBroker::used_at_rest() {
  Client a(*this, Version::V5, "a");
  a.must_subscribe("t", kQoS1);
  a.must_publish("t", std::string(20'000, 'x'), kQoS1);
  a.answer(a.expect_publish());
  a.disconnect();
  a.expect_closed();
  return used_pages();
}

// A session without a connection whose queue fills the memory.
class Filler {
 public:
  Filler(Broker& broker, std::string_view filter = "fill")
      : broker_(broker), client_(broker, Version::V311, "filler", kPersistent) {
    client_.must_subscribe(filter, kQoS1);
    client_.drop();
  }

  // Publishes to it until a message of `bytes` finds no room.
  void fill(std::size_t bytes = 3'000) {
    Client publisher(broker_, Version::V5, "full");
    for (int i = 0; i < 10'000; ++i) {
      publisher.publish("fill", std::string(bytes, 'x'), kQoS1);
      if (!publisher.next()) {
        publisher.drop();
        return;
      }
    }
    FAIL("memory does not get full");
  }
  // Takes all of it; the number of messages.
  int drain() {
    client_.reconnect(kPersistent);
    int count = 0;
    for (; const auto p = client_.next(); ++count) client_.answer(*p);
    client_.drop();
    return count;
  }
  void end() {
    client_.reconnect({.clean_start = true});
    client_.disconnect();
    client_.expect_closed();
  }

 private:
  Broker& broker_;
  Client client_;
};

TEST_CASE("a QoS 0 PUBLISH without room is skipped and counted, and the connection goes on") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    SmallBroker broker;
    Filler filler(broker);
    Client watcher(broker, version, "watcher");
    watcher.must_subscribe("t");
    Client a(broker, version, "a");
    filler.fill();
    const auto full_before = broker.metrics[Cause::MemoryFull];
    const auto dropped_before = broker.metrics.publish_dropped;
    a.publish("t", std::string(50'000, 'y'));
    a.publish("t", std::string(50'000, 'y'));
    a.expect_nothing();
    watcher.expect_nothing();
    CHECK(broker.metrics[Cause::MemoryFull] == full_before + 2);
    CHECK(broker.metrics.publish_dropped == dropped_before + 2);
    a.ping();
    a.expect(PacketType::Pingresp);
    filler.drain();
    a.publish("t", std::string(50'000, 'z'));
    watcher.expect_publish("t", std::string(50'000, 'z'));
  }
}

TEST_CASE("a PUBLISH with QoS > 0 waits for room, and goes on when there is some") {
  for (const Version version : kBothVersions) {
    for (const QoS qos : {kQoS1, kQoS2}) {
      CAPTURE(version);
      CAPTURE(qos);
      SmallBroker broker;
      Filler filler(broker);
      Client watcher(broker, version, "watcher");
      watcher.must_subscribe("t");
      Client a(broker, version, "a");
      filler.fill();
      const std::string payload(20'000, 'y');
      const PacketIdentifier id = a.publish("t", payload, qos);
      a.ping();  // stands behind it
      broker.advance(4s);
      a.expect_nothing();
      watcher.expect_nothing();
      filler.drain();
      broker.advance(500ms);
      watcher.expect_publish("t", payload);
      CHECK(a.take(qos == kQoS1 ? PacketType::Puback : PacketType::Pubrec).packet_id == id);
      a.take(PacketType::Pingresp);
      a.expect_nothing();
    }
  }
}

TEST_CASE("without room for all of backpressure_time a PUBLISH with QoS > 0 is refused") {
  for (const Version version : kBothVersions) {
    for (const QoS qos : {kQoS1, kQoS2}) {
      for (const std::size_t bytes : {std::size_t{1'500}, std::size_t{20'000}}) {
        CAPTURE(version);
        CAPTURE(qos);
        CAPTURE(bytes);
        SmallBroker broker;
        Filler filler(broker);
        Client watcher(broker, version, "watcher");
        watcher.must_subscribe("t");
        Client a(broker, version, "a", {.keep_alive = 1});
        filler.fill();
        filler.fill(1'000);
        filler.fill(100);
        const std::string payload(bytes, 'y');
        const PacketIdentifier id = a.publish("t", payload, qos);
        // Keep alive stands still: nothing is read that could show a sign of life.
        broker.advance(4'800ms);
        a.expect_nothing();
        broker.advance(500ms);
        if (version != Version::V5) {
          a.expect_closed();
          watcher.expect_nothing();
          continue;
        }
        const Packet ack = a.expect(qos == kQoS1 ? PacketType::Puback : PacketType::Pubrec);
        CHECK(ack.packet_id == id);
        CHECK(ack.reason == ReasonCode::QuotaExceeded);
        watcher.expect_nothing();
        // The identifier is free, and what follows is read from its start.
        filler.drain();
        a.publish("t", payload, qos, {.packet_id = id});
        const Packet again = a.expect(qos == kQoS1 ? PacketType::Puback : PacketType::Pubrec);
        CHECK(again.reason == ReasonCode::Success);
        watcher.expect_publish("t", payload);
      }
    }
  }
}

TEST_CASE("a client that owes acknowledgements is not made to wait: refused at once") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    SmallBroker broker;
    Filler filler(broker);
    Client a(broker, version, "a", kPersistent);
    a.must_subscribe("mine", kQoS1);
    Client publisher(broker, version, "publisher");
    publisher.must_publish("mine", "x", kQoS1);
    const Packet open = a.expect_publish("mine", "x");
    filler.fill();
    const PacketIdentifier id = a.publish("t", std::string(20'000, 'y'), kQoS1);
    if (version != Version::V5) {
      a.expect_closed();
      continue;
    }
    const Packet ack = a.expect(PacketType::Puback);
    CHECK(ack.packet_id == id);
    CHECK(ack.reason == ReasonCode::QuotaExceeded);
    a.puback(open.packet_id);
    a.expect_nothing();
  }
}

TEST_CASE("acknowledgements, UNSUBSCRIBE and PINGREQ work when memory is full") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    SmallBroker broker;
    Filler filler(broker);
    Client a(broker, version, "a");
    a.must_subscribe("mine/#", kQoS2);
    a.must_subscribe("other", kQoS2);
    Client publisher(broker, version, "publisher");
    for (int i = 0; i < 10; ++i) publisher.must_publish("mine/1", "x", kQoS1);
    for (int i = 0; i < 10; ++i) publisher.must_publish("mine/2", "x", kQoS2);
    const std::vector<Packet> got = a.all();
    REQUIRE(got.size() == 20);
    for (PacketIdentifier id = 1; id <= 10; ++id)
      a.publish("u", "x", kQoS2, {.packet_id = PacketIdentifier{id}});
    CHECK(a.all().size() == 10);
    filler.fill();
    filler.fill(1'000);
    filler.fill(100);
    filler.fill(1);
    CHECK(broker.sim.arena().available_pages() == 0);

    // All of it in one piece, so that everything is held at the same time.
    a.together([&] {
      for (const Packet& p : got) {
        if (p.qos == kQoS1) a.puback(p.packet_id);
        if (p.qos == kQoS2) a.pubrec(p.packet_id);
      }
      for (PacketIdentifier id = 1; id <= 10; ++id) a.pubrel(id);
      a.unsubscribe("other");
      a.ping();
    });
    for (const Packet& p : got) {
      if (p.qos == kQoS2) CHECK(a.take(PacketType::Pubrel).packet_id == p.packet_id);
    }
    for (PacketIdentifier id = 1; id <= 10; ++id) {
      const Packet pubcomp = a.take(PacketType::Pubcomp);
      CHECK(pubcomp.packet_id == id);
      CHECK(pubcomp.reason == ReasonCode::Success);
    }
    a.take(PacketType::Unsuback);
    a.take(PacketType::Pingresp);
    a.together([&] {
      for (const Packet& p : got) {
        if (p.qos == kQoS2) a.pubcomp(p.packet_id);
      }
    });
    a.expect_nothing();
  }
}

TEST_CASE("what asks for more memory is refused by its own code when there is none") {
  SmallBroker broker;
  Filler filler(broker);
  Client a(broker, Version::V5, "a");
  filler.fill();
  filler.fill(1'000);
  filler.fill(100);
  filler.fill(1);
  REQUIRE(broker.sim.arena().available_pages() == 0);
  // Subscriptions until one finds no room; the connection lives.
  bool refused = false;
  for (int i = 0; i < 1'000 && !refused; ++i) {
    a.subscribe("a/" + std::string(200, 'f') + std::to_string(i), kQoS1);
    const Packet suback = a.expect(PacketType::Suback);
    REQUIRE(suback.codes.size() == 1);
    refused = suback.codes[0] == ReasonCode::QuotaExceeded;
    if (!refused) CHECK(suback.codes[0] == ReasonCode::GrantedQoS1);
  }
  CHECK(refused);
  a.ping();
  a.expect(PacketType::Pingresp);
  filler.drain();
  a.must_subscribe("a/b", kQoS1);
}

TEST_CASE("every client publishes and subscribes at QoS 2 at the limit, and it drains") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    SmallBroker broker;
    const std::size_t used_at_rest = broker.used_at_rest();
    {
      std::vector<std::unique_ptr<Client>> clients;
      for (int i = 0; i < 8; ++i) {
        clients.push_back(
            std::make_unique<Client>(broker, version, "c" + std::to_string(i), kPersistent));
        clients.back()->must_subscribe("t", kQoS2);
      }
      std::size_t accepted = 0;
      std::size_t refused = 0;
      std::size_t delivered = 0;
      std::vector<int> sent(clients.size());
      const auto settle_answers = [&] {
        bool moved = false;
        for (const auto& client : clients) {
          for (const Packet& p : client->all()) {
            moved = true;
            switch (p.type) {
              case PacketType::Publish:
                ++delivered;
                client->pubrec(p.packet_id);
                break;
              case PacketType::Pubrel:
                client->pubcomp(p.packet_id);
                break;
              case PacketType::Pubrec:
                if (wire::is_error(p.reason)) {
                  ++refused;
                } else {
                  ++accepted;
                  client->pubrel(p.packet_id);
                }
                break;
              default:
                CHECK(p.type == PacketType::Pubcomp);
            }
          }
        }
        return moved;
      };
      // Nobody reads what is sent to it while everybody sends.
      for (int round = 0; round < 200; ++round) {
        for (std::size_t i = 0; i < clients.size(); ++i) {
          if (clients[i]->closed()) continue;  // 3.1.1, no room: it will come back
          if (sent[i] - static_cast<int>(accepted / clients.size()) > 15) continue;
          clients[i]->publish("t", std::string(5'000, 'x'), kQoS2);
          ++sent[i];
        }
        if (round % 4 == 3) settle_answers();
      }
      for (int i = 0; i < 1'000; ++i) {
        broker.advance(100ms);
        if (!settle_answers() && i > 100) break;
      }
      CHECK(accepted > 100);
      if (version == Version::V5) CHECK(delivered == accepted * clients.size());
      for (const auto& client : clients) {
        client->reconnect({.clean_start = true});
        client->disconnect();
      }
      broker.advance(1s);
    }
    CHECK(broker.metrics.stored_messages == 0);
    CHECK(broker.metrics.clients_total == 0);
    CHECK(broker.used_pages() == used_at_rest);
  }
}

TEST_CASE("everything is given back when it is over") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    SmallBroker broker;
    const std::size_t used_at_rest = broker.used_at_rest();
    Filler filler(broker);
    {
      Client a(broker, version, "a", kPersistent);
      a.must_subscribe("t/#", kQoS2);
      a.must_subscribe("$share/g/s/+", kQoS2);
      for (int i = 0; i < 100; ++i) {
        a.publish("t/" + std::to_string(i), std::string(300, 'x'), kQoS1, {.retain = true});
        a.take(PacketType::Puback);
      }
      filler.fill();
      a.publish("t/big", std::string(20'000, 'y'), kQoS2);  // in the middle of waiting
      a.drop();
    }
    CHECK(broker.used_pages() > used_at_rest + 50);
    filler.end();
    Client a(broker, version, "a");  // ends the session
    for (int i = 0; i < 100; ++i) {
      a.publish("t/" + std::to_string(i), "", kQoS0, {.retain = true});
    }
    a.disconnect();
    a.expect_closed();
    broker.advance(1s);
    CHECK(broker.metrics.stored_messages == 0);
    CHECK(broker.metrics.retained_messages == 0);
    CHECK(broker.metrics.clients_total == 0);
    CHECK(broker.metrics.open_connections == 0);
    CHECK(broker.used_pages() == used_at_rest);
  }
}

}  // namespace
}  // namespace midge::test
