// Who gets a message and in which order (MQTT 5.0 and 3.1.1, sections 4.5 and 4.6).
#include <map>
#include <memory>

#include "tests/support/client.hpp"

namespace midge::test {
namespace {

const ConnectOptions kPersistent{.clean_start = false, .props = {.session_expiry_interval = 3'600}};

// ---- section 4.5: message receipt

TEST_CASE(
    "a message goes to the session of each client that subscribed, present or not "
    "[MQTT-4.5.0-1] [MQTT-4.5.0-1@3.1.1]") {
  for (const Version version : kBothVersions) {
    for (const QoS qos : {kQoS1, kQoS2}) {
      CAPTURE(version);
      CAPTURE(qos);
      Broker broker;
      Client exact(broker, version, "exact");
      Client plus(broker, version, "plus");
      Client hash(broker, version, "hash");
      Client other(broker, version, "other");
      Client away(broker, version, "away", kPersistent);
      Client ended(broker, version, "ended");
      exact.must_subscribe("a/b", kQoS2);
      plus.must_subscribe("a/+", kQoS2);
      hash.must_subscribe("#", kQoS2);
      other.must_subscribe("a/c", kQoS2);
      away.must_subscribe("a/b", kQoS2);
      ended.must_subscribe("a/b", kQoS2);
      away.drop();
      ended.drop();

      Client publisher(broker, version, "publisher");
      publisher.must_publish("a/b", "x", qos);
      for (Client* client : {&exact, &plus, &hash}) {
        client->answer(client->expect_publish("a/b", "x"));
        client->expect_nothing();
      }
      other.expect_nothing();
      CHECK(away.reconnect(kPersistent).session_present);
      away.answer(away.expect_publish("a/b", "x"));
      away.expect_nothing();
      CHECK_FALSE(ended.reconnect(kPersistent).session_present);
      ended.expect_nothing();
    }
  }
}

TEST_CASE(
    "a publisher that subscribed gets its own messages [MQTT-4.5.0-1] "
    "[MQTT-4.5.0-1@3.1.1]") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client a(broker, version, "a");
    a.must_subscribe("t", kQoS2);
    a.must_publish("t", "x", kQoS2);
    a.expect_publish("t", "x");
    a.expect_nothing();
  }
}

TEST_CASE(
    "a shared group is one receiver, beside those who subscribed for themselves "
    "[MQTT-4.5.0-1]") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client plain(broker, version, "plain");
    Client first(broker, version, "first");
    Client second(broker, version, "second");
    Client third(broker, version, "third");
    plain.must_subscribe("t", kQoS1);
    first.must_subscribe("$share/g/t", kQoS1);
    second.must_subscribe("$share/g/t", kQoS1);
    third.must_subscribe("$share/h/t", kQoS1);
    Client publisher(broker, version, "publisher");
    std::map<std::string, int> in_group;
    for (int i = 0; i < 10; ++i) {
      const std::string payload = std::to_string(i);
      publisher.must_publish("t", payload, kQoS1);
      plain.answer(plain.expect_publish("t", payload));
      third.answer(third.expect_publish("t", payload));
      for (Client* member : {&first, &second}) {
        for (const Packet& p : member->all()) {
          ++in_group[p.payload];
          member->answer(p);
        }
      }
    }
    CHECK(in_group.size() == 10);
    for (const auto& [payload, times] : in_group) {
      const std::string& name = payload;  // clang 14 can't capture a binding
      CAPTURE(name);
      CHECK(times == 1);
    }
  }
}

TEST_CASE(
    "a member that left its group and goes leaves what it did not acknowledge to the others") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client first(broker, version, "first", kPersistent);
    Client second(broker, version, "second");
    Client publisher(broker, version, "publisher");
    first.must_subscribe("$share/g/t", kQoS1);
    publisher.must_publish("t", "x", kQoS1);
    first.expect_publish("t", "x");
    second.must_subscribe("$share/g/t", kQoS1);
    first.must_unsubscribe("$share/g/t");
    second.expect_nothing();
    first.drop();
    second.answer(second.expect_publish("t", "x"));
    CHECK(first.reconnect(kPersistent).session_present);
    first.expect_nothing();
    second.expect_nothing();
  }
}

// ---- section 4.6: message ordering

TEST_CASE(
    "one publisher's messages reach each consumer in the order in which they came, for each topic "
    "and QoS [MQTT-4.6.0-5] [MQTT-4.6.0-6] [MQTT-4.6.0-5@3.1.1] [MQTT-4.6.0-6@3.1.1]") {
  for (const Version version : kBothVersions) {
    for (const QoS qos : kEveryQoS) {
      CAPTURE(version);
      CAPTURE(qos);
      Broker broker;
      Client publisher(broker, version, "publisher");
      std::vector<std::unique_ptr<Client>> consumers;
      for (const QoS granted : kEveryQoS) {
        consumers.push_back(std::make_unique<Client>(
            broker, version, "q" + std::to_string(static_cast<unsigned>(granted))));
        consumers.back()->must_subscribe("t/#", granted);
      }
      // In pieces and together, on two topics.
      for (int round = 0; round < 5; ++round) {
        publisher.together([&] {
          for (int i = 0; i < 4; ++i) {
            const std::string payload = std::to_string(round * 4 + i);
            publisher.publish("t/a", payload, qos);
            publisher.publish("t/b", payload, qos);
          }
        });
        for (const Packet& p : publisher.all()) {
          if (p.type == PacketType::Pubrec) publisher.pubrel(p.packet_id);
        }
        for (const auto& consumer : consumers) {
          for (int i = 0; i < 4; ++i) {
            const std::string payload = std::to_string(round * 4 + i);
            const Packet first = consumer->expect_publish("t/a", payload);
            const Packet second = consumer->expect_publish("t/b", payload);
            consumer->answer(first);
            consumer->answer(second);
          }
          consumer->expect_nothing();
        }
        (void)publisher.all();
      }
    }
  }
}

TEST_CASE(
    "messages that wait for the window keep their order, however they are acknowledged "
    "[MQTT-4.6.0-5] [MQTT-4.6.0-6@3.1.1]") {
  for (const Version version : kBothVersions) {
    for (const QoS qos : {kQoS1, kQoS2}) {
      CAPTURE(version);
      CAPTURE(qos);
      Broker broker;
      broker.limits.inflight_messages = 5;
      Client a(broker, version, "a");
      a.must_subscribe("t", qos);
      Client publisher(broker, version, "publisher");
      constexpr int kMessages = 60;
      for (int i = 0; i < kMessages; ++i) publisher.must_publish("t", std::to_string(i), qos);
      std::vector<Packet> open;
      int next = 0;
      sim::Random random(7);
      while (next < kMessages || !open.empty()) {
        for (Packet& p : a.all()) {
          if (p.type != PacketType::Publish) continue;
          CHECK(p.payload == std::to_string(next));
          ++next;
          open.push_back(std::move(p));
        }
        REQUIRE_FALSE(open.empty());
        const auto at = static_cast<std::ptrdiff_t>(random.between(0, open.size() - 1));
        const PacketIdentifier id = open[static_cast<std::size_t>(at)].packet_id;
        if (qos == kQoS1) a.puback(id);
        if (qos == kQoS2) {
          a.pubrec(id);
          a.pubcomp(id);
        }
        open.erase(open.begin() + at);
      }
      CHECK(next == kMessages);
    }
  }
}

TEST_CASE(
    "what a session kept while its client was away comes in order [MQTT-4.6.0-5] "
    "[MQTT-4.6.0-6@3.1.1]") {
  for (const Version version : kBothVersions) {
    for (const QoS qos : {kQoS1, kQoS2}) {
      CAPTURE(version);
      CAPTURE(qos);
      Broker broker;
      Client a(broker, version, "a", kPersistent);
      a.must_subscribe("t", qos);
      Client publisher(broker, version, "publisher");
      publisher.must_publish("t", "0", qos);
      publisher.must_publish("t", "1", qos);
      a.expect_publish("t", "0");
      a.expect_publish("t", "1");
      a.drop();
      for (int i = 2; i < 50; ++i) publisher.must_publish("t", std::to_string(i), qos);
      a.reconnect(kPersistent);
      for (int i = 0; i < 50; ++i) {
        const Packet p = a.expect_publish("t", std::to_string(i));
        CHECK(p.dup == (i < 2));
        a.answer(p);
      }
      a.expect_nothing();
    }
  }
}

TEST_CASE(
    "acknowledgements go out in the order of what they answer [MQTT-4.6.0-2] [MQTT-4.6.0-3] "
    "[MQTT-4.6.0-4] [MQTT-4.6.0-2@3.1.1] [MQTT-4.6.0-3@3.1.1] [MQTT-4.6.0-4@3.1.1]") {
  for (const Version version : kBothVersions) {
    for (const bool late : {false, true}) {
      CAPTURE(version);
      CAPTURE(late);
      Broker broker;
      if (late) {
        broker.journal.durable = true;
        broker.journal.inside_percent = 30;
        broker.journal.delay_ms = {0, 20};
      }
      Client watcher(broker, version);
      watcher.connect("watcher");
      watcher.subscribe("t", kQoS2);
      broker.advance(1s);
      (void)watcher.all();
      Client a(broker, version);
      a.connect("a");
      broker.advance(1s);
      a.expect_connack();

      constexpr PacketIdentifier kIds[] = {500, 2, 40, 7, 9, 1};
      a.together([&] {
        for (const PacketIdentifier id : kIds)
          a.publish("t", "x", id % 2 == 0 ? kQoS1 : kQoS2, {.packet_id = id});
      });
      broker.advance(1s);
      for (const PacketIdentifier id : kIds) {
        const Packet ack = a.expect(id % 2 == 0 ? PacketType::Puback : PacketType::Pubrec);
        CHECK(ack.packet_id == id);
      }
      constexpr PacketIdentifier kReleased[] = {1, 7, 9};
      // PUBRELs in the order of the PUBRECs, PUBCOMPs in the order of the PUBRELs.
      std::vector<PacketIdentifier> ids;
      for (const Packet& p : watcher.all()) {
        if (p.qos == kQoS2) ids.insert(ids.begin(), p.packet_id);
      }
      REQUIRE(ids.size() == 3);
      watcher.together([&] {
        for (const PacketIdentifier id : ids) watcher.pubrec(id);
      });
      broker.advance(1s);
      for (const PacketIdentifier id : ids) {
        CHECK(watcher.expect(PacketType::Pubrel).packet_id == id);
      }
      a.together([&] {
        for (const PacketIdentifier id : kReleased) a.pubrel(id);
      });
      broker.advance(1s);
      for (const PacketIdentifier id : kReleased) {
        CHECK(a.expect(PacketType::Pubcomp).packet_id == id);
      }
    }
  }
}

TEST_CASE("the order of two publishers is the order of arrival at the broker") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client a(broker, version, "a");
    Client b(broker, version, "b");
    Client c(broker, version, "c");
    a.must_subscribe("t", kQoS1);
    b.must_subscribe("t", kQoS1);
    for (int i = 0; i < 10; ++i) {
      (i % 3 == 0 ? b : c).publish("t", std::to_string(i), kQoS1);
    }
    for (int i = 0; i < 10; ++i) {
      a.expect_publish("t", std::to_string(i));
    }
    std::vector<std::string> got;
    for (const Packet& p : b.all()) {
      if (p.type == PacketType::Publish) got.push_back(p.payload);
    }
    REQUIRE(got.size() == 10);
    for (std::size_t i = 0; i < got.size(); ++i) CHECK(got[i] == std::to_string(i));
  }
}

}  // namespace
}  // namespace midge::test
