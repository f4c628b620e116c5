// A PUBLISH that is well-formed but not allowed is refused alone: reason codes (MQTT 5.0 sections
// 3.4.2.1 and 3.5.2.1), the ordinary acknowledgement before 5.0 (3.1.1 section 3.3.5).
#include "tests/support/client.hpp"

namespace midge::test {
namespace {

// Publishes `payload` on `topic` at every QoS, retained and not, with what should be refused.
struct Refusal {
  const char* name;
  std::string topic;
  std::string payload;
  ReasonCode reason;
  Cause cause;
};

// QoS 0 is dropped, QoS 1 and 2 get `reason` (before 5.0: the ordinary acknowledgement); nobody
// receives or keeps it, it is counted, and the connection goes on.
void check_refused(Broker& broker, Version version, const Refusal& refusal) {
  CAPTURE(version);
  CAPTURE(refusal.name);
  const bool v5 = version == Version::V5;
  const ReasonCode reason = v5 ? refusal.reason : ReasonCode::Success;
  Client watcher(broker, version, "watcher");
  watcher.must_subscribe("#", kQoS2);
  watcher.must_subscribe(refusal.topic, kQoS2);
  Client a(broker, version, "a");
  for (const bool retain : {false, true}) {
    CAPTURE(retain);
    const std::uint64_t refused = broker.metrics[refusal.cause];
    const std::uint64_t dropped = broker.metrics.publish_dropped;

    a.publish(refusal.topic, refusal.payload, kQoS0, {.retain = retain});
    a.expect_nothing();
    CHECK(broker.metrics[refusal.cause] == refused + 1);

    a.publish(refusal.topic, refusal.payload, kQoS1, {.retain = retain, .packet_id = 7});
    const Packet puback = a.expect(PacketType::Puback);
    CHECK(puback.packet_id == 7);
    CHECK(puback.reason == reason);
    a.expect_nothing();

    a.publish(refusal.topic, refusal.payload, kQoS2, {.retain = retain, .packet_id = 8});
    const Packet pubrec = a.expect(PacketType::Pubrec);
    CHECK(pubrec.packet_id == 8);
    CHECK(pubrec.reason == reason);
    if (!v5) {
      a.pubrel(8);
      CHECK(a.expect(PacketType::Pubcomp).packet_id == 8);
    }
    a.expect_nothing();
    CHECK(broker.metrics[refusal.cause] == refused + 3);
    CHECK(broker.metrics.publish_dropped == dropped + 3);

    // A refused PUBREC frees the identifier: it serves for a new message at once.
    a.must_publish("fine", "x", kQoS2, {.packet_id = 8});
    const Packet fine = watcher.expect_publish("fine", "x");
    watcher.answer(fine);
    watcher.expect_nothing();
  }
  CHECK(broker.metrics.retained_messages == 0);
}

TEST_CASE(
    "a PUBLISH that its client may not send gets 0x87, before 5.0 the ordinary acknowledgement "
    "[MQTT-3.3.5-2@3.1.1] [MQTT-3.4.2-1] [MQTT-3.5.2-1]") {
  for (const Version version : kAllVersions) {
    Broker broker;
    broker.authorizer.deny_publish("secret/#");
    for (const char* topic : {"secret", "secret/a", "secret/a/b"}) {
      check_refused(broker, version,
                    {"denied", topic, "x", ReasonCode::NotAuthorized, Cause::PublishDenied});
    }
  }
}

TEST_CASE("what the broker keeps for itself can't be published: 0x87") {
  for (const Version version : kAllVersions) {
    Broker broker;
    for (const char* topic :
         {"$SYS/broker/uptime", "$SYS", "$SYS/", "$SYS/broker/connection/me",
          "$SYS/broker/connection/state", "$SYS/broker/connection/a/b/state",
          "$SYS/broker/connection/a/state/x", "$CONTROL", "$CONTROL/dynamic-security/v1"}) {
      check_refused(broker, version,
                    {topic, topic, "x", ReasonCode::NotAuthorized, Cause::PublishDenied});
    }
  }
}

TEST_CASE("other topics that begin with $ are topics like others, bridges' states too") {
  for (const Version version : kAllVersions) {
    for (const char* topic : {"$SYS/broker/connection/cloud.edge/state", "$SYSTEM/x", "$sys/x",
                              "$CONTROLS", "$", "$a/b"}) {
      CAPTURE(version);
      CAPTURE(topic);
      Broker broker;
      Client all(broker, version, "all");
      all.must_subscribe("#");
      Client one(broker, version, "one");
      one.must_subscribe(topic, kQoS1);
      Client a(broker, version, "a");
      a.publish(topic, "1", kQoS1, {.retain = true});
      CHECK(a.expect(PacketType::Puback).reason == ReasonCode::Success);
      one.expect_publish(topic, "1");
      all.expect_nothing();
      CHECK(broker.metrics.retained_messages == 1);
    }
  }
}

TEST_CASE("a topic with more levels than allowed gets 0x90") {
  for (const Version version : kAllVersions) {
    Broker broker;
    broker.limits.topic_levels = 3;
    // A watcher can't subscribe to these themselves, so it has `#` alone.
    for (const char* topic : {"a/b/c/d", "///", "a/b/c/", "/a/b/c"}) {
      CAPTURE(version);
      CAPTURE(topic);
      const bool v5 = version == Version::V5;
      Client watcher(broker, version, "watcher");
      watcher.must_subscribe("#", kQoS2);
      Client a(broker, version, "a");
      const std::uint64_t refused = broker.metrics[Cause::TopicInvalid];
      a.publish(topic, "x", kQoS0, {.retain = true});
      a.expect_nothing();
      a.publish(topic, "x", kQoS1, {.retain = true, .packet_id = 7});
      const ReasonCode reason = v5 ? ReasonCode::TopicNameInvalid : ReasonCode::Success;
      CHECK(a.expect(PacketType::Puback).reason == reason);
      a.publish(topic, "x", kQoS2, {.retain = true, .packet_id = 8});
      CHECK(a.expect(PacketType::Pubrec).reason == reason);
      CHECK(broker.metrics[Cause::TopicInvalid] == refused + 3);
      watcher.expect_nothing();
      CHECK(broker.metrics.retained_messages == 0);

      a.publish("a/b/c", "x", kQoS1);
      CHECK(a.expect(PacketType::Puback).reason == ReasonCode::Success);
      watcher.expect_publish("a/b/c", "x");
    }
  }
}

TEST_CASE(
    "a payload over message_size_limit gets 0x97, before 5.0 it is acknowledged and dropped") {
  for (const Version version : kAllVersions) {
    // Handled whole, collected from pieces, or read over as it comes.
    for (const std::uint32_t limit : {10U, 2'000U, 5'000U, 100'000U}) {
      CAPTURE(limit);
      Broker broker;
      broker.limits.payload_bytes = limit;
      check_refused(broker, version,
                    {"one byte too many", "t", std::string(limit + 1, 'x'),
                     ReasonCode::QuotaExceeded, Cause::PayloadTooLarge});
      Client watcher(broker, version, "watcher");
      watcher.must_subscribe("t", kQoS1);
      Client a(broker, version, "a");
      const std::string most(limit, 'y');
      a.publish("t", most, kQoS1);
      CHECK(a.expect(PacketType::Puback).reason == ReasonCode::Success);
      watcher.expect_publish("t", most);
    }
  }
}

TEST_CASE("a payload limit counts the payload alone") {
  Broker broker;
  broker.limits.payload_bytes = 1;
  Client a(broker, Version::V5, "a");
  a.must_subscribe("a/rather/long/topic");
  const Properties props{.correlation_data = std::string(1'000, 'c')};
  a.publish("a/rather/long/topic", "x", kQoS0, {.props = props});
  CHECK(a.expect_publish("a/rather/long/topic", "x").props == props);
}

TEST_CASE("a limit of 0 lets only empty payloads through") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    broker.limits.payload_bytes = 0;
    Client a(broker, version, "a");
    a.must_subscribe("t");
    a.publish("t", "x");
    a.expect_nothing();
    a.publish("t", "");
    a.expect_publish("t", "");
  }
}

TEST_CASE("QoS above what the listener takes ends the connection with 0x9B") {
  for (const Version version : kBothVersions) {
    for (const QoS most : {kQoS0, kQoS1}) {
      CAPTURE(version);
      CAPTURE(most);
      Broker broker;
      broker.listener.max_qos = most;
      Client watcher(broker, version, "watcher");
      watcher.must_subscribe("t");
      Client a(broker, version, "a");
      a.must_publish("t", "x", most);
      watcher.expect_publish("t", "x");
      a.publish("t", "y", most == kQoS0 ? kQoS1 : kQoS2);
      a.expect_disconnect(ReasonCode::QoSNotSupported);
      watcher.expect_nothing();
    }
  }
}

TEST_CASE("RETAIN where retained messages are switched off ends the connection with 0x9A") {
  for (const Version version : kBothVersions) {
    for (const QoS qos : kEveryQoS) {
      CAPTURE(version);
      CAPTURE(qos);
      Broker broker;
      broker.settings.retain_available = false;
      Client watcher(broker, version, "watcher");
      watcher.must_subscribe("t");
      Client a(broker, version, "a");
      a.publish("t", "x", qos, {.retain = true});
      a.expect_disconnect(ReasonCode::RetainNotSupported);
      watcher.expect_nothing();
      CHECK(broker.metrics.retained_messages == 0);
      CHECK(broker.metrics[Cause::RetainNotSupported] == 1);
    }
  }
}

}  // namespace
}  // namespace midge::test
