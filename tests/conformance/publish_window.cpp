// How many PUBLISHes with QoS above 0 may be open (MQTT 5.0 section 3.3.4, Receive Maximum; before
// 5.0 the broker's own limits).
#include <deque>

#include "tests/support/client.hpp"

namespace midge::test {
namespace {

TEST_CASE("the broker keeps within the client's Receive Maximum [MQTT-3.3.4-9]") {
  for (const QoS qos : {kQoS1, kQoS2}) {
    for (const std::uint16_t maximum : {std::uint16_t{1}, std::uint16_t{3}, std::uint16_t{20}}) {
      CAPTURE(qos);
      CAPTURE(maximum);
      Broker broker;
      Client a(broker, Version::V5, "a", {.props = {.receive_maximum = maximum}});
      a.must_subscribe("t", qos);
      Client b(broker, Version::V5, "b");
      for (int i = 0; i < 30; ++i) b.must_publish("t", std::to_string(i), qos);
      std::deque<Packet> open;
      for (int i = 0; i < maximum; ++i) open.push_back(a.expect_publish("t", std::to_string(i)));
      a.expect_nothing();
      // One more for each that is settled, in order.
      for (int i = maximum; i < 30; ++i) {
        CAPTURE(i);
        const Packet oldest = open.front();
        open.pop_front();
        if (qos == kQoS2) {
          a.pubrec(oldest.packet_id);
          a.expect(PacketType::Pubrel);
          a.expect_nothing();  // PUBREC alone makes no room
          a.pubcomp(oldest.packet_id);
        } else {
          a.puback(oldest.packet_id);
        }
        open.push_back(a.expect_publish("t", std::to_string(i)));
        a.expect_nothing();
      }
    }
  }
}

TEST_CASE("a PUBREC with an error makes room at once [MQTT-3.3.4-9]") {
  Broker broker;
  Client a(broker, Version::V5, "a", {.props = {.receive_maximum = 1}});
  a.must_subscribe("t", kQoS2);
  Client b(broker, Version::V5, "b");
  for (const char* payload : {"1", "2"}) b.must_publish("t", payload, kQoS2);
  a.pubrec(a.expect_publish("t", "1").packet_id, ReasonCode::QuotaExceeded);
  a.expect_publish("t", "2");
  a.expect_nothing();
}

TEST_CASE("without a Receive Maximum, and before 5.0, the broker's own limit holds") {
  for (const Version version : kAllVersions) {
    for (const std::uint16_t limit : {std::uint16_t{1}, std::uint16_t{5}}) {
      CAPTURE(version);
      CAPTURE(limit);
      Broker broker;
      broker.limits.inflight_messages = limit;
      Client a(broker, version, "a");
      a.must_subscribe("t", kQoS1);
      Client b(broker, version, "b");
      for (int i = 0; i < 10; ++i) b.must_publish("t", std::to_string(i), kQoS1);
      for (int i = 0; i < limit; ++i) a.expect_publish("t", std::to_string(i));
      a.expect_nothing();
    }
  }
}

TEST_CASE(
    "the window is the session's: after a reconnect what is open counts again [MQTT-3.3.4-9]") {
  ConnectOptions lasting{.clean_start = false,
                         .props = {.session_expiry_interval = 100, .receive_maximum = 4}};
  Broker broker;
  Client a(broker, Version::V5, "a", lasting);
  a.must_subscribe("t", kQoS1);
  Client b(broker, Version::V5, "b");
  for (int i = 0; i < 8; ++i) b.must_publish("t", std::to_string(i), kQoS1);
  for (int i = 0; i < 4; ++i) a.expect_publish("t", std::to_string(i));
  a.drop();
  // Now it takes two: of the four that were open two go out again, and the others wait.
  lasting.props.receive_maximum = 2;
  a.reconnect(lasting);
  for (int i = 0; i < 8; ++i) {
    CAPTURE(i);
    if (i == 0) {
      const Packet first = a.expect_publish("t", "0");
      const Packet second = a.expect_publish("t", "1");
      CHECK((first.dup && second.dup));
      a.expect_nothing();
      a.puback(first.packet_id);
      a.puback(second.packet_id);
      i = 1;
      continue;
    }
    const Packet p = a.expect_publish("t", std::to_string(i));
    CHECK(p.dup == (i < 4));
    a.puback(p.packet_id);
  }
  a.expect_nothing();
}

TEST_CASE("a full window holds back PUBLISHes only [MQTT-3.3.4-10]") {
  for (const Version version : kBothVersions) {
    for (const QoS qos : {kQoS1, kQoS2}) {
      CAPTURE(version);
      CAPTURE(qos);
      Broker broker;
      broker.limits.inflight_messages = 2;
      Client a(broker, version, "a");
      a.must_subscribe("t", qos);
      Client b(broker, version, "b");
      for (int i = 0; i < 5; ++i) b.must_publish("t", std::to_string(i), qos);
      const Packet first = a.expect_publish("t", "0");
      a.expect_publish("t", "1");
      a.expect_nothing();

      a.ping();
      a.expect(PacketType::Pingresp);
      a.subscribe("u", kQoS1);
      a.expect(PacketType::Suback);
      a.unsubscribe("u");
      a.expect(PacketType::Unsuback);
      a.publish("v", "x", kQoS1);
      a.expect(PacketType::Puback);
      const PacketIdentifier id = a.publish("v", "x", kQoS2);
      a.expect(PacketType::Pubrec);
      a.pubrel(id);
      a.expect(PacketType::Pubcomp);
      if (qos == kQoS2) {
        a.pubrec(first.packet_id);
        a.expect(PacketType::Pubrel);
      }
      a.expect_nothing();
    }
  }
}

TEST_CASE("a client whose window at the broker is full may send all but PUBLISH [MQTT-3.3.4-8]") {
  Broker broker;
  broker.limits.inflight_messages = 2;
  Client a(broker, Version::V5);
  CHECK(a.must_connect("a").props.receive_maximum == 2);
  a.publish("t", "1", kQoS2, {.packet_id = 1});
  a.publish("t", "2", kQoS2, {.packet_id = 2});
  CHECK(a.expect(PacketType::Pubrec).packet_id == 1);
  CHECK(a.expect(PacketType::Pubrec).packet_id == 2);
  a.ping();
  a.expect(PacketType::Pingresp);
  a.must_subscribe("u");
  a.must_unsubscribe("u");
  a.publish("t", "0");  // QoS 0 takes no quota
  a.expect_nothing();
  a.publish("t", "1", kQoS2, {.dup = true, .packet_id = 1});  // nor what is open already
  CHECK(a.expect(PacketType::Pubrec).packet_id == 1);
  a.pubrel(1);
  CHECK(a.expect(PacketType::Pubcomp).packet_id == 1);
  a.publish("t", "3", kQoS2, {.packet_id = 3});
  CHECK(a.expect(PacketType::Pubrec).packet_id == 3);
}

TEST_CASE(
    "one QoS 2 PUBLISH more than the broker's Receive Maximum ends the connection with 0x93 "
    "[MQTT-3.3.4-7]") {
  Broker broker;
  broker.limits.inflight_messages = 3;
  Client watcher(broker, Version::V5, "watcher");
  watcher.must_subscribe("t");
  Client a(broker, Version::V5, "a");
  for (PacketIdentifier id = 1; id <= 3; ++id) {
    a.publish("t", std::to_string(id), kQoS2, {.packet_id = id});
    CHECK(a.expect(PacketType::Pubrec).packet_id == id);
    watcher.expect_publish("t", std::to_string(id));
  }
  a.publish("t", "4", kQoS2, {.packet_id = 4});
  a.expect_disconnect(ReasonCode::ReceiveMaximumExceeded);
  watcher.expect_nothing();
  CHECK(broker.metrics[Cause::ReceiveMaximumExceeded] == 1);
}

TEST_CASE(
    "PUBREC with an error, PUBACK and PUBCOMP give the client its quota back [MQTT-3.3.4-7]") {
  Broker broker;
  broker.limits.inflight_messages = 1;
  broker.authorizer.deny_publish("secret");
  Client a(broker, Version::V5, "a");
  for (int round = 0; round < 5; ++round) {
    a.must_publish("t", "x", kQoS2);
    a.must_publish("t", "x", kQoS1);
    a.publish("secret", "x", kQoS2);
    CHECK(a.expect(PacketType::Pubrec).reason == ReasonCode::NotAuthorized);
    a.publish("secret", "x", kQoS1);
    CHECK(a.expect(PacketType::Puback).reason == ReasonCode::NotAuthorized);
  }
  // A PUBCOMP for something that was never open gives none.
  a.pubrel(77);
  CHECK(a.expect(PacketType::Pubcomp).reason == ReasonCode::PacketIdentifierNotFound);
  a.publish("t", "1", kQoS2);
  a.expect(PacketType::Pubrec);
  a.pubrel(77);
  a.expect(PacketType::Pubcomp);
  a.publish("t", "2", kQoS2);
  a.expect_disconnect(ReasonCode::ReceiveMaximumExceeded);
}

TEST_CASE("each connection counts anew, and what it inherited gives no quota back [MQTT-3.3.4-7]") {
  const ConnectOptions lasting{.clean_start = false, .props = {.session_expiry_interval = 100}};
  Broker broker;
  broker.limits.inflight_messages = 2;
  Client a(broker, Version::V5, "a", lasting);
  const auto publish = [&](PacketIdentifier id) {
    a.publish("t", "x", kQoS2, {.packet_id = id});
    CHECK(a.expect(PacketType::Pubrec).packet_id == id);
  };
  publish(1);
  publish(2);
  a.drop();
  a.reconnect(lasting);
  publish(3);
  publish(4);
  for (const PacketIdentifier id : {PacketIdentifier{1}, PacketIdentifier{2}}) {
    a.pubrel(id);
    CHECK(a.expect(PacketType::Pubcomp).packet_id == id);
  }
  a.publish("t", "x", kQoS2, {.packet_id = 5});
  a.expect_disconnect(ReasonCode::ReceiveMaximumExceeded);
}

TEST_CASE(
    "QoS 1 beyond the Receive Maximum is 0x93 where the configuration is strict [MQTT-3.3.4-7]") {
  Broker broker;
  broker.limits.inflight_messages = 2;
  broker.settings.strict_receive_maximum = true;
  broker.journal.durable = true;
  Client a(broker, Version::V5, "a", {.props = {.session_expiry_interval = 100}});
  a.must_subscribe("t", kQoS1);
  Client b(broker, Version::V5, "b");
  broker.journal.hold = true;
  for (PacketIdentifier id = 1; id <= 2; ++id) b.publish("t", "x", kQoS1, {.packet_id = id});
  b.expect_nothing();
  b.publish("t", "x", kQoS1, {.packet_id = 3});
  b.expect_disconnect(ReasonCode::ReceiveMaximumExceeded);
}

TEST_CASE("QoS 1 beyond the Receive Maximum waits until acknowledgements have left") {
  Broker broker;
  broker.limits.inflight_messages = 2;
  broker.journal.durable = true;
  Client watcher(broker, Version::V5, "watcher");
  watcher.must_subscribe("t");
  Client a(broker, Version::V5, "a");
  // Whose copy is what has to become durable:
  Client keeper(broker, Version::V5, "keeper", {.props = {.session_expiry_interval = 100}});
  keeper.must_subscribe("t", kQoS1);

  broker.journal.hold = true;
  a.together([&] {
    for (PacketIdentifier id = 1; id <= 4; ++id) {
      a.publish("t", std::to_string(id), kQoS1, {.packet_id = id});
    }
  });
  a.expect_nothing();
  watcher.expect_publish("t", "1");
  watcher.expect_publish("t", "2");
  watcher.expect_nothing();
  broker.journal.release();
  a.expect_bytes("40 02 00 01 40 02 00 02 40 02 00 03 40 02 00 04");
  watcher.expect_publish("t", "3");
  watcher.expect_publish("t", "4");
}

TEST_CASE(
    "before 5.0 open QoS 2 messages have a limit of their own, beyond it the connection is "
    "closed") {
  for (const Version version : {Version::V31, Version::V311}) {
    CAPTURE(version);
    Broker broker;
    broker.limits.inbound_qos2 = 3;
    broker.limits.inflight_messages = 1;  // which is no window of such a client
    Client a(broker, version, "a");
    for (PacketIdentifier id = 1; id <= 3; ++id) {
      a.publish("t", "x", kQoS2, {.packet_id = id});
      CHECK(a.expect(PacketType::Pubrec).packet_id == id);
    }
    a.pubrel(1);
    a.expect(PacketType::Pubcomp);
    a.publish("t", "x", kQoS2, {.packet_id = 4});
    CHECK(a.expect(PacketType::Pubrec).packet_id == 4);
    a.publish("t", "x", kQoS2, {.packet_id = 5});
    a.expect_closed();
  }
}

}  // namespace
}  // namespace midge::test
