// Acknowledgements wait until what they promise is durable, and nothing else does (DESIGN.md,
// "Handlers queue, the turn sends, a commit releases").
#include "tests/conformance/durable.hpp"

namespace midge::test {
namespace {

// `act` makes the broker owe a packet of `type`, which must be held; `client` gets it.
template <class Act>
void check_held(DurableBroker& broker, Client& client, PacketType type, Act act) {
  broker.hold();
  act();
  client.expect_nothing();
  broker.advance(30s);
  client.expect_nothing();
  CHECK(broker.journal.open_commits() == 1);
  broker.release();
  client.expect(type);
  client.expect_nothing();
  broker.release_all();
}

TEST_CASE("CONNACK waits for its session") {
  for (const Version version : kAllVersions) {
    for (const bool clean : {false, true}) {
      CAPTURE(version);
      CAPTURE(clean);
      DurableBroker broker;
      Client a(broker, version);
      ConnectOptions options = kLasting;
      options.clean_start = clean;
      check_held(broker, a, PacketType::Connack, [&] { a.connect("a", options); });
      a.ping();
      a.expect(PacketType::Pingresp);
    }
  }
}

TEST_CASE("nothing goes out before a CONNACK that waits [MQTT-3.2.0-1] [MQTT-3.2.0-1@3.1.1]") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    DurableBroker broker;
    Client publisher(broker, version, "publisher");
    Client a(broker, version, "a", kLasting);
    a.must_subscribe("t", kQoS2);
    publisher.must_publish("t", "in flight", kQoS1);
    publisher.must_publish("t", "released", kQoS2);
    a.expect_publish("t", "in flight");
    a.pubrec(a.expect_publish("t", "released").packet_id);
    a.expect(PacketType::Pubrel);
    a.drop();
    publisher.must_publish("t", "queued", kQoS1);
    broker.hold();
    Client again(broker, version);
    again.together([&] {
      again.connect("a", kLasting);
      again.ping();
      again.pubrel(77);
    });
    again.expect_nothing();
    broker.advance(10s);
    again.expect_nothing();
    broker.release();
    CHECK(again.expect_connack().session_present);
    std::vector<PacketType> types;
    for (const Packet& p : again.all()) types.push_back(p.type);
    CHECK(types == std::vector{PacketType::Pubcomp, PacketType::Pingresp, PacketType::Publish,
                               PacketType::Pubrel, PacketType::Publish});
  }
}

TEST_CASE("SUBACK and UNSUBACK wait") {
  for (const Version version : kAllVersions) {
    CAPTURE(version);
    DurableBroker broker;
    Client a(broker, version, "a", kLasting);
    check_held(broker, a, PacketType::Suback, [&] { a.subscribe("t", kQoS1); });
    check_held(broker, a, PacketType::Unsuback, [&] { a.unsubscribe("t"); });
    // Nothing to take away, nothing to wait for.
    broker.hold();
    a.unsubscribe("t");
    a.expect(PacketType::Unsuback);
  }
}

TEST_CASE("PUBACK, PUBREC and PUBCOMP wait") {
  for (const Version version : kAllVersions) {
    CAPTURE(version);
    DurableBroker broker;
    Client away(broker, version, "away", kLasting);
    away.must_subscribe("t", kQoS2);
    away.drop();
    Client a(broker, version, "a", kLasting);
    check_held(broker, a, PacketType::Puback, [&] { a.publish("t", "1", kQoS1); });
    check_held(broker, a, PacketType::Pubrec,
               [&] { a.publish("t", "2", kQoS2, {.packet_id = PacketIdentifier{9}}); });
    check_held(broker, a, PacketType::Pubcomp, [&] { a.pubrel(9); });
    // A retained message is something to keep too, without any subscription.
    check_held(broker, a, PacketType::Puback,
               [&] { a.publish("nobody", "x", kQoS1, {.retain = true}); });
    check_held(broker, a, PacketType::Puback,
               [&] { a.publish("nobody", "", kQoS1, {.retain = true}); });
  }
}

TEST_CASE("a PUBACK for a message that nobody gets waits for nothing") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    DurableBroker broker;
    Client a(broker, version, "a", kLasting);
    broker.hold();
    a.publish("nobody", "x", kQoS1);
    a.expect(PacketType::Puback);
    CHECK(broker.journal.open_commits() == 0);
  }
}

TEST_CASE("the PUBREC of a duplicate waits no less than the first one") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    DurableBroker broker;
    Client a(broker, version, "a", kLasting);
    broker.hold();
    a.publish("t", "x", kQoS2, {.packet_id = PacketIdentifier{9}});
    a.publish("t", "x", kQoS2, {.dup = true, .packet_id = PacketIdentifier{9}});
    a.expect_nothing();
    broker.release();
    CHECK(a.expect(PacketType::Pubrec).packet_id == 9);
    CHECK(a.expect(PacketType::Pubrec).packet_id == 9);
    a.expect_nothing();
  }
}

TEST_CASE("a PUBREL to a client waits until its PUBREC is durable") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    DurableBroker broker;
    Client publisher(broker, version, "publisher");
    Client a(broker, version, "a", kLasting);
    a.must_subscribe("t", kQoS2);
    publisher.must_publish("t", "x", kQoS2);
    const PacketIdentifier id = a.expect_publish("t", "x").packet_id;
    check_held(broker, a, PacketType::Pubrel, [&] { a.pubrec(id); });
    broker.hold();
    a.pubrec(id);  // once more: it is durable already
    CHECK(a.expect(PacketType::Pubrel).packet_id == id);
    a.pubcomp(id);
    a.expect_nothing();
  }
}

TEST_CASE("acknowledgements keep their order while they wait") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    DurableBroker broker;
    Client away(broker, version, "away", kLasting);
    away.must_subscribe("t", kQoS1);
    away.drop();
    Client a(broker, version, "a", kLasting);
    broker.hold();
    a.publish("t", "1", kQoS1, {.packet_id = PacketIdentifier{1}});
    a.subscribe("other", kQoS0, {.packet_id = PacketIdentifier{2}});
    a.publish("nobody", "x", kQoS1, {.packet_id = PacketIdentifier{3}});  // needs no disk itself
    a.publish("t", "2", kQoS1, {.packet_id = PacketIdentifier{4}});
    a.expect_nothing();
    CHECK(broker.journal.open_commits() == 3);
    broker.release();
    CHECK(a.expect(PacketType::Puback).packet_id == 1);
    CHECK(a.expect(PacketType::Suback).packet_id == 2);
    CHECK(a.expect(PacketType::Puback).packet_id == 3);
    CHECK(a.expect(PacketType::Puback).packet_id == 4);
    a.expect_nothing();
  }
}

TEST_CASE("each goes out with its own commit, not with the last") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    DurableBroker broker;
    Client away(broker, version, "away", kLasting);
    away.must_subscribe("t", kQoS1);
    away.drop();
    Client a(broker, version, "a", kLasting);
    broker.journal.inside_percent = 0;
    broker.journal.delay_ms = {100, 100};
    for (PacketIdentifier id = 1; id <= 5; ++id) {
      a.publish("t", "x", kQoS1, {.packet_id = PacketIdentifier{id}});
      broker.advance(10ms);
    }
    broker.advance(45ms);  // 95 ms after the first
    a.expect_nothing();
    for (PacketIdentifier id = 1; id <= 5; ++id) {
      broker.advance(id == 1 ? 5ms : 10ms);
      CHECK(a.expect(PacketType::Puback).packet_id == id);
      a.expect_nothing();
    }
  }
}

TEST_CASE("PINGRESP, QoS 0 and refusals don't wait behind what does") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    DurableBroker broker;
    broker.authorizer.deny_publish("secret");
    Client away(broker, version, "away", kLasting);
    away.must_subscribe("t", kQoS1);
    away.drop();
    Client watcher(broker, version, "watcher");
    watcher.must_subscribe("q0");
    Client a(broker, version, "a", kLasting);
    a.must_subscribe("mine");
    broker.hold();
    a.publish("t", "1", kQoS1, {.packet_id = PacketIdentifier{1}});
    a.ping();
    a.expect(PacketType::Pingresp);
    a.publish("q0", "from a");
    watcher.expect_publish("q0", "from a");
    watcher.publish("mine", "to a");
    a.expect_publish("mine", "to a");
    a.expect_nothing();
    broker.release();
    CHECK(a.expect(PacketType::Puback).packet_id == 1);
  }
}

TEST_CASE("a connection that has nothing to wait for goes on beside one that has") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    DurableBroker broker;
    Client away(broker, version, "away", kLasting);
    away.must_subscribe("t", kQoS1);
    away.drop();
    Client b(broker, version, "b");
    Client c(broker, version, "c");
    c.must_subscribe("c", kQoS1);
    Client a(broker, version, "a", kLasting);
    broker.hold();
    a.publish("t", "1", kQoS1);
    a.expect_nothing();
    // Sessions that live no longer than their connection are not stored.
    broker.journal.is_durable = [](const session::Record&) { return false; };
    b.must_publish("c", "x", kQoS1);
    b.must_publish("c", "y", kQoS2);
    c.answer(c.expect_publish("c", "x"));
    b.must_subscribe("more", kQoS2);
    b.must_unsubscribe("more");
    Client late(broker, version, "late");
    late.ping();
    late.expect(PacketType::Pingresp);
    a.expect_nothing();
    CHECK(broker.journal.open_commits() == 1);
    broker.release();
    a.expect(PacketType::Puback);
  }
}

TEST_CASE("keep alive, shutdown and DISCONNECT don't wait") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    DurableBroker broker;
    Client away(broker, version, "away", kLasting);
    away.must_subscribe("t", kQoS1);
    away.drop();
    const auto with_open_commit = [&](Client& client) {
      broker.hold();
      client.publish("t", "x", kQoS1);
      client.expect_nothing();
    };
    {
      Client a(broker, version, "a", {.keep_alive = 10});
      with_open_commit(a);
      broker.advance(16s);
      a.expect_disconnect(ReasonCode::KeepAliveTimeout);  // and no PUBACK before it
      broker.release_all();
    }
    {
      Client a(broker, version, "b");
      with_open_commit(a);
      a.send_hex("00 00");
      a.expect_disconnect(ReasonCode::MalformedPacket);
      broker.release_all();
    }
    {
      Client a(broker, version, "c");
      with_open_commit(a);
      a.disconnect();
      a.expect_closed();
      broker.release_all();
    }
    {
      Client a(broker, version, "d");
      with_open_commit(a);
      broker.shut_down();
      a.expect_disconnect(ReasonCode::ServerShuttingDown);
    }
  }
}

TEST_CASE(
    "a connection that ends before its CONNACK could go out gets no DISCONNECT "
    "[MQTT-3.14.0-1]") {
  DurableBroker broker;
  broker.hold();
  Client broken(broker, Version::V5);
  broken.connect("broken");
  broken.send_hex("00 00");
  broken.expect_closed();
  Client silent(broker, Version::V5);
  silent.connect("silent", {.keep_alive = 2});
  broker.advance(4s);
  silent.expect_closed();
  Client first(broker, Version::V5);
  first.connect("same", kLasting);
  Client second(broker, Version::V5);
  second.connect("same", kLasting);
  first.expect_closed();
  second.expect_nothing();
  broker.release();
  second.expect_connack();
}

// ---- the same conversation whenever commits end

std::vector<std::string> conversation(Version version, std::uint32_t inside_percent,
                                      sim::Range delay_ms) {
  DurableBroker broker;
  broker.journal.inside_percent = inside_percent;
  broker.journal.delay_ms = delay_ms;
  Client publisher(broker, version);
  Client a(broker, version);
  std::vector<std::string> heard;
  const auto go_on = [&] {
    broker.advance(5s);
    for (Client* client : {&publisher, &a}) {
      for (const Packet& p : client->all()) {
        if (p.type != PacketType::Connack) heard.push_back(describe(p));
      }
    }
  };
  publisher.connect("publisher", kLasting);
  a.connect("a", kLasting);
  go_on();
  a.subscribe("t", kQoS2);
  go_on();
  for (const QoS qos : kEveryQoS) {
    publisher.publish("t", "x", qos);
    go_on();
  }
  publisher.pubrel(2);
  a.puback(1);
  a.pubrec(2);
  go_on();
  a.pubcomp(2);
  a.unsubscribe("t");
  go_on();
  CHECK(broker.journal.open_commits() == 0);
  return heard;
}

TEST_CASE("commits after no turn, one turn or many make the same conversation") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    const std::vector<std::string> at_once = conversation(version, 100, {});
    CHECK(at_once.size() == 9);
    CHECK(conversation(version, 0, {0, 0}) == at_once);
    CHECK(conversation(version, 0, {1'000, 1'000}) == at_once);
    CHECK(conversation(version, 30, {0, 300}) == at_once);
  }
}

}  // namespace
}  // namespace midge::test
