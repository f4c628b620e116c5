// What happens to a replay of retained messages while it is under way: newer values, expiry, the
// end of the subscription, of the connection and of the session.
#include <algorithm>
#include <map>
#include <set>

#include "tests/support/client.hpp"

namespace midge::test {
namespace {

// Retained messages t/0, t/1, ..., QoS 1, payload "0".
void publish_many(Client& publisher, int count, const Properties& props = {}) {
  for (int i = 0; i < count; ++i) {
    publisher.must_publish("t/" + std::to_string(i), "0", kQoS1, {.retain = true, .props = props});
  }
}

// Answers everything until nothing more comes; calls visit(packet) for each PUBLISH.
template <class Visit>
void drain(Client& a, Visit visit) {
  for (bool more = true; more;) {
    more = false;
    for (const Packet& p : a.all()) {
      if (p.type != PacketType::Publish) continue;
      more = true;
      visit(p);
      a.answer(p);
    }
  }
}

TEST_CASE("an older value never follows a newer one, whatever is published during the replay") {
  constexpr int kTopics = 150;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    CAPTURE(seed);
    Broker broker(seed);
    sim::Random random(seed);
    const QoS qos = random.chance(70) ? kQoS1 : kQoS2;
    broker.limits.inflight_messages = static_cast<std::uint16_t>(random.between(1, 20));
    // The replay of one of them may start anew; a value that was not kept is then no longer the
    // newest, so that all are kept.
    const bool resubscribes = seed % 2 == 0;
    Client publisher(broker, Version::V5, "publisher");
    publish_many(publisher, kTopics);

    // Two subscribers, whose replays run at their own pace.
    Client first(broker, Version::V5, "first");
    Client second(broker, Version::V311, "second");
    std::map<std::string, int> newest;  // by topic
    std::map<std::string, int> seen[2];
    Client* const clients[] = {&first, &second};
    const auto take = [&](int which, const Packet& p) {
      if (p.payload.empty()) return;
      const int value = std::stoi(p.payload);
      const auto [at, is_first] = seen[which].try_emplace(p.topic, value);
      CAPTURE(which);
      CAPTURE(p.topic);
      CHECK(value >= at->second);
      at->second = value;
    };
    first.must_subscribe("#", qos);
    second.must_subscribe("t/+", qos);
    std::set<std::string> deleted;
    for (int value = 1; value <= 400; ++value) {
      const std::string topic = "t/" + std::to_string(random.between(0, kTopics - 1));
      const bool retain = resubscribes || random.chance(60);
      const bool empty = retain && random.chance(20);
      publisher.must_publish(topic, empty ? "" : std::to_string(value), kQoS1, {.retain = retain});
      if (!empty) newest[topic] = value;
      if (empty) deleted.insert(topic);
      for (int which = 0; which < 2; ++which) {
        if (!random.chance(40)) continue;
        const auto p = clients[which]->next();
        if (!p) continue;
        take(which, *p);
        clients[which]->answer(*p);
      }
      if (resubscribes && random.chance(3)) first.subscribe("#", qos);
      if (const auto p = first.next(); p && p->type == PacketType::Publish) {
        take(0, *p);
        first.answer(*p);
      }
    }
    for (int which = 0; which < 2; ++which) {
      drain(*clients[which], [&](const Packet& p) { take(which, p); });
      for (int i = 0; i < kTopics; ++i) {
        const std::string topic = "t/" + std::to_string(i);
        CAPTURE(which);
        CAPTURE(topic);
        // All have come, and the last one was the newest.
        const auto at = seen[which].find(topic);
        if (at == seen[which].end()) {
          CHECK(deleted.count(topic) == 1);  // gone before its turn
        } else {
          CHECK(at->second == newest[topic]);
        }
      }
    }
    CHECK(broker.metrics.publish_dropped == 0);
  }
}

TEST_CASE("a message that is not retained overtakes the retained one of its topic too") {
  Broker broker;
  broker.limits.inflight_messages = 1;
  Client publisher(broker, Version::V5, "publisher");
  publish_many(publisher, 200);
  Client a(broker, Version::V5, "a");
  a.must_subscribe("#", kQoS1);
  for (int i = 0; i < 200; ++i) {
    publisher.must_publish("t/" + std::to_string(i), "1", kQoS1);
  }
  std::map<std::string, std::vector<std::string>> values;
  drain(a, [&](const Packet& p) { values[p.topic].push_back(p.payload); });
  CHECK(values.size() == 200);
  for (const auto& [topic, payloads] : values) {
    const std::string& name = topic;  // clang 14 can't capture a binding
    CAPTURE(name);
    CHECK(payloads.back() == "1");
    CHECK(std::is_sorted(payloads.begin(), payloads.end()));
  }
  // Later subscribers get what is kept.
  Client b(broker, Version::V5, "b");
  b.must_subscribe("t/7");
  b.expect_publish("t/7", "0");
}

TEST_CASE("what one client's replay has overtaken still comes in another one's") {
  Broker broker;
  broker.limits.inflight_messages = 1;
  Client publisher(broker, Version::V5, "publisher");
  publish_many(publisher, 200);
  Client a(broker, Version::V5, "a");
  a.must_subscribe("t/+", kQoS1);
  Client b(broker, Version::V5, "b");
  b.must_subscribe("t/+", kQoS1);
  for (int i = 0; i < 200; ++i) {
    publisher.must_publish("t/" + std::to_string(i), "1", kQoS1, {.retain = true});
  }
  for (Client* client : {&a, &b}) {
    CAPTURE(client->client_id());
    std::map<std::string, std::string> last;
    drain(*client, [&](const Packet& p) { last[p.topic] = p.payload; });
    CHECK(last.size() == 200);
    for (const auto& [topic, payload] : last) CHECK(payload == "1");
  }
}

TEST_CASE("what expires or is deleted before its turn in a replay is passed by [MQTT-3.3.2-5]") {
  Broker broker;
  broker.limits.inflight_messages = 1;
  Client publisher(broker, Version::V5, "publisher");
  publish_many(publisher, 100);
  publisher.must_publish("stays", "0", kQoS1,
                         {.retain = true, .props = {.message_expiry_interval = 100}});
  for (int i = 0; i < 100; ++i) {
    publisher.must_publish("expires/" + std::to_string(i), "0", kQoS1,
                           {.retain = true, .props = {.message_expiry_interval = 10}});
  }
  Client a(broker, Version::V5, "a");
  a.must_subscribe("#", kQoS1);
  broker.advance(20s);
  for (int i = 50; i < 100; ++i) {
    publisher.must_publish("t/" + std::to_string(i), "", kQoS1, {.retain = true});
  }
  std::set<std::string> topics;
  std::size_t expired = 0;
  drain(a, [&](const Packet& p) {
    if (p.payload.empty()) return;
    topics.insert(p.topic);
    if (p.topic.starts_with("expires")) ++expired;
    if (p.topic == "stays") CHECK(p.props.message_expiry_interval == 80);
  });
  CHECK(expired <= 1);  // the one whose delivery had begun
  CHECK(topics.count("stays") == 1);
  for (int i = 0; i < 50; ++i) CHECK(topics.count("t/" + std::to_string(i)) == 1);
  CHECK(broker.metrics.retained_messages == 51);
  CHECK(broker.metrics.queued_messages == 0);
  CHECK(broker.metrics.stored_messages == 51);
}

TEST_CASE("UNSUBSCRIBE ends the replay") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    broker.limits.inflight_messages = 2;
    Client publisher(broker, version, "publisher");
    publish_many(publisher, 1'000);
    Client a(broker, version, "a");
    a.must_subscribe("#", kQoS1);
    a.must_unsubscribe("#");
    // What was queued already may still come.
    std::size_t count = 0;
    drain(a, [&](const Packet&) { ++count; });
    CHECK(count < 100);
    CHECK(broker.metrics.queued_messages == 0);
  }
}

TEST_CASE("a replay goes on when the session's client comes back") {
  for (const Version version : kBothVersions) {
    for (const QoS qos : {kQoS1, kQoS2}) {
      CAPTURE(version);
      CAPTURE(qos);
      ConnectOptions lasting{.clean_start = false};
      if (version == Version::V5) lasting.props.session_expiry_interval = 100;
      Broker broker;
      broker.limits.inflight_messages = 5;
      Client publisher(broker, version, "publisher");
      for (int i = 0; i < 300; ++i) {
        publisher.must_publish("t/" + std::to_string(i), "0", kQoS2, {.retain = true});
      }
      Client a(broker, version, "a", lasting);
      a.must_subscribe("#", qos);
      std::set<std::string> topics;
      for (int round = 0; round < 5; ++round) {
        for (int i = 0; i < 20; ++i) {
          const Packet p = a.expect_publish();
          topics.insert(p.topic);
          a.answer(p);
        }
        a.drop();
        broker.advance(1s);
        a.reconnect(lasting);
      }
      drain(a, [&](const Packet& p) {
        CHECK(p.retain);
        topics.insert(p.topic);
      });
      CHECK(topics.size() == 300);
    }
  }
}

TEST_CASE("a connection that ends in the middle of a replay leaves nothing behind") {
  for (const Version version : kBothVersions) {
    for (const QoS qos : kEveryQoS) {
      CAPTURE(version);
      CAPTURE(qos);
      Broker broker;
      Client publisher(broker, version, "publisher");
      publish_many(publisher, 300);
      broker.link.client_window = 100;
      broker.link.send_buffer = 100;
      const auto begin_and_drop = [&] {
        Client a(broker, version, "a");
        a.link().stop_reading();
        a.subscribe("#", qos);
        broker.advance(1s);
        CHECK(broker.metrics.queued_messages > 0);
        a.drop();
        broker.advance(1s);
      };
      begin_and_drop();
      const std::size_t pages = broker.sim.arena().used_pages();
      for (int i = 0; i < 20; ++i) begin_and_drop();
      CHECK(broker.sim.arena().used_pages() == pages);
      CHECK(broker.metrics.queued_messages == 0);
      CHECK(broker.metrics.inflight_messages == 0);
      CHECK(broker.metrics.subscriptions == 0);
      CHECK(broker.metrics.stored_messages == 300);
      // All may be deleted, also the topic that the last replay stood at.
      for (int i = 0; i < 300; ++i) {
        publisher.must_publish("t/" + std::to_string(i), "", kQoS1, {.retain = true});
      }
      CHECK(broker.metrics.stored_messages == 0);
    }
  }
}

TEST_CASE("all retained messages are deleted under a replay, and set again") {
  Broker broker;
  broker.limits.inflight_messages = 1;
  Client publisher(broker, Version::V5, "publisher");
  publish_many(publisher, 200);
  Client a(broker, Version::V5, "a");
  a.must_subscribe("t/+", kQoS1);
  Client eraser(broker, Version::V5, "eraser");
  for (int i = 0; i < 200; ++i) {
    eraser.must_publish("t/" + std::to_string(i), "", kQoS1, {.retain = true});
  }
  for (int i = 0; i < 200; ++i) {
    eraser.must_publish("t/" + std::to_string(i), "1", kQoS1, {.retain = true});
  }
  std::map<std::string, std::vector<std::string>> values;
  drain(a, [&](const Packet& p) { values[p.topic].push_back(p.payload); });
  CHECK(values.size() == 200);
  for (const auto& [topic, payloads] : values) {
    const std::string& name = topic;  // clang 14 can't capture a binding
    CAPTURE(name);
    // The old one came, if at all, before its deletion.
    const std::vector<std::string> all{"0", "", "1"};
    CHECK((payloads == all || payloads == std::vector<std::string>{"", "1"}));
  }
}

}  // namespace
}  // namespace midge::test
