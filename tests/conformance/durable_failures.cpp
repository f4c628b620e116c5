// A commit that fails: the connections that wait for it are closed, what was sent is sent again and
// works, and nobody else notices.
#include "tests/conformance/durable.hpp"

namespace midge::test {
namespace {

// `act` makes the broker owe something whose commit then fails.
template <class Act>
void check_closed(DurableBroker& broker, Client& client, Act act) {
  const auto before = broker.metrics[Cause::StorageFailed];
  broker.hold_and_fail();
  act();
  client.expect_nothing();
  broker.release_all();
  client.expect_disconnect(ReasonCode::QuotaExceeded);
  CHECK(broker.metrics[Cause::StorageFailed] == before + 1);
}

TEST_CASE("a failed commit closes the connection that waits for an acknowledgement") {
  for (const Version version : kAllVersions) {
    CAPTURE(version);
    DurableBroker broker;
    Client away(broker, version, "away", kLasting);
    away.must_subscribe("t", kQoS2);
    away.drop();
    Client a(broker, version, "a", kLasting);
    check_closed(broker, a, [&] { a.subscribe("mine", kQoS2); });
    a.reconnect(kLasting);
    a.must_subscribe("mine", kQoS2);
    check_closed(broker, a, [&] { a.unsubscribe("mine"); });
    a.reconnect(kLasting);
    check_closed(broker, a, [&] { a.publish("t", "1", kQoS1); });
    a.reconnect(kLasting);
    check_closed(broker, a, [&] { a.publish("t", "2", kQoS2, {.packet_id = 9}); });
    a.reconnect(kLasting);
    a.publish("t", "2", kQoS2, {.dup = true, .packet_id = PacketIdentifier{9}});
    a.expect(PacketType::Pubrec);
    check_closed(broker, a, [&] { a.pubrel(9); });
    a.reconnect(kLasting);
    a.pubrel(9);
    CHECK(a.expect(PacketType::Pubcomp).packet_id == 9);
  }
}

TEST_CASE("a CONNECT whose commit fails is closed without a word, and works when it comes again") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    DurableBroker broker;
    broker.hold_and_fail();
    Client a(broker, version);
    a.connect("a", kLasting);
    a.expect_nothing();
    broker.release_all();
    a.expect_closed();  // no CONNACK, so no DISCONNECT either
    a.reconnect(kLasting);
    a.ping();
    a.expect(PacketType::Pingresp);
  }
}

TEST_CASE("a PUBLISH whose commit failed is sent again with its identifier and works") {
  for (const Version version : kBothVersions) {
    for (const QoS qos : {kQoS1, kQoS2}) {
      CAPTURE(version);
      CAPTURE(qos);
      DurableBroker broker;
      Client watcher(broker, version, "watcher", kLasting);
      watcher.must_subscribe("t", kQoS2);
      Client a(broker, version, "a", kLasting);
      check_closed(broker, a,
                   [&] { a.publish("t", "x", qos, {.packet_id = PacketIdentifier{9}}); });
      CHECK(a.reconnect(kLasting).session_present);
      a.publish("t", "x", qos, {.dup = true, .packet_id = PacketIdentifier{9}});
      const Packet ack = a.expect(qos == kQoS1 ? PacketType::Puback : PacketType::Pubrec);
      CHECK(ack.packet_id == 9);
      CHECK(ack.reason == ReasonCode::Success);
      std::size_t copies = 0;
      for (const Packet& p : watcher.all()) copies += p.type == PacketType::Publish ? 1U : 0U;
      if (qos == kQoS1) CHECK(copies == 2);  // at least once
      if (qos == kQoS2) CHECK(copies == 1);  // exactly once
    }
  }
}

TEST_CASE("connections that don't wait for the failed commit stay, whatever else they do") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    DurableBroker broker;
    Client away(broker, version, "away", kLasting);
    away.must_subscribe("t", kQoS1);
    away.drop();
    Client idle(broker, version, "idle");
    Client pinging(broker, version, "pinging");
    Client watcher(broker, version, "watcher");
    watcher.must_subscribe("q0");
    Client earlier(broker, version, "earlier");
    Client later(broker, version, "later");
    Client a(broker, version, "a", kLasting);
    broker.hold();
    earlier.publish("t", "earlier", kQoS1);
    broker.journal.fail_next = true;
    a.publish("t", "failed", kQoS1);
    later.publish("t", "later", kQoS1);  // what follows a failed commit has failed with it
    pinging.ping();
    pinging.expect(PacketType::Pingresp);
    pinging.publish("q0", "x");
    watcher.expect_publish("q0", "x");
    broker.release_all();
    earlier.expect(PacketType::Puback);
    a.expect_disconnect(ReasonCode::QuotaExceeded);
    later.expect_disconnect(ReasonCode::QuotaExceeded);
    for (Client* client : {&idle, &pinging, &watcher, &earlier}) {
      client->expect_nothing();
      client->ping();
      client->expect(PacketType::Pingresp);
    }
    // What comes afterwards works.
    earlier.must_publish("t", "next", kQoS1);
  }
}

TEST_CASE("acknowledgements that were durable already leave before the DISCONNECT") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    DurableBroker broker;
    Client away(broker, version, "away", kLasting);
    away.must_subscribe("t", kQoS1);
    away.drop();
    Client a(broker, version, "a", kLasting);
    broker.hold();
    a.publish("t", "1", kQoS1, {.packet_id = PacketIdentifier{1}});
    broker.journal.fail_next = true;
    a.publish("t", "2", kQoS1, {.packet_id = PacketIdentifier{2}});
    a.ping();
    a.expect(PacketType::Pingresp);
    broker.release_all();
    CHECK(a.expect(PacketType::Puback).packet_id == 1);
    a.expect_disconnect(ReasonCode::QuotaExceeded);
  }
}

TEST_CASE("a PUBREL whose commit failed is sent when the client is back") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    DurableBroker broker;
    Client publisher(broker, version, "publisher");
    Client a(broker, version, "a", kLasting);
    a.must_subscribe("t", kQoS2);
    publisher.must_publish("t", "x", kQoS2);
    const PacketIdentifier id = a.expect_publish("t", "x").packet_id;
    check_closed(broker, a, [&] { a.pubrec(id); });
    CHECK(a.reconnect(kLasting).session_present);
    // Whatever the broker still knows of the PUBREC: the client, which has the message, gets no
    // second one under another identifier, and can end the handshake.
    const std::optional<Packet> next = a.next();
    REQUIRE(next);
    CHECK(next->packet_id == id);
    if (next->type == PacketType::Publish) {
      CHECK(next->dup);
      a.pubrec(id);
      a.expect(PacketType::Pubrel);
    } else {
      CHECK(next->type == PacketType::Pubrel);
    }
    a.pubcomp(id);
    a.expect_nothing();
    a.reconnect(kLasting);
    a.expect_nothing();
  }
}

TEST_CASE("a delivery whose commit failed reaches its subscriber once when the disk works again") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    DurableBroker broker;
    Client publisher(broker, version, "publisher", kLasting);
    Client a(broker, version, "a", kLasting);
    a.must_subscribe("t", kQoS2);
    // The message itself.
    check_closed(broker, publisher,
                 [&] { publisher.publish("t", "x", kQoS2, {.packet_id = PacketIdentifier{9}}); });
    publisher.reconnect(kLasting);
    publisher.publish("t", "x", kQoS2, {.dup = true, .packet_id = PacketIdentifier{9}});
    CHECK(publisher.expect(PacketType::Pubrec).packet_id == 9);
    a.answer(a.expect_publish("t", "x"));
    a.expect_nothing();
    // The identifier of its delivery.
    broker.hold();
    publisher.publish("t", "y", kQoS2, {.packet_id = PacketIdentifier{10}});
    broker.journal.fail_next = true;
    broker.release();
    publisher.expect(PacketType::Pubrec);
    a.expect_nothing();
    broker.release_all();
    publisher.must_publish("elsewhere", "z", kQoS2);  // a commit that works
    if (a.closed()) {
      (void)a.all();
      a.reconnect(kLasting);
    }
    a.answer(a.expect_publish("t", "y"));
    a.expect_nothing();
  }
}

TEST_CASE("a disk that fails often loses nothing that was acknowledged") {
  for (const Version version : kBothVersions) {
    for (const QoS qos : {kQoS1, kQoS2}) {
      CAPTURE(version);
      CAPTURE(qos);
      DurableBroker broker;
      Client away(broker, version, "away", kLasting);
      away.must_subscribe("t", qos);
      away.drop();
      Client a(broker, version, "a", kLasting);
      broker.journal.fail_percent = 30;
      broker.journal.inside_percent = 50;
      broker.journal.delay_ms = {0, 20};
      int reconnects = 0;
      for (int i = 0; i < 100; ++i) {
        const auto id = static_cast<PacketIdentifier>(i + 1);
        // One Client for each connection that is tried, until the message is through.
        for (bool through = false, dup = false; !through; dup = true) {
          REQUIRE(++reconnects < 5'000);
          Client now(broker, version);
          now.connect("a", kLasting);
          broker.advance(50ms);
          if (now.closed()) continue;
          now.expect_connack();
          now.publish("t", std::to_string(i), qos, {.dup = dup, .packet_id = id});
          broker.advance(50ms);
          if (now.closed()) continue;
          if (qos == kQoS2) {
            now.expect(PacketType::Pubrec);
            now.pubrel(id);
            broker.advance(50ms);
            if (now.closed()) {
              // The PUBREL again, not the PUBLISH.
              for (bool released = false; !released;) {
                REQUIRE(++reconnects < 5'000);
                Client later(broker, version);
                later.connect("a", kLasting);
                broker.advance(50ms);
                if (later.closed()) continue;
                later.expect_connack();
                later.pubrel(id);
                broker.advance(50ms);
                released = !later.closed();
                if (released) later.expect(PacketType::Pubcomp);
                later.drop();
              }
            }
          }
          through = true;
          now.drop();
        }
      }
      broker.journal.fail_percent = 0;
      broker.journal.inside_percent = 100;
      broker.advance(50ms);  // what is open ends
      away.reconnect(kLasting);
      int next = 0;
      while (const auto p = away.next()) {
        const int got = std::stoi(p->payload);
        if (qos == kQoS2) CHECK(got == next);
        if (qos == kQoS1) CHECK((got == next || got == next - 1));  // again, or the next
        next = got + 1;
        away.answer(*p);
      }
      CHECK(next == 100);
    }
  }
}

}  // namespace
}  // namespace midge::test
