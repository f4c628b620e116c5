// A decision about a CONNECT that is pending: until it is there the connection reads nothing.
#include "tests/conformance/durable.hpp"

namespace midge::test {
namespace {

TEST_CASE("what follows a CONNECT that is pending is read when the decision is there, in order") {
  for (const Version version : kAllVersions) {
    CAPTURE(version);
    Broker broker;
    Client watcher(broker, version, "watcher");
    watcher.must_subscribe("t");
    broker.authorizer.pending = true;
    Client a(broker, version);
    a.together([&] {
      a.connect("a");
      a.subscribe("t", kQoS1);
      a.publish("t", "x", kQoS1);
    });
    a.ping();
    broker.advance(5s);
    a.expect_nothing();
    watcher.expect_nothing();
    CHECK(broker.authorizer.waiting() == 1);
    broker.authorizer.decide();
    a.expect_connack();
    a.expect(PacketType::Suback);
    a.take(PacketType::Puback);
    a.take(PacketType::Pingresp);
    a.expect_publish("t", "x");
    watcher.expect_publish("t", "x");
  }
}

TEST_CASE("a CONNECT that comes byte by byte waits for its decision as well") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    broker.authorizer.pending = true;
    Client a(broker, version);
    for (const std::uint8_t byte : connect_bytes(version, "a")) a.send(Bytes(&byte, 1));
    a.expect_nothing();
    broker.authorizer.decide();
    a.expect_connack();
    a.expect_nothing();
  }
}

TEST_CASE("a decision against a client that waited: it is refused and nothing behind is handled") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    broker.authorizer.deny_connect("mallory");
    Client watcher(broker, version, "watcher");
    watcher.must_subscribe("t");
    broker.authorizer.pending = true;
    Client a(broker, version);
    a.together([&] {
      a.connect("mallory");
      a.publish("t", "x", kQoS1);
    });
    a.expect_nothing();
    broker.authorizer.decide();
    a.expect_refused(ReasonCode::NotAuthorized, ReturnCode::NotAuthorized);
    watcher.expect_nothing();
  }
}

TEST_CASE("others go on while one waits, and decisions may come in any number") {
  Broker broker;
  Client other(broker, Version::V5, "other");
  broker.authorizer.pending = true;
  Client a(broker, Version::V5);
  Client b(broker, Version::V311);
  a.connect("a");
  b.connect("b");
  other.must_subscribe("t", kQoS1);
  other.must_publish("t", "x", kQoS1);
  other.answer(other.expect_publish("t", "x"));
  a.expect_nothing();
  b.expect_nothing();
  broker.authorizer.decide();
  a.expect_connack();
  b.expect_connack();
}

TEST_CASE("a session is not touched before the decision about who wants it") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client a(broker, version, "a", kLasting);
    a.must_subscribe("t", kQoS1);
    broker.authorizer.pending = true;
    broker.authorizer.deny_connect("a");
    Client thief(broker, version);
    thief.connect("a");
    a.ping();
    a.expect(PacketType::Pingresp);
    broker.authorizer.decide();
    (void)thief.all();
    CHECK(thief.closed());
    a.must_publish("t", "still here", kQoS1);
    a.expect_publish("t", "still here");
  }
}

TEST_CASE("a client that goes while it waits is forgotten, and its decision falls on nobody") {
  for (const Version version : kBothVersions) {
    for (const bool in_order : {false, true}) {
      CAPTURE(version);
      CAPTURE(in_order);
      Broker broker;
      broker.start();
      broker.authorizer.pending = true;
      Client a(broker, version);
      a.connect("a");
      if (in_order) {
        a.close();
      } else {
        a.drop();
      }
      broker.authorizer.decide();
      broker.advance(60s);
      CHECK(broker.metrics.clients_connected == 0);
      CHECK(broker.metrics.open_connections == 0);
      broker.authorizer.pending = false;
      Client again(broker, version, "a");
      again.ping();
      again.expect(PacketType::Pingresp);
    }
  }
}

TEST_CASE("a decision that never comes ends with the limit for CONNECT") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    broker.settings.connect_timeout = 10s;
    broker.authorizer.pending = true;
    Client a(broker, version);
    a.connect("a");
    broker.advance(9'900ms);
    a.expect_nothing();
    broker.advance(1'100ms);
    a.expect_closed();
    broker.authorizer.decide();
    broker.settle();
    CHECK(broker.metrics.clients_connected == 0);
  }
}

TEST_CASE("the broker ends while a decision is pending") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    broker.authorizer.pending = true;
    Client a(broker, version);
    a.connect("a");
    broker.shut_down();
    a.expect_closed();
    broker.advance(1s);
    CHECK(broker.drained());
  }
}

TEST_CASE("a decision, then a commit: CONNACK waits for both") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    DurableBroker broker;
    broker.authorizer.pending = true;
    broker.hold();
    Client a(broker, version);
    a.connect("a", kLasting);
    a.expect_nothing();
    CHECK(broker.journal.open_commits() == 0);
    broker.authorizer.decide();
    a.expect_nothing();
    CHECK(broker.journal.open_commits() == 1);
    broker.release();
    a.expect_connack();
  }
}

}  // namespace
}  // namespace midge::test
