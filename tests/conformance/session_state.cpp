// Session state: made, kept, found again, thrown away (MQTT 5.0 sections 3.1.2.4 and 4.1, 3.1.1
// sections 3.1.2.4 and 4.1).
#include "tests/conformance/session_options.hpp"
#include "tests/support/client.hpp"

namespace midge::test {
namespace {

TEST_CASE(
    "a kept session is found again with all it has [MQTT-3.1.2-5] [MQTT-3.1.2-23] [MQTT-3.1.4-4] "
    "[MQTT-3.1.2-4@3.1.1] [MQTT-3.1.2-5@3.1.1] [MQTT-3.1.4-3@3.1.1] [MQTT-4.1.0-1@3.1.1]") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    const ConnectOptions kept = kept_session(version);
    Client a(broker, version, "a", kept);
    a.must_subscribe("q1/+", kQoS1);
    a.must_subscribe("q2/+", kQoS2);
    a.must_subscribe("left", kQoS2);
    a.must_unsubscribe("left");
    Client other(broker, version, "other");
    // In flight: sent and not acknowledged, and released but not completed.
    other.must_publish("q1/a", "unacknowledged", kQoS1);
    other.must_publish("q2/a", "released", kQoS2);
    const Packet unacknowledged = a.expect_publish("q1/a", "unacknowledged");
    const Packet released = a.expect_publish("q2/a", "released");
    a.pubrec(released.packet_id);
    a.expect(PacketType::Pubrel);
    // Half received.
    a.publish("other", "half", kQoS2, {.packet_id = 77});
    a.expect(PacketType::Pubrec);
    a.drop();
    // While it is away.
    other.must_publish("q1/b", "queued 1", kQoS1);
    other.must_publish("left", "not for it", kQoS1);
    other.must_publish("q2/b", "queued 2", kQoS2);

    CHECK(a.reconnect(kept).session_present);
    const Packet resent = a.expect_publish("q1/a", "unacknowledged");
    CHECK(resent.dup);
    CHECK(resent.packet_id == unacknowledged.packet_id);
    CHECK(a.expect(PacketType::Pubrel).packet_id == released.packet_id);
    const Packet first = a.expect_publish("q1/b", "queued 1");
    CHECK(first.qos == kQoS1);
    CHECK_FALSE(first.dup);
    const Packet second = a.expect_publish("q2/b", "queued 2");
    CHECK(second.qos == kQoS2);
    CHECK_FALSE(second.dup);
    a.expect_nothing();
    // The identifier is still open, the message is not routed again.
    Client watcher(broker, version, "watcher");
    watcher.must_subscribe("other");
    a.publish("other", "half", kQoS2, {.dup = true, .packet_id = 77});
    CHECK(a.expect(PacketType::Pubrec).packet_id == 77);
    a.pubrel(77);
    CHECK(a.expect(PacketType::Pubcomp).reason == ReasonCode::Success);
    watcher.expect_nothing();
  }
}

TEST_CASE("a clean start throws the session away [MQTT-3.1.2-4] [MQTT-3.1.2-6@3.1.1]") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    const ConnectOptions kept = kept_session(version);
    Client a(broker, version, "a", kept);
    a.must_subscribe("t", kQoS2);
    Client other(broker, version, "other");
    other.must_publish("t", "in flight", kQoS1);
    a.expect_publish("t", "in flight");
    a.publish("elsewhere", "half", kQoS2, {.packet_id = 9});
    a.expect(PacketType::Pubrec);
    a.drop();
    other.must_publish("t", "waiting", kQoS2);

    ConnectOptions clean = kept;
    clean.clean_start = true;
    CHECK_FALSE(a.reconnect(clean).session_present);
    CHECK(broker.metrics.subscriptions == 0);
    CHECK(broker.metrics.queued_messages == 0);
    CHECK(broker.metrics.stored_messages == 0);
    other.must_publish("t", "later", kQoS1);
    a.expect_nothing();
    // The identifier is free: a PUBREL for it finds nothing.
    a.pubrel(9);
    const Packet pubcomp = a.expect(PacketType::Pubcomp);
    if (version == Version::V5) CHECK(pubcomp.reason == ReasonCode::PacketIdentifierNotFound);
  }
}

TEST_CASE("the state of a clean session is never used again [MQTT-3.1.2-6@3.1.1]") {
  struct Vector {
    const char* name;
    void (*end)(Client& a);
  };
  constexpr Vector kVectors[] = {
      {"DISCONNECT", [](Client& a) { a.disconnect(); }},
      {"the connection breaks", [](Client& a) { a.drop(); }},
      {"it is taken over", [](Client&) {}},
  };
  for (const Vector& v : kVectors) {
    for (const Version version : kAllVersions) {
      CAPTURE(v.name);
      CAPTURE(version);
      Broker broker;
      Client a(broker, version, "a", {.clean_start = true});
      a.must_subscribe("t", kQoS1);
      v.end(a);
      Client other(broker, version, "other");
      Client again(broker, version);
      CHECK_FALSE(again.must_connect("a", {.clean_start = false}).session_present);
      other.must_publish("t", "x", kQoS1);
      again.expect_nothing();
      CHECK(broker.metrics.subscriptions == 0);
    }
  }
}

TEST_CASE("without a stored session there is a new one [MQTT-3.1.2-6] [MQTT-3.1.2-4@3.1.1]") {
  for (const Version version : kBothVersions) {
    for (const bool clean_start : {false, true}) {
      CAPTURE(version);
      CAPTURE(clean_start);
      Broker broker;
      ConnectOptions options = kept_session(version);
      options.clean_start = clean_start;
      Client a(broker, version);
      CHECK_FALSE(a.must_connect("a", options).session_present);
      CHECK(broker.metrics.clients_total == 1);
      a.must_subscribe("t");
      a.publish("t", "x");
      a.expect_publish("t", "x");
    }
  }
}

TEST_CASE("messages queue for a client that is away, in order [MQTT-3.1.2-5@3.1.1]") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    const ConnectOptions kept = kept_session(version, 3'600);
    Client a(broker, version, "a", kept);
    a.must_subscribe("t", kQoS2);
    a.disconnect();
    Client other(broker, version, "other");
    for (int i = 0; i < 200; ++i) {
      other.must_publish("t", std::to_string(i), i % 2 == 0 ? kQoS1 : kQoS2);
    }
    broker.advance(10min);
    CHECK(a.reconnect(kept).session_present);
    for (int i = 0; i < 200; ++i) {
      const Packet publish = a.take(PacketType::Publish);
      CHECK(publish.payload == std::to_string(i));
      CHECK(publish.qos == (i % 2 == 0 ? kQoS1 : kQoS2));
      a.answer(publish);
    }
    a.expect_nothing();
    CHECK(broker.metrics.queued_messages == 0);
  }
}

TEST_CASE("QoS 0 that waits when the connection ends stays only if it is configured") {
  for (const Version version : kBothVersions) {
    for (const bool queued : {false, true}) {
      CAPTURE(version);
      CAPTURE(queued);
      Broker broker;
      broker.settings.queue_qos0_messages = queued;
      broker.limits.inflight_messages = 1;
      Client a(broker, version, "a", kept_session(version));
      a.must_subscribe("t", kQoS1);
      Client other(broker, version, "other");
      other.must_publish("t", "1", kQoS1);
      other.must_publish("t", "2", kQoS1);
      other.must_publish("t", "behind them", kQoS0);
      a.expect_publish("t", "1");
      a.expect_nothing();
      a.drop();
      CHECK(a.reconnect(kept_session(version)).session_present);
      a.answer(a.expect_publish("t", "1"));
      a.answer(a.expect_publish("t", "2"));
      if (queued) a.expect_publish("t", "behind them");
      a.expect_nothing();
    }
  }
}

TEST_CASE("retained messages outlive sessions [MQTT-3.1.2-7@3.1.1]") {
  for (const Version version : kBothVersions) {
    for (const bool clean_start : {false, true}) {
      CAPTURE(version);
      CAPTURE(clean_start);
      Broker broker;
      Client a(broker, version, "a", {.clean_start = clean_start});
      a.must_publish("t", "x", kQoS1, {.retain = true});
      a.disconnect();
      Client again(broker, version, "a", {.clean_start = true});
      again.disconnect();
      broker.advance(24h);
      Client late(broker, version, "late");
      late.must_subscribe("t");
      late.expect_publish("t", "x");
    }
  }
}

TEST_CASE("a connected session has all its state, however long [MQTT-4.1.0-1]") {
  for (const std::optional<std::uint32_t> expiry :
       {std::optional<std::uint32_t>{}, std::optional<std::uint32_t>{0},
        std::optional<std::uint32_t>{1}}) {
    CAPTURE(expiry);
    Broker broker;
    Client a(broker, Version::V5, "a", {.props = {.session_expiry_interval = expiry}});
    a.must_subscribe("t", kQoS2);
    a.publish("elsewhere", "half", kQoS2, {.packet_id = 9});
    a.expect(PacketType::Pubrec);
    Client other(broker, Version::V5, "other");
    other.must_publish("t", "open", kQoS2);
    const Packet open = a.expect_publish("t", "open");
    broker.advance(24h * 30);
    a.expect_nothing();
    a.pubrec(open.packet_id);
    CHECK(a.expect(PacketType::Pubrel).reason == ReasonCode::Success);
    a.pubrel(9);
    CHECK(a.expect(PacketType::Pubcomp).reason == ReasonCode::Success);
    other.must_publish("t", "x", kQoS1);
    a.expect_publish("t", "x");
  }
}

TEST_CASE("a session lasts at least as long as its connection [MQTT-4.1.0-2@3.1.1]") {
  for (const Version version : {Version::V31, Version::V311}) {
    for (const bool clean : {false, true}) {
      CAPTURE(version);
      CAPTURE(clean);
      Broker broker;
      broker.settings.persistent_client_expiration = std::chrono::seconds(1);
      Client a(broker, version, "a", {.clean_start = clean});
      a.must_subscribe("t", kQoS1);
      broker.advance(24h * 30);
      Client other(broker, version, "other");
      other.must_publish("t", "x", kQoS1);
      a.expect_publish("t", "x");
    }
  }
}

TEST_CASE("a client may change its version between connections") {
  Broker broker;
  Client old(broker, Version::V311, "a", {.clean_start = false});
  old.must_subscribe("t", kQoS1);
  old.disconnect();
  Client other(broker, Version::V5, "other");
  other.must_publish("t", "one", kQoS1, {.props = {.content_type = "c"}});

  Client now(broker, Version::V5);
  CHECK(now.must_connect("a", kept_session(Version::V5)).session_present);
  CHECK(now.expect_publish("t", "one").props.content_type == "c");
  now.close();
  Client back(broker, Version::V311);
  CHECK(back.must_connect("a", {.clean_start = false}).session_present);
  const Packet again = back.expect_publish("t", "one");
  CHECK(again.dup);
  back.puback(again.packet_id);
  back.expect_nothing();
}

TEST_CASE("a session with thousands of subscriptions ends, and its client id is free at once") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client b(broker, version, "b");
    Client a(broker, version, "a");
    std::vector<Filter> filters;
    for (int i = 0; i < 5'000; ++i) {
      filters.push_back({.filter = "t/" + std::to_string(i % 2'500) + (i < 2'500 ? "" : "/+")});
    }
    a.subscribe(filters);
    a.expect(PacketType::Suback);
    CHECK(broker.metrics.subscriptions == 5'000);
    broker.at_once([&] {
      a.drop();
      b.publish("t/1", "x", kQoS1);
    });
    b.expect(PacketType::Puback);
    a.reconnect();
    b.must_publish("t/2", "x", kQoS1);
    a.expect_nothing();
    CHECK(broker.metrics.subscriptions == 0);
    CHECK(broker.metrics.clients_total == 2);
  }
}

}  // namespace
}  // namespace midge::test
