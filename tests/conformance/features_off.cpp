// What an operator has switched off is refused by its own code: 0x9A, 0x9B, 0x9E, 0xA1, 0xA2 (MQTT
// 5.0 sections 3.2.2.3.4 to 3.2.2.3.13). CONNACK has said so, hence it is a protocol error to ask
// for it, and the connection ends. Clients before 5.0 were not told.
#include "tests/support/client.hpp"

namespace midge::test {
namespace {

TEST_CASE("CONNACK tells 5.0 clients what is switched off, and nothing else") {
  Broker broker;
  broker.settings.retain_available = false;
  broker.settings.wildcard_subscriptions_available = false;
  broker.settings.subscription_identifiers_available = false;
  broker.settings.shared_subscriptions_available = false;
  broker.listener.max_qos = kQoS1;
  Client a(broker, Version::V5);
  a.connect("a");
  Packet connack = a.expect_connack();
  CHECK(connack.props.retain_available == std::uint8_t{0});
  CHECK(connack.props.maximum_qos == std::uint8_t{1});
  CHECK(connack.props.wildcard_subscription_available == std::uint8_t{0});
  CHECK(connack.props.subscription_identifier_available == std::uint8_t{0});
  CHECK(connack.props.shared_subscription_available == std::uint8_t{0});

  Broker other;
  Client b(other, Version::V5);
  b.connect("b");
  connack = b.expect_connack();
  CHECK_FALSE(connack.props.retain_available);
  CHECK_FALSE(connack.props.maximum_qos);
  CHECK_FALSE(connack.props.wildcard_subscription_available);
  CHECK_FALSE(connack.props.subscription_identifier_available);
  CHECK_FALSE(connack.props.shared_subscription_available);
}

// ---- retained messages

TEST_CASE("without retained messages a PUBLISH with RETAIN is refused with 9A") {
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
      CHECK(broker.metrics[Cause::RetainNotSupported] == 1);
      CHECK(broker.metrics.retained_messages == 0);
      watcher.expect_nothing();
      Client b(broker, version, "b");
      b.publish("t", "x", qos);
      watcher.expect_publish("t", "x");
    }
  }
}

TEST_CASE("without retained messages a will with RETAIN is refused with 9A") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    broker.settings.retain_available = false;
    Client a(broker, version);
    a.connect("a", {.will = Will{.topic = "t", .payload = "x", .retain = true}});
    a.expect_refused(ReasonCode::RetainNotSupported, ReturnCode::NotAuthorized);
    CHECK(broker.metrics[Cause::RetainNotSupported] == 1);
    CHECK(broker.metrics.clients_total == 0);
  }
}

// ---- Maximum QoS

TEST_CASE("a PUBLISH above Maximum QoS is refused with 9B") {
  for (const Version version : kBothVersions) {
    for (const QoS most : {kQoS0, kQoS1}) {
      for (const QoS qos : kEveryQoS) {
        CAPTURE(version);
        CAPTURE(most);
        CAPTURE(qos);
        Broker broker;
        broker.listener.max_qos = most;
        Client a(broker, version, "a");
        if (qos <= most) {
          a.must_publish("t", "x", qos);
          a.expect_nothing();
        } else {
          a.publish("t", "x", qos);
          a.expect_disconnect(ReasonCode::QoSNotSupported);
          CHECK(broker.metrics[Cause::QoSNotSupported] == 1);
        }
      }
    }
  }
}

TEST_CASE("a will above Maximum QoS is refused with 9B") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    broker.listener.max_qos = kQoS1;
    Client a(broker, version);
    a.connect("a", {.will = Will{.topic = "t", .payload = "x", .qos = kQoS2}});
    a.expect_refused(ReasonCode::QoSNotSupported, ReturnCode::NotAuthorized);
    CHECK(broker.metrics[Cause::QoSNotSupported] == 1);
    Client b(broker, version, "b", {.will = Will{.topic = "t", .payload = "x", .qos = kQoS1}});
  }
}

TEST_CASE("a SUBSCRIBE above Maximum QoS is granted that") {
  for (const Version version : kAllVersions) {
    CAPTURE(version);
    Broker broker;
    broker.listener.max_qos = kQoS1;
    Client a(broker, version, "a");
    a.subscribe({{.filter = "a", .qos = kQoS2}, {.filter = "b", .qos = kQoS1}, {.filter = "c"}});
    CHECK(a.expect(PacketType::Suback).codes ==
          std::vector{ReasonCode::GrantedQoS1, ReasonCode::GrantedQoS1, ReasonCode::GrantedQoS0});
    a.must_publish("a", "x", kQoS1);
    CHECK(a.expect_publish("a", "x").qos == kQoS1);
  }
}

// ---- subscriptions of a kind

struct Kind {
  const char* name;
  bool settings::Settings::*available;
  std::vector<Filter> filters;  // the last one is of that kind
  Properties props;
  ReasonCode reason;
};

std::vector<Kind> kinds() {
  using settings::Settings;
  return {{"shared",
           &Settings::shared_subscriptions_available,
           {{.filter = "$share/g/t"}},
           {},
           ReasonCode::SharedSubscriptionsNotSupported},
          {"shared, behind another",
           &Settings::shared_subscriptions_available,
           {{.filter = "t"}, {.filter = "$share/g/t"}},
           {},
           ReasonCode::SharedSubscriptionsNotSupported},
          {"with #",
           &Settings::wildcard_subscriptions_available,
           {{.filter = "t/#"}},
           {},
           ReasonCode::WildcardSubscriptionsNotSupported},
          {"with +, behind another",
           &Settings::wildcard_subscriptions_available,
           {{.filter = "t"}, {.filter = "+/u"}},
           {},
           ReasonCode::WildcardSubscriptionsNotSupported},
          {"shared with a wildcard",
           &Settings::wildcard_subscriptions_available,
           {{.filter = "$share/g/+"}},
           {},
           ReasonCode::WildcardSubscriptionsNotSupported},
          {"with an identifier",
           &Settings::subscription_identifiers_available,
           {{.filter = "t"}},
           {.subscription_identifier = 1},
           ReasonCode::SubscriptionIdentifiersNotSupported}};
}

TEST_CASE("a SUBSCRIBE for what CONNACK said is not available ends with 9E, A1 or A2") {
  for (const Kind& kind : kinds()) {
    CAPTURE(kind.name);
    Broker broker;
    broker.settings.*kind.available = false;
    Client a(broker, Version::V5, "a");
    a.subscribe(kind.filters, kind.props);
    a.expect_disconnect(kind.reason);
    CHECK(broker.metrics.subscriptions == 0);
    CHECK(broker.metrics[Cause::FeatureOff] == 1);

    Broker other;  // where it is available
    Client b(other, Version::V5, "b");
    b.subscribe(kind.filters, kind.props);
    for (const ReasonCode code : b.expect(PacketType::Suback).codes)
      CHECK(code == ReasonCode::GrantedQoS0);
  }
}

TEST_CASE(
    "before 5.0 a filter of a kind that is switched off is refused alone [MQTT-3.8.3-2@3.1.1]") {
  struct Vector {
    const char* filter;
    bool settings::Settings::*available;
    const char* matching;
  };
  constexpr Vector kVectors[] = {
      {"t/#", &settings::Settings::wildcard_subscriptions_available, "t/u"},
      {"+", &settings::Settings::wildcard_subscriptions_available, "t"},
      {"t/+/u", &settings::Settings::wildcard_subscriptions_available, "t/x/u"},
      {"$share/g/t", &settings::Settings::shared_subscriptions_available, "t"},
  };
  for (const Version version : {Version::V31, Version::V311}) {
    for (const Vector& v : kVectors) {
      CAPTURE(version);
      CAPTURE(v.filter);
      Broker broker;
      broker.settings.*v.available = false;
      Client a(broker, version, "a");
      a.subscribe({{.filter = "plain", .qos = kQoS1}, {.filter = v.filter, .qos = kQoS1}});
      // 3.1 has no code for a refusal.
      a.expect_bytes(version == Version::V311 ? "90 04 00 01 01 80" : "90 04 00 01 01 01");
      CHECK(broker.metrics[Cause::FeatureOff] == 1);
      CHECK(broker.metrics.subscriptions == 1);
      a.publish(v.matching, "x");
      a.expect_nothing();
      a.publish("plain", "x");
      a.expect_publish("plain", "x");
    }
  }
}

}  // namespace
}  // namespace midge::test
