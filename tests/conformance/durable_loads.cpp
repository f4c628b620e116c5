// Payloads that are not in memory when they are to be sent: load(message) answers Pending, and
// later Ready or Failed.
#include "tests/conformance/durable.hpp"

namespace midge::test {
namespace {

TEST_CASE("a delivery whose payload is pending waits, at every QoS, and those behind it") {
  for (const Version version : kBothVersions) {
    for (const QoS qos : kEveryQoS) {
      CAPTURE(version);
      CAPTURE(qos);
      Broker broker;
      Client publisher(broker, version, "publisher");
      Client a(broker, version, "a");
      a.must_subscribe("t", qos);
      broker.loader.hold = true;
      publisher.must_publish("t", "1", qos);
      publisher.must_publish("t", "2", qos);
      a.ping();
      a.expect(PacketType::Pingresp);
      a.must_subscribe("u");
      broker.advance(10s);
      a.expect_nothing();
      broker.loader.release();
      const Packet first = a.expect_publish("t", "1");
      const Packet second = a.expect_publish("t", "2");
      CHECK(first.qos == qos);
      if (qos != kQoS0) {
        CHECK(first.packet_id == 1);
        CHECK(second.packet_id == 2);
      }
      a.answer(first);
      a.answer(second);
      a.expect_nothing();
    }
  }
}

TEST_CASE("loads that come late keep the order") {
  for (const Version version : kBothVersions) {
    for (const QoS qos : kEveryQoS) {
      for (const std::uint32_t percent : {100U, 50U}) {
        CAPTURE(version);
        CAPTURE(qos);
        CAPTURE(percent);
        Broker broker;
        Client publisher(broker, version, "publisher");
        Client a(broker, version, "a");
        a.must_subscribe("t", qos);
        broker.loader.pending_percent = percent;
        broker.loader.delay_ms = {0, 50};
        for (int i = 0; i < 50; ++i) publisher.must_publish("t", std::to_string(i), qos);
        int next = 0;
        for (int round = 0; round < 500 && next < 50; ++round) {
          broker.advance(20ms);
          for (const Packet& p : a.all()) {
            if (p.type == PacketType::Pubrel) a.pubcomp(p.packet_id);
            if (p.type != PacketType::Publish) continue;
            CHECK(p.payload == std::to_string(next));
            ++next;
            if (qos == kQoS1) a.puback(p.packet_id);
            if (qos == kQoS2) a.pubrec(p.packet_id);
          }
        }
        CHECK(next == 50);
        CHECK(broker.loader.times_pending() >= percent / 4);
      }
    }
  }
}

TEST_CASE("a payload that is lost is dropped and counted, and what follows it is sent") {
  for (const Version version : kBothVersions) {
    for (const QoS qos : kEveryQoS) {
      CAPTURE(version);
      CAPTURE(qos);
      Broker broker;
      Client publisher(broker, version, "publisher");
      Client a(broker, version, "a");
      a.must_subscribe("t", qos);
      const auto stored = broker.metrics.stored_messages;
      broker.loader.pending_percent = 100;
      broker.loader.delay_ms = {10, 10};
      broker.loader.fail_percent = 100;
      publisher.must_publish("t", "lost", qos);
      publisher.must_publish("t", "lost too", qos);
      broker.advance(1s);
      a.expect_nothing();
      CHECK(broker.metrics[Cause::StorageFailed] == 2);
      CHECK(broker.metrics.publish_dropped == 2);
      CHECK(broker.metrics.stored_messages == stored);
      broker.loader.fail_percent = 0;
      publisher.must_publish("t", "there", qos);
      broker.advance(1s);
      const Packet p = a.expect_publish("t", "there");
      if (qos != kQoS0) CHECK(p.packet_id == 1);
      broker.loader.pending_percent = 0;
      a.answer(p);
      a.expect_nothing();
    }
  }
}

TEST_CASE("a resend waits for its payload too, and is given up when it is lost") {
  for (const Version version : kBothVersions) {
    for (const bool lost : {false, true}) {
      CAPTURE(version);
      CAPTURE(lost);
      Broker broker;
      Client publisher(broker, version, "publisher");
      Client a(broker, version, "a", kLasting);
      a.must_subscribe("t", kQoS2);
      publisher.must_publish("t", "1", kQoS1);
      publisher.must_publish("t", "2", kQoS2);
      publisher.must_publish("t", "3", kQoS2);
      a.expect_publish("t", "1");
      a.expect_publish("t", "2");
      a.expect_publish("t", "3");
      a.pubrec(3);
      a.expect(PacketType::Pubrel);
      broker.loader.pending_percent = 100;
      broker.loader.delay_ms = {100, 100};
      broker.loader.fail_percent = lost ? 100 : 0;
      a.reconnect(kLasting);
      a.expect_nothing();
      broker.advance(150ms);
      if (!lost) {
        CHECK(a.expect_publish("t", "1").dup);
        a.expect_nothing();
      }
      broker.advance(150ms);
      if (!lost) CHECK(a.expect_publish("t", "2").dup);
      CHECK(a.expect(PacketType::Pubrel).packet_id == 3);  // which needs no payload
      a.expect_nothing();
      CHECK(broker.metrics[Cause::StorageFailed] == (lost ? 2U : 0U));
      // What was given up is settled: its identifiers are free and it takes no quota.
      a.pubcomp(3);
      broker.loader.pending_percent = 0;
      a.reconnect(kLasting);
      if (!lost) {
        a.answer(a.expect_publish("t", "1"));
        a.answer(a.expect_publish("t", "2"));
      }
      a.expect_nothing();
      CHECK(broker.metrics.inflight_messages == 0);
    }
  }
}

TEST_CASE("a client that goes while its payload is pending leaves nothing behind") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    broker.start();
    Client publisher(broker, version, "publisher");
    {
      Client a(broker, version, "a");
      a.must_subscribe("t", kQoS1);
      broker.loader.hold = true;
      publisher.must_publish("t", "x", kQoS1);
      a.expect_nothing();
      a.drop();
    }
    CHECK(broker.metrics.stored_messages == 0);
    broker.loader.release();
    broker.advance(1s);
    Client a(broker, version, "a", kLasting);
    a.must_subscribe("t", kQoS1);
    broker.loader.hold = true;
    publisher.must_publish("t", "kept", kQoS1);
    a.drop();
    broker.loader.release();
    broker.advance(1s);
    a.reconnect(kLasting);
    a.expect_publish("t", "kept");
  }
}

TEST_CASE("one session's pending payload holds up no other session's") {
  Broker broker;
  Client publisher(broker, Version::V5, "publisher");
  Client a(broker, Version::V5, "a");
  Client b(broker, Version::V311, "b");
  a.must_subscribe("a", kQoS1);
  b.must_subscribe("b", kQoS1);
  broker.loader.hold = true;
  publisher.must_publish("a", "x", kQoS1);
  broker.loader.hold = false;  // what was asked for stays pending
  publisher.must_publish("b", "y", kQoS1);
  b.expect_publish("b", "y");
  a.expect_nothing();
  broker.loader.release();
  a.expect_publish("a", "x");
}

}  // namespace
}  // namespace midge::test
