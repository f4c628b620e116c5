// Deliveries that wait until they are durable: those of an inbound QoS 2 message, and the first
// PUBLISH under an outgoing QoS 2 identifier. Nothing else does.
#include <memory>

#include "tests/conformance/durable.hpp"

namespace midge::test {
namespace {

TEST_CASE("the deliveries of an inbound QoS 2 message wait until it is durable, at every QoS") {
  for (const Version version : kBothVersions) {
    for (const QoS granted : kEveryQoS) {
      CAPTURE(version);
      CAPTURE(granted);
      DurableBroker broker;
      Client publisher(broker, version, "publisher");
      Client a(broker, version, "a", kLasting);
      a.must_subscribe("t", granted);
      broker.hold();
      publisher.publish("t", "x", kQoS2);
      publisher.expect_nothing();
      a.expect_nothing();
      broker.advance(10s);
      a.expect_nothing();
      broker.release();
      publisher.expect(PacketType::Pubrec);
      if (granted == kQoS2) {
        // Its identifier now, which is not durable before the next commit.
        a.expect_nothing();
        broker.release();
      }
      CHECK(a.expect_publish("t", "x").qos == granted);
      a.expect_nothing();
    }
  }
}

TEST_CASE("the deliveries of an inbound QoS 1 or QoS 0 message don't wait") {
  for (const Version version : kBothVersions) {
    for (const QoS qos : {kQoS0, kQoS1}) {
      CAPTURE(version);
      CAPTURE(qos);
      DurableBroker broker;
      Client publisher(broker, version, "publisher");
      Client a(broker, version, "a", kLasting);
      a.must_subscribe("t", kQoS2);
      broker.hold();
      publisher.publish("t", "x", qos);
      CHECK(a.expect_publish("t", "x").qos == qos);
      publisher.expect_nothing();
    }
  }
}

TEST_CASE("a first PUBLISH at QoS 2 waits until its identifier is durable, a resend does not") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    DurableBroker broker;
    Client publisher(broker, version, "publisher");
    Client a(broker, version, "a", kLasting);
    a.must_subscribe("t", kQoS2);
    a.drop();
    publisher.must_publish("t", "1", kQoS2);
    publisher.must_publish("t", "2", kQoS2);
    publisher.must_publish("t", "3", kQoS1);

    broker.hold();
    Client again(broker, version);
    again.connect("a", kLasting);
    broker.release();
    again.expect_connack();
    again.expect_nothing();
    CHECK(broker.journal.open_commits() == 1);
    broker.release();
    // All identifiers of a row share a commit.
    CHECK(again.expect_publish("t", "1").packet_id == 1);
    CHECK(again.expect_publish("t", "2").packet_id == 2);
    CHECK(again.expect_publish("t", "3").packet_id == 3);
    broker.release_all();
    again.drop();

    broker.hold();
    Client third(broker, version);
    third.connect("a", kLasting);
    broker.release();
    third.expect_connack();
    CHECK(third.expect_publish("t", "1").dup);
    CHECK(third.expect_publish("t", "2").dup);
    CHECK(third.expect_publish("t", "3").dup);
    third.expect_nothing();
  }
}

TEST_CASE("a client that goes before its PUBLISH went out gets it with DUP 0 and its identifier") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    DurableBroker broker;
    Client publisher(broker, version, "publisher");
    Client a(broker, version, "a", kLasting);
    a.must_subscribe("t", kQoS2);
    broker.hold();
    publisher.publish("t", "x", kQoS2);
    broker.release();  // the message; its identifier waits
    a.expect_nothing();
    a.drop();
    broker.release_all();
    a.reconnect(kLasting);
    const Packet p = a.expect_publish("t", "x");
    CHECK(p.packet_id == 1);
    CHECK_FALSE(p.dup);
    a.answer(p);
    a.expect_nothing();
  }
}

TEST_CASE("a delivery that waits holds up what follows it at its QoS, so that order is kept") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    DurableBroker broker;
    Client publisher(broker, version, "publisher");
    Client a(broker, version, "a", kLasting);
    a.must_subscribe("t", kQoS2);
    broker.journal.inside_percent = 0;
    broker.journal.delay_ms = {0, 200};
    for (int i = 0; i < 50; ++i) {
      publisher.publish("t", std::to_string(i), kQoS2);
      broker.advance(Duration{broker.world.random().between(0, 60)});
      for (const Packet& p : publisher.all()) {
        if (p.type == PacketType::Pubrec) publisher.pubrel(p.packet_id);
      }
    }
    int next = 0;
    for (int round = 0; round < 200 && next < 50; ++round) {
      broker.advance(100ms);
      for (const Packet& p : a.all()) {
        if (p.type == PacketType::Pubrel) a.pubcomp(p.packet_id);
        if (p.type != PacketType::Publish) continue;
        CHECK(p.payload == std::to_string(next));
        ++next;
        a.pubrec(p.packet_id);
      }
      for (const Packet& p : publisher.all()) {
        if (p.type == PacketType::Pubrec) publisher.pubrel(p.packet_id);
      }
    }
    CHECK(next == 50);
  }
}

TEST_CASE("a QoS 0 message does not wait for the disk behind a QoS 2 delivery that does") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    DurableBroker broker;
    Client publisher(broker, version, "publisher");
    Client other(broker, version, "other");
    Client a(broker, version, "a", kLasting);
    a.must_subscribe("t/#", kQoS2);
    broker.hold();
    publisher.publish("t/2", "slow", kQoS2);
    a.expect_nothing();
    other.publish("t/0", "fast");
    a.expect_publish("t/0", "fast");
    broker.release();
    a.expect_nothing();
    other.publish("t/0", "fast again");  // behind one that waits for its identifier
    a.expect_publish("t/0", "fast again");
    broker.release();
    a.expect_publish("t/2", "slow");
    a.expect_nothing();
  }
}

TEST_CASE("a session that is not durable gets its QoS 2 message without an identifier on disk") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    DurableBroker broker;
    Client publisher(broker, version, "publisher");
    Client a(broker, version, "a");
    a.must_subscribe("t", kQoS2);
    // Only what the publisher's session needs is stored.
    broker.journal.is_durable = [](const session::Record& record) {
      return record.kind == session::RecordKind::InboundOpened;
    };
    broker.hold();
    publisher.publish("t", "x", kQoS2);
    a.expect_nothing();
    broker.release();
    a.expect_publish("t", "x");
  }
}

TEST_CASE("a message at QoS 2 for many sessions waits once, not one after the other") {
  DurableBroker broker;
  Client publisher(broker, Version::V5, "publisher");
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 20; ++i) {
    clients.push_back(std::make_unique<Client>(broker, i % 2 == 0 ? Version::V5 : Version::V311,
                                               "c" + std::to_string(i), kLasting));
    clients.back()->must_subscribe("t", kQoS2);
  }
  broker.hold();
  publisher.publish("t", "x", kQoS2);
  CHECK(broker.journal.open_commits() == 1);
  broker.release();
  CHECK(broker.journal.open_commits() == 1);  // of all identifiers
  broker.release();
  broker.release_all();
  for (const auto& client : clients) client->answer(client->expect_publish("t", "x"));
}

}  // namespace
}  // namespace midge::test
