// What a subscription delivers (MQTT 5.0 and 3.1.1, section 3.8.4 and 3.3.4): its QoS, overlapping
// subscriptions, No Local.
#include <algorithm>

#include "tests/support/client.hpp"

namespace midge::test {
namespace {

TEST_CASE(
    "a delivery has the lower QoS of the published and the granted one "
    "[MQTT-3.8.4-8] [MQTT-3.8.4-6@3.1.1]") {
  for (const Version version : kAllVersions) {
    for (const QoS published : kEveryQoS) {
      for (const QoS granted : kEveryQoS) {
        CAPTURE(version);
        CAPTURE(published);
        CAPTURE(granted);
        Broker broker;
        Client a(broker, version, "a");
        a.must_subscribe("t", granted);
        Client publisher(broker, version, "publisher");
        publisher.must_publish("t", "x", published);
        const Packet p = a.expect_publish("t", "x");
        CHECK(p.qos == (published < granted ? published : granted));
        a.answer(p);
        a.expect_nothing();
      }
    }
  }
}

TEST_CASE("upgrade_outgoing_qos delivers with the granted QoS, waiting messages too") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    broker.settings.upgrade_outgoing_qos = true;
    ConnectOptions keeps{.clean_start = false};
    if (version == Version::V5) keeps.props.session_expiry_interval = 100;
    Client a(broker, version, "a", keeps);
    a.must_subscribe("one", kQoS1);
    a.must_subscribe("two", kQoS2);
    a.must_subscribe("zero", kQoS0);
    Client publisher(broker, version, "publisher");
    publisher.publish("one", "x");
    publisher.publish("two", "x");
    publisher.must_publish("zero", "x", kQoS2);  // and never above it
    for (const QoS qos : {kQoS1, kQoS2, kQoS0}) {
      const Packet p = a.expect_publish();
      CHECK(p.qos == qos);
      a.answer(p);
    }
    a.disconnect();
    publisher.publish("one", "away");
    a.reconnect(keeps);
    CHECK(a.expect_publish("one", "away").qos == kQoS1);
    a.expect_nothing();
  }
}

// ---- overlapping subscriptions: one copy, as mosquitto-compat.md decides

TEST_CASE("overlapping subscriptions give one copy with the highest QoS of them [MQTT-3.3.4-2]") {
  struct Vector {
    const char* name;
    std::vector<Filter> filters;
    QoS qos;
  };
  const Vector kVectors[] = {
      {"0 and 1", {{.filter = "t/#", .qos = kQoS0}, {.filter = "t/1", .qos = kQoS1}}, kQoS1},
      {"1 and 0", {{.filter = "t/#", .qos = kQoS1}, {.filter = "t/1", .qos = kQoS0}}, kQoS1},
      {"0, 2 and 1",
       {{.filter = "#", .qos = kQoS0},
        {.filter = "t/+", .qos = kQoS2},
        {.filter = "t/1", .qos = kQoS1}},
       kQoS2},
      {"0 and 0", {{.filter = "+/1", .qos = kQoS0}, {.filter = "t/+", .qos = kQoS0}}, kQoS0},
  };
  for (const Version version : kAllVersions) {
    for (const Vector& v : kVectors) {
      CAPTURE(version);
      CAPTURE(v.name);
      Broker broker;
      Client a(broker, version, "a");
      a.subscribe(v.filters);
      a.expect(PacketType::Suback);
      Client publisher(broker, version, "publisher");
      publisher.must_publish("t/1", "x", kQoS2);
      const Packet p = a.expect_publish("t/1", "x");
      CHECK(p.qos == v.qos);
      a.answer(p);
      a.expect_nothing();
    }
  }
}

TEST_CASE("the one copy carries the identifiers of all matching subscriptions [MQTT-3.3.4-4]") {
  Broker broker;
  Client a(broker, Version::V5, "a");
  // More of them than a delivery has room for in itself.
  const char* const filters[] = {"a/b/c", "a/b/+", "a/+/c", "+/b/c", "a/b/#", "a/#",
                                 "#",     "+/+/+", "a/+/#", "+/b/#", "+/#",   "a/+/+"};
  std::vector<std::uint32_t> expected;
  std::uint32_t identifier = 0;
  for (const char* filter : filters) {
    a.must_subscribe(filter, kQoS1, {.props = {.subscription_identifier = ++identifier}});
    expected.push_back(identifier);
  }
  a.must_subscribe("a/b/c/#", kQoS1);  // matches, has none
  a.must_subscribe("a/b", kQoS1, {.props = {.subscription_identifier = 1'000}});  // no match
  a.publish("a/b/c", "x", kQoS1);
  a.take(PacketType::Puback);
  const Packet p = a.expect_publish("a/b/c", "x");
  std::vector<std::uint32_t> got = p.props.subscription_ids;
  std::sort(got.begin(), got.end());
  CHECK(got == expected);
  a.expect_nothing();
}

TEST_CASE("two subscriptions with the same identifier name it twice [MQTT-3.3.4-4]") {
  Broker broker;
  Client a(broker, Version::V5, "a");
  a.must_subscribe("t", kQoS0, {.props = {.subscription_identifier = 5}});
  a.must_subscribe("#", kQoS0, {.props = {.subscription_identifier = 5}});
  a.publish("t", "x");
  a.expect_bytes("30 09 00 01 74 04 0b 05 0b 05 78");
}

TEST_CASE("the one copy keeps RETAIN if any of its subscriptions has Retain As Published") {
  for (const bool first : {true, false}) {
    for (const bool second : {true, false}) {
      CAPTURE(first);
      CAPTURE(second);
      Broker broker;
      Client a(broker, Version::V5, "a");
      a.must_subscribe("t/#", kQoS0, {.retain_as_published = first});
      a.must_subscribe("t/1", kQoS0, {.retain_as_published = second});
      Client publisher(broker, Version::V5, "publisher");
      publisher.publish("t/1", "x", kQoS0, {.retain = true});
      CHECK(a.expect_publish("t/1", "x").retain == (first || second));
      a.expect_nothing();
      publisher.publish("t/1", "y");
      CHECK_FALSE(a.expect_publish("t/1", "y").retain);
    }
  }
}

TEST_CASE("an absent client's overlapping subscriptions give one copy and all identifiers") {
  // The order in which the broker finds them must not matter, so both orders of subscribing.
  for (const bool zero_first : {true, false}) {
    CAPTURE(zero_first);
    Broker broker;
    const ConnectOptions keeps{.clean_start = false, .props = {.session_expiry_interval = 100}};
    Client a(broker, Version::V5, "a", keeps);
    const auto subscribe_zero = [&] {
      a.must_subscribe("t/#", kQoS0, {.props = {.subscription_identifier = 1}});
      a.must_subscribe("#", kQoS0, {.props = {.subscription_identifier = 3}});
    };
    if (zero_first) subscribe_zero();
    a.must_subscribe("t/1", kQoS1, {.props = {.subscription_identifier = 2}});
    if (!zero_first) subscribe_zero();
    a.disconnect();
    Client publisher(broker, Version::V5, "publisher");
    publisher.must_publish("t/1", "x", kQoS1);
    a.reconnect(keeps);
    const Packet p = a.expect_publish("t/1", "x");
    CHECK(p.qos == kQoS1);
    std::vector<std::uint32_t> got = p.props.subscription_ids;
    std::sort(got.begin(), got.end());
    CHECK(got == std::vector<std::uint32_t>{1, 2, 3});
    a.expect_nothing();
  }
}

TEST_CASE("allow_duplicate_messages gives one copy for each overlapping subscription") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    broker.settings.allow_duplicate_messages = true;
    Client a(broker, version, "a");
    const auto options = [&](std::uint32_t identifier, bool retain_as_published) {
      SubscribeOptions chosen;
      if (version == Version::V5) {
        chosen.retain_as_published = retain_as_published;
        chosen.props.subscription_identifier = identifier;
      }
      return chosen;
    };
    a.must_subscribe("t/#", kQoS0, options(1, true));
    a.must_subscribe("t/1", kQoS2, options(2, false));
    a.must_subscribe("+/1", kQoS1, options(3, false));
    Client publisher(broker, version, "publisher");
    publisher.must_publish("t/1", "x", kQoS2, {.retain = true});
    bool seen[3] = {};
    for (int i = 0; i < 3; ++i) {
      const Packet p = a.expect_publish("t/1", "x");
      seen[static_cast<std::size_t>(p.qos)] = true;
      if (version == Version::V5) {
        const std::uint32_t identifier = p.qos == kQoS0 ? 1 : p.qos == kQoS2 ? 2 : 3;
        CHECK(p.props.subscription_ids == std::vector{identifier});
        CHECK(p.retain == (p.qos == kQoS0));
      }
      a.answer(p);
    }
    CHECK((seen[0] && seen[1] && seen[2]));
    a.expect_nothing();
  }
}

// ---- No Local

TEST_CASE("No Local keeps a client's own messages from it, and only from it [MQTT-3.8.3-3]") {
  Broker broker;
  Client a(broker, Version::V5, "a");
  Client b(broker, Version::V5, "b");
  Client old(broker, Version::V311, "old");
  a.must_subscribe("t", kQoS2, {.no_local = true});
  b.must_subscribe("t", kQoS2, {.no_local = true});
  old.must_subscribe("t", kQoS2);
  for (const QoS qos : kEveryQoS) {
    CAPTURE(qos);
    a.must_publish("t", "from a", qos);
    a.expect_nothing();
    b.answer(b.expect_publish("t", "from a"));
    old.answer(old.expect_publish("t", "from a"));
    old.must_publish("t", "from old", qos);
    a.answer(a.expect_publish("t", "from old"));
    b.answer(b.expect_publish("t", "from old"));
    old.answer(old.expect_publish("t", "from old"));  // 3.1.1 has no No Local
  }
}

TEST_CASE("No Local goes by the Client Identifier, not by the connection [MQTT-3.8.3-3]") {
  Broker broker;
  const ConnectOptions keeps{.clean_start = false, .props = {.session_expiry_interval = 100}};
  Client a(broker, Version::V5, "a", keeps);
  a.must_subscribe("t", kQoS1, {.no_local = true});
  a.disconnect();
  a.reconnect(keeps);
  a.must_publish("t", "own", kQoS1);
  a.expect_nothing();
  // The will of a connection comes from its client too.
  ConnectOptions with_will = keeps;
  with_will.will = Will{.topic = "t", .payload = "will", .qos = kQoS1};
  a.reconnect(with_will);
  a.drop();
  CHECK(a.reconnect(keeps).session_present);
  a.expect_nothing();
}

TEST_CASE("a No Local match from the publisher's own client does not count among others") {
  Broker broker;
  Client a(broker, Version::V5, "a");
  a.must_subscribe("t/#", kQoS2, {.no_local = true, .props = {.subscription_identifier = 1}});
  a.must_subscribe("t/1", kQoS1, {.props = {.subscription_identifier = 2}});
  a.must_publish("t/1", "own", kQoS2);
  Packet p = a.expect_publish("t/1", "own");
  CHECK(p.qos == kQoS1);
  CHECK(p.props.subscription_ids == std::vector<std::uint32_t>{2});
  a.answer(p);
  a.expect_nothing();
}

TEST_CASE("a bridge's subscriptions act as No Local and Retain As Published") {
  for (const Version version : {Version::V31, Version::V311}) {
    CAPTURE(version);
    Broker broker;
    Client bridge(broker, version, "bridge", {.bridge = true});
    bridge.must_subscribe("t");
    bridge.publish("t", "own");
    bridge.expect_nothing();
    Client publisher(broker, version, "publisher");
    publisher.publish("t", "kept", kQoS0, {.retain = true});
    CHECK(bridge.expect_publish("t", "kept").retain);
    publisher.publish("t", "passing");
    CHECK_FALSE(bridge.expect_publish("t", "passing").retain);
  }
}

}  // namespace
}  // namespace midge::test
