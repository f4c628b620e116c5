// PUBLISH to subscriptions that overlap, and Subscription Identifiers (MQTT 5.0 section 3.3.4;
// 3.1.1 section 3.3.5).
#include <algorithm>

#include "tests/support/client.hpp"

namespace midge::test {
namespace {

using Identifiers = std::vector<std::uint32_t>;

Identifiers sorted(Identifiers ids) {
  std::sort(ids.begin(), ids.end());
  return ids;
}

SubscribeOptions with_identifier(std::uint32_t id) {
  return {.props = {.subscription_identifier = id}};
}

TEST_CASE(
    "overlapping subscriptions get one copy with the highest QoS among them [MQTT-3.3.4-2] "
    "[MQTT-3.3.5-1@3.1.1]") {
  for (const Version version : kAllVersions) {
    for (const QoS published : kEveryQoS) {
      for (const QoS first : kEveryQoS) {
        for (const QoS second : kEveryQoS) {
          CAPTURE(version);
          CAPTURE(published);
          CAPTURE(first);
          CAPTURE(second);
          Broker broker;
          Client a(broker, version, "a");
          a.must_subscribe("t/#", first);
          a.must_subscribe("t/+", second);
          a.must_subscribe("t/x", kQoS0);
          a.must_subscribe("other", kQoS2);
          Client b(broker, version, "b");
          b.must_publish("t/x", "1", published);
          const Packet p = a.expect_publish("t/x", "1");
          CHECK(p.qos == std::min(published, std::max(first, second)));
          a.answer(p);
          a.expect_nothing();
        }
      }
    }
  }
}

TEST_CASE(
    "an absent client's QoS 0 subscription does not lower the QoS of the others [MQTT-3.3.4-2]") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    ConnectOptions lasting{.clean_start = false};
    if (version == Version::V5) lasting.props.session_expiry_interval = 100;
    Broker broker;
    Client a(broker, version, "a", lasting);
    for (const char* filter : {"#", "t/x"}) a.must_subscribe(filter, kQoS0);
    for (const char* filter : {"t/#", "+/x"}) a.must_subscribe(filter, kQoS1);
    a.drop();
    Client b(broker, version, "b");
    b.must_publish("t/x", "1", kQoS2);
    a.reconnect(lasting);
    CHECK(a.expect_publish("t/x", "1").qos == kQoS1);
    a.expect_nothing();
  }
}

TEST_CASE(
    "with allow_duplicate_messages each subscription has its copy, QoS and identifier "
    "[MQTT-3.3.4-2] [MQTT-3.3.4-5] [MQTT-3.3.5-1@3.1.1]") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    const bool v5 = version == Version::V5;
    Broker broker;
    broker.settings.allow_duplicate_messages = true;
    Client a(broker, version, "a");
    a.must_subscribe("t/#", kQoS2, v5 ? with_identifier(1) : SubscribeOptions{});
    a.must_subscribe("t/+", kQoS1, v5 ? with_identifier(2) : SubscribeOptions{});
    a.must_subscribe("t/x", kQoS0);
    Client b(broker, version, "b");
    b.must_publish("t/x", "1", kQoS2);
    std::vector<std::pair<QoS, Identifiers>> copies;
    for (int i = 0; i < 3; ++i) {
      const Packet p = a.expect_publish("t/x", "1");
      copies.emplace_back(p.qos, p.props.subscription_ids);
    }
    a.expect_nothing();
    std::sort(copies.begin(), copies.end());
    CHECK(copies[0] == std::pair{kQoS0, Identifiers{}});
    CHECK(copies[1] == std::pair{kQoS1, v5 ? Identifiers{2} : Identifiers{}});
    CHECK(copies[2] == std::pair{kQoS2, v5 ? Identifiers{1} : Identifiers{}});
  }
}

TEST_CASE("a PUBLISH carries the identifier of its subscription [MQTT-3.3.4-3]") {
  struct Vector {
    std::uint32_t id;
    const char* publish;
  };
  constexpr Vector kVectors[] = {
      {1, "30 07 00 01 74 02 0b 01 78"},
      {127, "30 07 00 01 74 02 0b 7f 78"},
      {128, "30 08 00 01 74 03 0b 80 01 78"},
      {16'384, "30 09 00 01 74 04 0b 80 80 01 78"},
      {268'435'455, "30 0a 00 01 74 05 0b ff ff ff 7f 78"},
  };
  for (const Vector& v : kVectors) {
    CAPTURE(v.id);
    Broker broker;
    Client a(broker, Version::V5, "a");
    a.must_subscribe("t", kQoS0, with_identifier(v.id));
    Client b(broker, Version::V5, "b");
    b.publish("t", "x");
    a.expect_bytes(v.publish);
  }
}

TEST_CASE("a subscription without an identifier adds none [MQTT-3.3.4-3]") {
  Broker broker;
  Client a(broker, Version::V5, "a");
  a.must_subscribe("t/#");
  a.must_subscribe("t/+", kQoS0, with_identifier(7));
  a.must_subscribe("t/x");
  a.must_subscribe("other", kQoS0, with_identifier(9));
  Client b(broker, Version::V5, "b");
  b.publish("t/x", "1");
  CHECK(a.expect_publish("t/x", "1").props.subscription_ids == Identifiers{7});
  b.publish("t/x/y", "2");
  CHECK(a.expect_publish("t/x/y", "2").props.subscription_ids == Identifiers{});
  // Replaced by one without, and by another.
  a.must_subscribe("t/+");
  b.publish("t/x", "3");
  CHECK(a.expect_publish("t/x", "3").props.subscription_ids == Identifiers{});
  a.must_subscribe("t/+", kQoS0, with_identifier(8));
  b.publish("t/x", "4");
  CHECK(a.expect_publish("t/x", "4").props.subscription_ids == Identifiers{8});
  a.expect_nothing();
}

TEST_CASE(
    "the one copy carries the identifier of every subscription that matches [MQTT-3.3.4-3] "
    "[MQTT-3.3.4-4]") {
  // Fifteen filters that match a/b/c, and one that does not.
  constexpr const char* kFilters[] = {"#",     "a/#",   "a/b/#", "a/b/c/#", "+/#",   "+/b/#",
                                      "a/+/#", "+/+/#", "a/b/c", "+/b/c",   "a/+/c", "a/b/+",
                                      "+/+/c", "+/b/+", "+/+/+", "a/b"};
  for (const QoS qos : {kQoS0, kQoS1}) {
    for (std::uint32_t count : {2U, 5U, 6U, 7U, 11U, 12U, 16U}) {
      CAPTURE(qos);
      CAPTURE(count);
      Broker broker;
      Client a(broker, Version::V5, "a");
      Identifiers expected;
      for (std::uint32_t i = 0; i < count; ++i) {
        a.must_subscribe(kFilters[i], qos, with_identifier(1'000 + i));
        if (i < 15) expected.push_back(1'000 + i);
      }
      Client b(broker, Version::V5, "b");
      b.must_publish("a/b/c", "x", qos);
      const Packet p = a.expect_publish("a/b/c", "x");
      CHECK(sorted(p.props.subscription_ids) == expected);
      a.answer(p);
      a.expect_nothing();
      CHECK(broker.metrics.queued_messages == 0);
    }
  }
}

TEST_CASE(
    "several subscriptions may have one identifier: then it stands once for each [MQTT-3.3.4-4]") {
  Broker broker;
  Client a(broker, Version::V5, "a");
  a.subscribe({{.filter = "t/#"}, {.filter = "t/+"}, {.filter = "u"}},
              {.subscription_identifier = 5});
  a.expect(PacketType::Suback);
  Client b(broker, Version::V5, "b");
  b.publish("u", "1");
  CHECK(a.expect_publish("u", "1").props.subscription_ids == Identifiers{5});
  b.publish("t/x", "2");
  CHECK(a.expect_publish("t/x", "2").props.subscription_ids == Identifiers{5, 5});
}

TEST_CASE(
    "identifiers stay with what waits for an absent client, QoS 0 subscriptions' too "
    "[MQTT-3.3.4-4]") {
  const ConnectOptions lasting{.clean_start = false, .props = {.session_expiry_interval = 100}};
  Broker broker;
  Client a(broker, Version::V5, "a", lasting);
  a.must_subscribe("t/x", kQoS1, with_identifier(1));
  a.must_subscribe("t/#", kQoS0, with_identifier(2));
  a.must_subscribe("#", kQoS2, with_identifier(3));
  a.must_subscribe("+/x", kQoS0, with_identifier(4));
  a.drop();
  Client b(broker, Version::V5, "b");
  b.must_publish("t/x", "1", kQoS2);
  a.reconnect(lasting);
  const Packet first = a.expect_publish("t/x", "1");
  CHECK(sorted(first.props.subscription_ids) == Identifiers{1, 2, 3, 4});
  // They stay as they were, though the subscriptions change.
  a.must_unsubscribe("t/x");
  a.must_subscribe("#", kQoS2, with_identifier(33));
  a.drop();
  a.reconnect(lasting);
  const Packet again = a.expect_publish("t/x", "1");
  CHECK(again.dup);
  CHECK(sorted(again.props.subscription_ids) == Identifiers{1, 2, 3, 4});
}

TEST_CASE("each client gets its own identifiers [MQTT-3.3.4-3]") {
  Broker broker;
  Client a(broker, Version::V5, "a");
  a.must_subscribe("t", kQoS0, with_identifier(1));
  Client b(broker, Version::V5, "b");
  b.must_subscribe("t", kQoS0, with_identifier(2));
  Client c(broker, Version::V311, "c");
  c.must_subscribe("t");
  c.publish("t", "x");
  CHECK(a.expect_publish("t", "x").props.subscription_ids == Identifiers{1});
  CHECK(b.expect_publish("t", "x").props.subscription_ids == Identifiers{2});
  c.expect_bytes("30 04 00 01 74 78");
}

}  // namespace
}  // namespace midge::test
