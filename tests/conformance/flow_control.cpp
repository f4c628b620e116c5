// Flow control (MQTT 5.0 sections 4.9 and 3.3.4): Receive Maximum in both directions, and what
// limits clients before 5.0.
#include "tests/support/client.hpp"

namespace midge::test {
namespace {

const ConnectOptions kPersistent{.clean_start = false, .props = {.session_expiry_interval = 3'600}};

ConnectOptions with_receive_maximum(std::uint16_t maximum) {
  ConnectOptions options = kPersistent;
  options.props.receive_maximum = maximum;
  return options;
}

// ---- the broker sends

TEST_CASE(
    "the quota of a new connection is the client's Receive Maximum [MQTT-4.9.0-1] "
    "[MQTT-4.9.0-2]") {
  for (const int number : {1, 2, 7}) {
    for (const QoS qos : {kQoS1, kQoS2}) {
      const auto maximum = static_cast<std::uint16_t>(number);
      CAPTURE(maximum);
      CAPTURE(qos);
      Broker broker;
      Client a(broker, Version::V5, "a", with_receive_maximum(maximum));
      a.must_subscribe("t", qos);
      Client publisher(broker, Version::V5, "publisher");
      for (int i = 0; i < 10; ++i) publisher.must_publish("t", std::to_string(i), qos);
      std::vector<Packet> got = a.all();
      CHECK(got.size() == maximum);
      broker.advance(60s);
      a.expect_nothing();
      // Each that is over makes room for one.
      for (int i = maximum; i < 10; ++i) {
        a.answer(got[static_cast<std::size_t>(i - maximum)]);
        got.push_back(a.expect_publish("t", std::to_string(i)));
        a.expect_nothing();
      }
    }
  }
}

TEST_CASE("without a Receive Maximum the client takes what the broker's own limit allows") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    broker.limits.inflight_messages = 30;
    Client a(broker, version, "a");
    a.must_subscribe("t", kQoS1);
    Client publisher(broker, version, "publisher");
    for (int i = 0; i < 40; ++i) publisher.must_publish("t", "x", kQoS1);
    CHECK(a.all().size() == 30);
  }
}

TEST_CASE("PUBREC gives nothing back, PUBCOMP and a PUBREC of 0x80 or above do [MQTT-4.9.0-2]") {
  Broker broker;
  Client a(broker, Version::V5, "a", with_receive_maximum(1));
  a.must_subscribe("t", kQoS2);
  Client publisher(broker, Version::V5, "publisher");
  for (const char* payload : {"1", "2", "3"}) publisher.must_publish("t", payload, kQoS2);
  const PacketIdentifier first = a.expect_publish("t", "1").packet_id;
  a.pubrec(first);
  a.expect(PacketType::Pubrel);
  a.expect_nothing();
  a.pubcomp(first);
  const PacketIdentifier second = a.expect_publish("t", "2").packet_id;
  a.expect_nothing();
  a.pubrec(second, ReasonCode::QuotaExceeded);
  a.expect_publish("t", "3");
}

TEST_CASE("an acknowledgement that belongs to nothing gives nothing [MQTT-4.9.0-2]") {
  Broker broker;
  Client a(broker, Version::V5, "a", with_receive_maximum(1));
  a.must_subscribe("t", kQoS2);
  Client publisher(broker, Version::V5, "publisher");
  for (const char* payload : {"1", "2", "3"}) publisher.must_publish("t", payload, kQoS2);
  const PacketIdentifier first = a.expect_publish("t", "1").packet_id;
  a.puback(900);
  a.pubcomp(900);
  a.pubrec(900, ReasonCode::QuotaExceeded);
  a.expect_nothing();
  a.pubrec(first);
  a.expect(PacketType::Pubrel);
  a.pubcomp(first);
  a.pubcomp(first);  // once more
  a.expect_publish("t", "2");
  a.expect_nothing();
}

TEST_CASE("with a quota of 0 all other packets go on [MQTT-4.9.0-3]") {
  Broker broker;
  Client a(broker, Version::V5, "a", with_receive_maximum(1));
  a.must_subscribe("t", kQoS2);
  a.must_subscribe("q0", kQoS0);
  Client publisher(broker, Version::V5, "publisher");
  publisher.must_publish("t", "1", kQoS2);
  const PacketIdentifier first = a.expect_publish("t", "1").packet_id;
  a.expect_nothing();

  publisher.publish("q0", "x");
  a.expect_publish("q0", "x");
  a.ping();
  a.expect(PacketType::Pingresp);
  a.must_subscribe("other", kQoS1);
  a.must_unsubscribe("other");
  a.must_publish("elsewhere", "1", kQoS1);
  a.must_publish("elsewhere", "2", kQoS2);
  a.pubrec(first);
  CHECK(a.expect(PacketType::Pubrel).packet_id == first);
  a.ping();
  a.expect(PacketType::Pingresp);
  a.expect_nothing();
}

TEST_CASE("a resend takes quota, and an inherited PUBREL does not [MQTT-4.9.0-1] [MQTT-4.9.0-2]") {
  Broker broker;
  Client a(broker, Version::V5, "a", with_receive_maximum(4));
  a.must_subscribe("t", kQoS2);
  Client publisher(broker, Version::V5, "publisher");
  for (const char* payload : {"1", "2", "3", "4"}) publisher.must_publish("t", payload, kQoS2);
  CHECK(a.all().size() == 4);
  a.pubrec(1);
  a.pubrec(2);
  CHECK(a.all().size() == 2);
  for (const char* payload : {"5", "6"}) publisher.must_publish("t", payload, kQoS2);
  a.expect_nothing();

  // A smaller window this time. PUBRELs need none of it.
  a.reconnect(with_receive_maximum(1));
  CHECK(a.expect(PacketType::Pubrel).packet_id == 1);
  CHECK(a.expect(PacketType::Pubrel).packet_id == 2);
  const Packet third = a.expect_publish("t", "3");
  CHECK(third.dup);
  a.expect_nothing();
  // Their PUBCOMPs give nothing either: they took nothing.
  a.pubcomp(1);
  a.pubcomp(2);
  a.expect_nothing();
  a.answer(third);
  const Packet fourth = a.expect_publish("t", "4");
  CHECK(fourth.dup);
  a.expect_nothing();
  a.answer(fourth);
  const Packet fifth = a.expect_publish("t", "5");
  CHECK_FALSE(fifth.dup);
  a.expect_nothing();
  a.answer(fifth);
  a.answer(a.expect_publish("t", "6"));
  a.expect_nothing();
}

TEST_CASE("a Receive Maximum is gone with its connection [MQTT-4.9.0-1]") {
  Broker broker;
  Client a(broker, Version::V5, "a", with_receive_maximum(1));
  a.must_subscribe("t", kQoS1);
  Client publisher(broker, Version::V5, "publisher");
  for (int i = 0; i < 5; ++i) publisher.must_publish("t", std::to_string(i), kQoS1);
  CHECK(a.all().size() == 1);
  a.reconnect(with_receive_maximum(3));
  CHECK(a.all().size() == 3);
  a.reconnect(kPersistent);
  CHECK(a.all().size() == 5);
}

TEST_CASE("payloads in flight are limited too where that is configured") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    broker.limits.inflight_bytes = 250;
    Client a(broker, version, "a");
    a.must_subscribe("t", kQoS1);
    Client publisher(broker, version, "publisher");
    publisher.must_publish("t", std::string(1'000, 'x'), kQoS1);  // one goes out in any case
    for (int i = 0; i < 5; ++i) publisher.must_publish("t", std::string(100, 'y'), kQoS1);
    const Packet large = a.expect_publish("t", std::string(1'000, 'x'));
    a.expect_nothing();
    a.answer(large);
    CHECK(a.all().size() == 2);
  }
}

// ---- the broker receives

TEST_CASE("CONNACK says how many the broker takes, and takes them [MQTT-3.3.4-7] [MQTT-4.9.0-1]") {
  for (const QoS qos : {kQoS1, kQoS2}) {
    CAPTURE(qos);
    Broker broker;
    broker.limits.inflight_messages = 5;
    Client a(broker, Version::V5);
    CHECK(a.must_connect("a").props.receive_maximum == std::uint16_t{5});
    // In one turn, so that no acknowledgement has left when the last comes.
    a.together([&] {
      for (int i = 0; i < 5; ++i) a.publish("t", "x", qos);
    });
    CHECK(a.all().size() == 5);
    a.expect_nothing();
  }
}

TEST_CASE("a QoS 2 PUBLISH beyond the Receive Maximum is 0x93") {
  for (const bool strict : {false, true}) {
    CAPTURE(strict);
    Broker broker;
    broker.limits.inflight_messages = 3;
    broker.settings.strict_receive_maximum = strict;
    Client watcher(broker, Version::V5, "watcher");
    watcher.must_subscribe("t");
    Client a(broker, Version::V5, "a");
    for (int i = 0; i < 3; ++i) a.publish("t", "x", kQoS2);
    CHECK(a.all().size() == 3);
    CHECK(watcher.all().size() == 3);
    a.publish("t", "beyond", kQoS2);
    a.expect_disconnect(ReasonCode::ReceiveMaximumExceeded);
    watcher.expect_nothing();
    CHECK(broker.metrics[Cause::ReceiveMaximumExceeded] == 1);
  }
}

TEST_CASE("what ends a QoS 2 message makes room for another") {
  Broker broker;
  broker.limits.inflight_messages = 2;
  broker.authorizer.deny_publish("secret");
  Client a(broker, Version::V5, "a");
  a.publish("t", "1", kQoS2, {.packet_id = PacketIdentifier{1}});
  a.publish("t", "2", kQoS2, {.packet_id = PacketIdentifier{2}});
  CHECK(a.all().size() == 2);
  // A duplicate of an open one is not one more.
  a.publish("t", "2", kQoS2, {.dup = true, .packet_id = PacketIdentifier{2}});
  CHECK(a.expect(PacketType::Pubrec).packet_id == 2);
  a.pubrel(1);
  CHECK(a.expect(PacketType::Pubcomp).packet_id == 1);
  a.pubrel(1);  // a PUBREL for nothing gives no second
  CHECK(a.expect(PacketType::Pubcomp).reason == ReasonCode::PacketIdentifierNotFound);
  // Refused ones are over with their PUBREC.
  for (PacketIdentifier id = 10; id < 20; ++id) {
    a.publish("secret", "x", kQoS2, {.packet_id = id});
    CHECK(a.expect(PacketType::Pubrec).reason == ReasonCode::NotAuthorized);
  }
  a.publish("t", "3", kQoS2, {.packet_id = PacketIdentifier{3}});
  CHECK(a.expect(PacketType::Pubrec).packet_id == 3);
  a.publish("t", "4", kQoS2, {.packet_id = PacketIdentifier{4}});
  a.expect_disconnect(ReasonCode::ReceiveMaximumExceeded);
}

TEST_CASE("the client's quota is full again at a new connection: what it inherits takes none") {
  Broker broker;
  broker.limits.inflight_messages = 2;
  Client a(broker, Version::V5, "a", kPersistent);
  a.publish("t", "1", kQoS2, {.packet_id = PacketIdentifier{1}});
  a.publish("t", "2", kQoS2, {.packet_id = PacketIdentifier{2}});
  CHECK(a.all().size() == 2);
  a.reconnect(kPersistent);
  a.publish("t", "3", kQoS2, {.packet_id = PacketIdentifier{3}});
  a.publish("t", "4", kQoS2, {.packet_id = PacketIdentifier{4}});
  CHECK(a.all().size() == 2);
  // An inherited PUBREL gives none back either.
  a.pubrel(1);
  CHECK(a.expect(PacketType::Pubcomp).reason == ReasonCode::Success);
  a.publish("t", "5", kQoS2, {.packet_id = PacketIdentifier{5}});
  a.expect_disconnect(ReasonCode::ReceiveMaximumExceeded);
}

TEST_CASE("a QoS 1 PUBLISH beyond the Receive Maximum waits until acknowledgements have left") {
  Broker broker;
  broker.limits.inflight_messages = 3;
  Client watcher(broker, Version::V5, "watcher");
  watcher.must_subscribe("t", kQoS0);
  Client a(broker, Version::V5, "a");
  a.together([&] {
    for (int i = 0; i < 20; ++i) a.publish("t", std::to_string(i), kQoS1);
  });
  for (PacketIdentifier id = 1; id <= 20; ++id) {
    CHECK(a.expect(PacketType::Puback).packet_id == id);
  }
  a.expect_nothing();
  for (int i = 0; i < 20; ++i) watcher.expect_publish("t", std::to_string(i));
  CHECK(broker.metrics[Cause::ReceiveMaximumExceeded] == 0);
}

TEST_CASE("a client that does not read its PUBACKs is not read either") {
  Broker broker;
  broker.limits.inflight_messages = 3;
  Client watcher(broker, Version::V5, "watcher");
  watcher.must_subscribe("t", kQoS0);
  Client a(broker, Version::V5, "a");
  a.link().options().client_window = 4;  // one PUBACK
  a.link().options().send_buffer = 4;
  a.link().stop_reading();
  for (int i = 0; i < 20; ++i) a.publish("t", std::to_string(i), kQoS1);
  const std::size_t before = watcher.all().size();
  CHECK(before >= 3);
  CHECK(before <= 6);  // three open, and what has left for window and buffer
  broker.advance(10s);
  watcher.expect_nothing();
  a.link().start_reading();
  CHECK(a.all().size() == 20);
  CHECK(watcher.all().size() == 20 - before);
}

TEST_CASE("strict_receive_maximum: a QoS 1 PUBLISH beyond it is 0x93") {
  Broker broker;
  broker.limits.inflight_messages = 3;
  broker.settings.strict_receive_maximum = true;
  Client watcher(broker, Version::V5, "watcher");
  watcher.must_subscribe("t", kQoS0);
  Client a(broker, Version::V5, "a");
  // One after the other they are never more than one.
  for (int i = 0; i < 10; ++i) a.must_publish("t", "x", kQoS1);
  CHECK(watcher.all().size() == 10);
  a.together([&] {
    for (int i = 0; i < 4; ++i) a.publish("t", std::to_string(i), kQoS1);
  });
  for (int i = 0; i < 3; ++i) {
    a.expect(PacketType::Puback);
    watcher.expect_publish("t", std::to_string(i));
  }
  a.expect_disconnect(ReasonCode::ReceiveMaximumExceeded);
  watcher.expect_nothing();
}

TEST_CASE("a QoS 1 PUBLISH that could only wait for the client's own PUBRELs behind it is 0x93") {
  Broker broker;
  broker.limits.inflight_messages = 2;
  Client a(broker, Version::V5, "a");
  a.publish("t", "1", kQoS2);
  a.publish("t", "2", kQoS2);
  CHECK(a.all().size() == 2);
  a.publish("t", "3", kQoS1);
  a.expect_disconnect(ReasonCode::ReceiveMaximumExceeded);
}

TEST_CASE("QoS 0 is not counted") {
  Broker broker;
  broker.limits.inflight_messages = 1;
  Client watcher(broker, Version::V5, "watcher");
  watcher.must_subscribe("t");
  Client a(broker, Version::V5, "a");
  a.publish("u", "open", kQoS2);
  a.expect(PacketType::Pubrec);
  a.together([&] {
    for (int i = 0; i < 50; ++i) a.publish("t", "x");
  });
  a.expect_nothing();
  CHECK(watcher.all().size() == 50);
}

TEST_CASE("before 5.0 there is no window, but a limit of open QoS 2 messages of its own") {
  for (const Version version : {Version::V31, Version::V311}) {
    CAPTURE(version);
    Broker broker;
    broker.limits.inflight_messages = 3;
    broker.limits.inbound_qos2 = 10;
    Client watcher(broker, version, "watcher");
    watcher.must_subscribe("t");
    Client a(broker, version, "a", {.clean_start = false});
    a.together([&] {
      for (int i = 0; i < 20; ++i) a.publish("u", "x", kQoS1);
    });
    CHECK(a.all().size() == 20);
    for (PacketIdentifier id = 1; id <= 10; ++id)
      a.publish("t", "x", kQoS2, {.packet_id = PacketIdentifier{id}});
    CHECK(a.all().size() == 10);
    a.publish("t", "x", kQoS2, {.dup = true, .packet_id = PacketIdentifier{10}});
    a.expect(PacketType::Pubrec);  // a duplicate is not one more
    a.publish("u", "x", kQoS1);
    a.expect(PacketType::Puback);
    a.pubrel(1);
    a.expect(PacketType::Pubcomp);
    a.publish("t", "x", kQoS2, {.packet_id = PacketIdentifier{11}});
    a.expect(PacketType::Pubrec);
    CHECK(watcher.all().size() == 11);
    a.publish("t", "x", kQoS2, {.packet_id = PacketIdentifier{12}});
    a.expect_closed();
    watcher.expect_nothing();
    // The session remembers them, so that a new connection does not help ...
    a.reconnect({.clean_start = false});
    a.publish("t", "x", kQoS2, {.packet_id = PacketIdentifier{12}});
    a.expect_closed();
    // ... but PUBRELs do.
    a.reconnect({.clean_start = false});
    for (PacketIdentifier id = 2; id <= 11; ++id) a.pubrel(id);
    CHECK(a.all().size() == 10);
    a.publish("t", "x", kQoS2, {.packet_id = PacketIdentifier{12}});
    a.expect(PacketType::Pubrec);
  }
}

}  // namespace
}  // namespace midge::test
