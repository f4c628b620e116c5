// What is there after a restart: sessions, subscriptions, queues, handshakes, retained messages,
// wills and shared groups (MQTT 5.0 section 4.1).
#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "tests/persistence/kept.hpp"

namespace midge::test {
namespace {

TEST_CASE("a queue is there after a restart, in order, with what belongs to each message") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    KeptBroker broker;
    Client publisher(broker, version, "publisher");
    Client a(broker, version, "a", kLasting);
    a.must_subscribe("t/#", kQoS1);
    a.drop();
    for (int i = 0; i < 50; ++i) publisher.must_publish("t/x", std::to_string(i), kQoS1);
    broker.restart();
    CHECK(broker.sim.restored().sessions == 1);
    CHECK(broker.sim.restored().subscriptions == 1);
    CHECK(broker.sim.restored().queued == 50);
    CHECK(a.reconnect(kLasting).session_present);
    for (int i = 0; i < 50; ++i) {
      const Packet p = a.expect_publish("t/x", std::to_string(i));
      CHECK(p.qos == kQoS1);
      CHECK(!p.dup);
      a.answer(p);
    }
    a.expect_nothing();
  }
}

TEST_CASE("a subscription is there after a restart with its options and its identifier") {
  KeptBroker broker;
  Client a(broker, Version::V5, "a", kLasting);
  a.subscribe(std::vector{Filter{"t", kQoS1, true, true}}, {.subscription_identifier = 77});
  a.expect(PacketType::Suback);
  a.must_subscribe("gone", kQoS1);
  a.must_unsubscribe("gone");
  broker.restart();
  CHECK(a.reconnect(kLasting).session_present);
  Client publisher(broker, Version::V5, "publisher");
  publisher.must_publish("t", "x", kQoS2, {.retain = true});
  publisher.must_publish("gone", "y", kQoS1);
  const Packet p = a.expect_publish("t", "x");
  CHECK(p.qos == kQoS1);
  CHECK(p.retain);
  CHECK(p.props.subscription_ids == std::vector<std::uint32_t>{77});
  a.answer(p);
  a.publish("t", "own", kQoS0);
  a.expect_nothing();
}

TEST_CASE("a message is sent again after a restart under its identifier [MQTT-4.4.0-1]") {
  for (const Version version : kBothVersions) {
    for (const QoS qos : {kQoS1, kQoS2}) {
      CAPTURE(version);
      CAPTURE(qos);
      KeptBroker broker;
      Client a(broker, version, "a", kLasting);
      a.must_subscribe("t", qos);
      Client publisher(broker, version, "publisher");
      publisher.must_publish("t", "1", qos);
      publisher.must_publish("t", "2", qos);
      const Packet first = a.expect_publish("t", "1");
      const Packet second = a.expect_publish("t", "2");
      a.answer(first);
      broker.advance(10s);  // an acknowledgement is recorded, but not at once
      broker.restart();
      a.reconnect(kLasting);
      const Packet again = a.expect_publish("t", "2");
      CHECK(again.packet_id == second.packet_id);
      CHECK(again.dup);
      a.answer(again);
      a.expect_nothing();
    }
  }
}

TEST_CASE("a PUBREL is sent again after a restart, and the PUBLISH is not [MQTT-4.3.3-8]") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    KeptBroker broker;
    Client a(broker, version, "a", kLasting);
    a.must_subscribe("t", kQoS2);
    Client publisher(broker, version, "publisher");
    publisher.must_publish("t", "1", kQoS2);
    const Packet p = a.expect_publish("t", "1");
    a.pubrec(p.packet_id);
    CHECK(a.expect(PacketType::Pubrel).packet_id == p.packet_id);
    broker.restart();
    a.reconnect(kLasting);
    CHECK(a.expect(PacketType::Pubrel).packet_id == p.packet_id);
    a.pubcomp(p.packet_id);
    a.expect_nothing();
    broker.advance(10s);
    broker.restart();
    a.reconnect(kLasting);
    a.expect_nothing();
  }
}

TEST_CASE("a QoS 2 message that was owned before a restart is not routed again [MQTT-4.3.3-10]") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    KeptBroker broker;
    Client a(broker, version, "a", kLasting);
    a.must_subscribe("t", kQoS1);
    a.drop();
    Client publisher(broker, version, "publisher", kLasting);
    publisher.publish("t", "x", kQoS2, {.packet_id = PacketIdentifier{7}});
    publisher.expect(PacketType::Pubrec);
    broker.restart();
    CHECK(publisher.reconnect(kLasting).session_present);
    publisher.publish("t", "x", kQoS2, {.dup = true, .packet_id = PacketIdentifier{7}});
    publisher.expect(PacketType::Pubrec);
    publisher.pubrel(7);
    publisher.expect(PacketType::Pubcomp);
    a.reconnect(kLasting);
    a.answer(a.expect_publish("t", "x"));
    a.expect_nothing();
    broker.restart();
    publisher.reconnect(kLasting);
    publisher.pubrel(7);
    const Packet answer = publisher.expect(PacketType::Pubcomp);
    if (version == Version::V5) CHECK(answer.reason == ReasonCode::PacketIdentifierNotFound);
  }
}

TEST_CASE("retained messages are there after a restart: the last of each topic, or none") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    KeptBroker broker;
    Client publisher(broker, version, "publisher");
    publisher.must_publish("a", "old", kQoS1, {.retain = true});
    publisher.must_publish("a", "new", kQoS1, {.retain = true});
    publisher.must_publish("b", "x", kQoS1, {.retain = true});
    publisher.must_publish("b", "", kQoS1, {.retain = true});
    publisher.must_publish("c/d", "y", kQoS0, {.retain = true});
    broker.advance(10s);
    broker.restart();
    CHECK(broker.metrics.retained_messages == 2);
    Client a(broker, version, "a");
    a.must_subscribe("#", kQoS1);
    std::vector<std::string> all;
    while (const auto p = a.next()) {
      CHECK(p->retain);
      all.push_back(p->topic + "=" + p->payload);
      if (p->qos != kQoS0) a.answer(*p);
    }
    std::sort(all.begin(), all.end());
    CHECK(all == std::vector<std::string>{"a=new", "c/d=y"});
  }
}

TEST_CASE("a message waits live and for a new subscription, and after a restart still does") {
  KeptBroker broker;
  ConnectOptions narrow = kLasting;
  narrow.props.receive_maximum = 1;
  Client a(broker, Version::V5, "a", narrow);
  a.must_subscribe("t/#", kQoS1);
  Client publisher(broker, Version::V5, "publisher");
  publisher.must_publish("t/0", "first", kQoS1);
  const Packet first = a.expect_publish("t/0", "first");
  publisher.must_publish("t/1", "x", kQoS1, {.retain = true});
  publisher.must_publish("t/2", "y", kQoS1);
  a.must_subscribe("t/1", kQoS1);
  a.puback(first.packet_id);
  CHECK(!a.expect_publish("t/1", "x").retain);
  broker.advance(10s);
  broker.restart();
  a.reconnect(kLasting);
  const Packet live = a.expect_publish("t/1", "x");
  CHECK(!live.retain);
  CHECK(live.dup);
  a.answer(live);
  a.answer(a.expect_publish("t/1", "x"));
  a.answer(a.expect_publish("t/2", "y"));
  a.expect_nothing();
}

TEST_CASE("what a new subscription has not got yet of retained messages comes after a restart") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    KeptBroker broker;
    broker.limits.queued_messages = 4;  // so that they come a few at a time
    broker.limits.inflight_messages = 2;
    Client publisher(broker, version, "publisher");
    for (int i = 0; i < 20; ++i) {
      publisher.must_publish("r/" + std::to_string(i), "x", kQoS1, {.retain = true});
    }
    Client a(broker, version, "a", kLasting);
    a.must_subscribe("r/+", kQoS1);
    broker.restart();
    a.reconnect(kLasting);
    std::set<std::string> topics;
    while (const auto p = a.next()) {
      topics.insert(p->topic);
      a.answer(*p);
    }
    CHECK(topics.size() == 20);
    // Once.
    broker.advance(10s);
    broker.restart();
    a.reconnect(kLasting);
    a.expect_nothing();
  }
}

TEST_CASE("a session that ended before a restart is not there, nor one that ends with it") {
  KeptBroker broker;
  Client a(broker, Version::V5, "a", kLasting);
  a.must_subscribe("t", kQoS1);
  a.disconnect(ReasonCode::NormalDisconnection, {.session_expiry_interval = 0});
  Client b(broker, Version::V5, "b");
  b.must_subscribe("t", kQoS1);
  Client c(broker, Version::V311, "c", kLasting);
  c.must_subscribe("t", kQoS1);
  c.disconnect();
  Client clean(broker, Version::V311);
  clean.must_connect("c", {.clean_start = true});
  broker.restart();
  CHECK(broker.metrics.clients_total == 0);
  CHECK(broker.metrics.subscriptions == 0);
}

TEST_CASE("the time that passes without power counts for a session and for a message") {
  KeptBroker broker;
  Client a(broker, Version::V5, "a", kLasting);
  a.must_subscribe("t", kQoS1);
  a.drop();
  Client publisher(broker, Version::V5, "publisher");
  publisher.must_publish("t", "short", kQoS1, {.props = {.message_expiry_interval = 100}});
  publisher.must_publish("t", "long", kQoS1, {.props = {.message_expiry_interval = 10'000}});
  broker.stop();
  broker.world.jump_wall(1'000s);
  broker.start();
  CHECK(a.reconnect(kLasting).session_present);
  const Packet p = a.expect_publish("t", "long");
  CHECK(p.props.message_expiry_interval == 9'000);
  a.answer(p);
  a.expect_nothing();
  a.drop();
  broker.stop();
  broker.world.jump_wall(3'601s);
  broker.start();
  CHECK(!a.reconnect(kLasting).session_present);
}

TEST_CASE("a client that does not come back after a restart has its will sent, one that does not") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    KeptBroker broker;
    Client watcher(broker, version, "watcher", kLasting);
    watcher.must_subscribe("will/#", kQoS1);
    ConnectOptions lost;
    lost.keep_alive = 20;
    lost.will = Will{.topic = "will/lost", .payload = "gone", .qos = kQoS1};
    Client a(broker, version, "a", lost);
    ConnectOptions back = kLasting;
    back.keep_alive = 20;
    back.will = Will{.topic = "will/back", .payload = "gone", .qos = kQoS1};
    Client b(broker, version, "b", back);
    ConnectOptions left = kLasting;
    left.will = Will{.topic = "will/left", .payload = "gone", .qos = kQoS1};
    Client c(broker, version, "c", left);
    c.disconnect();
    broker.restart();
    watcher.reconnect(kLasting);
    broker.advance(10s);
    b.reconnect(back);
    for (int i = 0; i < 4; ++i) {
      broker.advance(15s);
      b.ping();
    }
    watcher.answer(watcher.expect_publish("will/lost", "gone"));
    watcher.expect_nothing();
    // It was sent once.
    broker.advance(10s);
    b.ping();
    broker.restart();
    watcher.reconnect(kLasting);
    broker.advance(15s);
    watcher.expect_nothing();
  }
}

TEST_CASE("a shared group finds what nobody has acknowledged after a restart") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    KeptBroker broker;
    Client publisher(broker, version, "publisher");
    Client a(broker, version, "a", kLasting);
    Client b(broker, version, "b", kLasting);
    a.must_subscribe("$share/g/t/#", kQoS1);
    b.must_subscribe("$share/g/t/#", kQoS1);
    publisher.must_publish("t/1", "to a member", kQoS1);
    publisher.must_publish("t/2", "to another", kQoS1);
    publisher.must_publish("t/3", "acknowledged", kQoS1);
    // a and b have 1 and 2; whoever has 3 acknowledges it.
    for (Client* const client : {&a, &b}) {
      for (const Packet& p : client->all()) {
        if (p.topic == "t/3") client->puback(p.packet_id);
      }
    }
    a.drop();
    b.drop();
    publisher.must_publish("t/4", "to nobody", kQoS1);
    broker.advance(10s);
    broker.restart();
    CHECK(broker.sim.restored().queued == 3);
    b.reconnect(kLasting);
    b.answer(b.expect_publish("t/1", "to a member"));
    b.answer(b.expect_publish("t/2", "to another"));
    b.answer(b.expect_publish("t/4", "to nobody"));
    b.expect_nothing();
    broker.advance(10s);
    broker.restart();
    CHECK(broker.sim.restored().queued == 0);
  }
}

TEST_CASE("a client keeps its session over a restart without its power having gone") {
  KeptBroker broker;
  Client a(broker, Version::V5, "a", kLasting);
  a.must_subscribe("t", kQoS1);
  broker.shut_down();
  broker.advance(1s);
  a.expect_disconnect(ReasonCode::ServerShuttingDown);
  broker.restart();
  CHECK(a.reconnect(kLasting).session_present);
}

}  // namespace
}  // namespace midge::test
