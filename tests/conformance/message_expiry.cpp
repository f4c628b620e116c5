// Message Expiry Interval (MQTT 5.0 section 3.3.2.3.3).
#include "tests/support/client.hpp"

namespace midge::test {
namespace {

const ConnectOptions kLasting{.clean_start = false, .props = {.session_expiry_interval = 3'600}};

TEST_CASE("what goes on at once keeps its Message Expiry Interval") {
  Broker broker;
  Client a(broker, Version::V5, "a");
  a.must_subscribe("t");
  a.send_hex("30 0a 00 01 74 05 02 00 00 00 01 78");
  a.expect_bytes("30 0a 00 01 74 05 02 00 00 00 01 78");
  a.send_hex("30 0a 00 01 74 05 02 ff ff ff ff 78");
  a.expect_bytes("30 0a 00 01 74 05 02 ff ff ff ff 78");
}

TEST_CASE("an interval of 0 is for those who can have it at once, and nobody else") {
  Broker broker;
  Client a(broker, Version::V5, "a");
  a.must_subscribe("t", kQoS1);
  Client away(broker, Version::V5, "away", kLasting);
  away.must_subscribe("t", kQoS1);
  away.drop();
  Client b(broker, Version::V5, "b");
  b.must_publish("t", "x", kQoS1, {.retain = true, .props = {.message_expiry_interval = 0}});
  CHECK(a.expect_publish("t", "x").props.message_expiry_interval == 0U);
  broker.advance(1s);
  away.reconnect(kLasting);
  away.must_subscribe("+", kQoS1);
  away.expect_nothing();
  CHECK(broker.metrics.retained_messages == 0);
}

TEST_CASE("the interval is forwarded less the time that the message has waited [MQTT-3.3.2-6]") {
  struct Vector {
    Duration waited;
    std::uint32_t left;
  };
  constexpr Vector kVectors[] = {{1s, 9}, {3s, 7}, {9s, 1}};
  for (const QoS qos : {kQoS1, kQoS2}) {
    for (const Vector& v : kVectors) {
      CAPTURE(qos);
      CAPTURE(v.left);
      Broker broker;
      Client a(broker, Version::V5, "a", kLasting);
      a.must_subscribe("t", qos);
      a.drop();
      Client b(broker, Version::V5, "b");
      b.publish("t", "x", qos, {.props = {.message_expiry_interval = 10, .user = {{"k", "v"}}}});
      broker.advance(v.waited);
      a.reconnect(kLasting);
      const Packet p = a.expect_publish("t", "x");
      CHECK(p.props.message_expiry_interval == v.left);
      CHECK(p.props.user == UserProperties{{"k", "v"}});
    }
  }
}

TEST_CASE("half a second of the interval left is still a second, never 0 [MQTT-3.3.2-6]") {
  Broker broker;
  Client a(broker, Version::V5, "a", kLasting);
  a.must_subscribe("t", kQoS1);
  a.drop();
  Client b(broker, Version::V5, "b");
  b.publish("t", "x", kQoS1, {.props = {.message_expiry_interval = 10}});
  broker.advance(9'500ms);
  a.reconnect(kLasting);
  CHECK(a.expect_publish("t", "x").props.message_expiry_interval == 1);
}

TEST_CASE(
    "what expires before its delivery has begun is not delivered, and counted [MQTT-3.3.2-5]") {
  for (const Version version : kBothVersions) {  // the subscriber's: the rule is the message's
    for (const QoS qos : {kQoS1, kQoS2}) {
      CAPTURE(version);
      CAPTURE(qos);
      ConnectOptions lasting{.clean_start = false};
      if (version == Version::V5) lasting.props.session_expiry_interval = 3'600;
      Broker broker;
      Client a(broker, version, "a", lasting);
      a.must_subscribe("t", qos);
      a.drop();
      Client b(broker, Version::V5, "b");
      b.publish("t", "before", qos);
      b.publish("t", "expires", qos, {.props = {.message_expiry_interval = 10}});
      b.publish("t", "stays", qos, {.props = {.message_expiry_interval = 11}});
      broker.advance(10s);
      a.reconnect(lasting);
      a.expect_publish("t", "before");
      a.expect_publish("t", "stays");
      a.expect_nothing();
      CHECK(broker.metrics[Cause::Expired] == 1);
      CHECK(broker.metrics.queued_messages == 2);
    }
  }
}

TEST_CASE(
    "a message that waits for the client's window gets older there too [MQTT-3.3.2-5] "
    "[MQTT-3.3.2-6]") {
  for (const QoS qos : {kQoS1, kQoS2}) {
    CAPTURE(qos);
    Broker broker;
    Client a(broker, Version::V5, "a", {.props = {.receive_maximum = 1}});
    a.must_subscribe("t", qos);
    Client b(broker, Version::V5, "b");
    b.publish("t", "1", qos);
    b.publish("t", "2", qos, {.props = {.message_expiry_interval = 5}});
    b.publish("t", "3", qos, {.props = {.message_expiry_interval = 20}});
    const Packet first = a.expect_publish("t", "1");
    broker.advance(6s);
    a.expect_nothing();
    a.answer(first);
    const Packet third = a.expect_publish("t", "3");
    CHECK(third.props.message_expiry_interval == 14);
    a.answer(third);
    a.expect_nothing();
    CHECK(broker.metrics[Cause::Expired] == 1);
    CHECK(broker.metrics.stored_messages == 0);
  }
}

TEST_CASE("each subscriber's copy has its own time [MQTT-3.3.2-5] [MQTT-3.3.2-6]") {
  Broker broker;
  Client now(broker, Version::V5, "now");
  now.must_subscribe("t", kQoS1);
  Client late(broker, Version::V5, "late", kLasting);
  Client later(broker, Version::V5, "later", kLasting);
  for (Client* absent : {&late, &later}) {
    absent->must_subscribe("t", kQoS1);
    absent->drop();
  }
  Client b(broker, Version::V5, "b");
  b.publish("t", "x", kQoS1, {.props = {.message_expiry_interval = 10}});
  CHECK(now.expect_publish("t", "x").props.message_expiry_interval == 10);
  broker.advance(4s);
  late.reconnect(kLasting);
  CHECK(late.expect_publish("t", "x").props.message_expiry_interval == 6);
  broker.advance(6s);
  later.reconnect(kLasting);
  later.expect_nothing();
}

TEST_CASE(
    "a delivery that has begun is finished, however old the message is by then [MQTT-3.3.2-5]") {
  for (const QoS qos : {kQoS1, kQoS2}) {
    CAPTURE(qos);
    Broker broker;
    Client a(broker, Version::V5, "a", kLasting);
    a.must_subscribe("t", qos);
    Client b(broker, Version::V5, "b");
    b.publish("t", "x", qos, {.props = {.message_expiry_interval = 2}});
    const Packet first = a.expect_publish("t", "x");
    a.drop();
    broker.advance(60s);
    a.reconnect(kLasting);
    const Packet again = a.expect_publish("t", "x");
    CHECK(again.dup);
    CHECK(again.packet_id == first.packet_id);
    a.answer(again);
    CHECK(broker.metrics[Cause::Expired] == 0);
    CHECK(broker.metrics.stored_messages == 0);
  }
}

TEST_CASE("a message without a Message Expiry Interval does not expire") {
  for (const Version publisher : kBothVersions) {
    CAPTURE(publisher);
    const ConnectOptions forever{.clean_start = false,
                                 .props = {.session_expiry_interval = 0xFFFFFFFF}};
    Broker broker;
    Client a(broker, Version::V5, "a", forever);
    a.must_subscribe("t", kQoS1);
    a.drop();
    Client b(broker, publisher, "b");
    b.publish("t", "x", kQoS1);
    b.disconnect();
    broker.advance(24h * 400);
    a.reconnect(forever);
    CHECK_FALSE(a.expect_publish("t", "x").props.message_expiry_interval);
  }
}

TEST_CASE("the largest interval does not overflow: after 400 days it is less by just these") {
  const ConnectOptions forever{.clean_start = false,
                               .props = {.session_expiry_interval = 0xFFFFFFFF}};
  Broker broker;
  Client a(broker, Version::V5, "a", forever);
  a.must_subscribe("t", kQoS1);
  a.drop();
  Client b(broker, Version::V5, "b");
  b.publish("t", "x", kQoS1, {.props = {.message_expiry_interval = 0xFFFFFFFF}});
  b.disconnect();
  broker.advance(24h * 400);
  a.reconnect(forever);
  CHECK(a.expect_publish("t", "x").props.message_expiry_interval ==
        0xFFFFFFFF - 400U * 24U * 3'600U);
}

TEST_CASE("a jump of the wall clock makes no message older") {
  Broker broker;
  Client a(broker, Version::V5, "a", kLasting);
  a.must_subscribe("t", kQoS1);
  a.drop();
  Client b(broker, Version::V5, "b");
  b.publish("t", "x", kQoS1, {.props = {.message_expiry_interval = 10}});
  broker.world.jump_wall(24h);
  broker.advance(1s);
  a.reconnect(kLasting);
  CHECK(a.expect_publish("t", "x").props.message_expiry_interval == 9);
}

}  // namespace
}  // namespace midge::test
