// SUBSCRIBE with the filter of a subscription that exists (MQTT 5.0 and 3.1.1, section 3.8.4): it
// is replaced, and nothing is lost or doubled in the swap.
#include "tests/support/client.hpp"

namespace midge::test {
namespace {

TEST_CASE(
    "the same filter again replaces the subscription and its QoS "
    "[MQTT-3.8.4-3] [MQTT-3.8.4-3@3.1.1]") {
  for (const Version version : kAllVersions) {
    CAPTURE(version);
    Broker broker;
    Client a(broker, version, "a");
    Client publisher(broker, version, "publisher");
    for (const QoS qos : {kQoS2, kQoS0, kQoS1}) {
      CAPTURE(qos);
      a.must_subscribe("t/+", qos);
      CHECK(broker.metrics.subscriptions == 1);
      publisher.must_publish("t/1", "x", kQoS2);
      const Packet p = a.expect_publish("t/1", "x");
      CHECK(p.qos == qos);
      a.answer(p);
      a.expect_nothing();
    }
    a.must_unsubscribe("t/+");
    publisher.publish("t/1", "x");
    a.expect_nothing();
  }
}

TEST_CASE("the same filter again replaces identifier and options [MQTT-3.8.4-3]") {
  Broker broker;
  Client a(broker, Version::V5, "a");
  a.must_subscribe("t", kQoS0, {.props = {.subscription_identifier = 1}});
  a.publish("t", "1", kQoS0, {.retain = true});
  Packet p = a.expect_publish("t", "1");
  CHECK(p.props.subscription_ids == std::vector<std::uint32_t>{1});
  CHECK_FALSE(p.retain);

  SubscribeOptions second{.retain_as_published = true,
                          .retain_handling = RetainHandling::DontSend,
                          .props = {.subscription_identifier = 2}};
  a.must_subscribe("t", kQoS0, second);
  a.publish("t", "2", kQoS0, {.retain = true});
  p = a.expect_publish("t", "2");
  CHECK(p.props.subscription_ids == std::vector<std::uint32_t>{2});
  CHECK(p.retain);

  a.must_subscribe("t", kQoS0, {.retain_handling = RetainHandling::DontSend});
  a.publish("t", "3");
  CHECK(a.expect_publish("t", "3").props.subscription_ids.empty());

  a.must_subscribe("t", kQoS0, {.no_local = true, .retain_handling = RetainHandling::DontSend});
  a.publish("t", "4");
  a.expect_nothing();
}

TEST_CASE(
    "a replaced subscription gets the retained messages again "
    "[MQTT-3.8.4-3@3.1.1] [MQTT-3.8.4-4]") {
  for (const Version version : kAllVersions) {
    CAPTURE(version);
    Broker broker;
    Client publisher(broker, version, "publisher");
    publisher.publish("t/1", "kept", kQoS0, {.retain = true});
    Client a(broker, version, "a");
    for (int i = 0; i < 3; ++i) {
      a.must_subscribe("t/#");
      CHECK(a.expect_publish("t/1", "kept").retain);
      a.expect_nothing();
    }
  }
}

TEST_CASE("Retain Handling decides whether a replacement sends them again [MQTT-3.8.4-4]") {
  Broker broker;
  Client publisher(broker, Version::V5, "publisher");
  publisher.publish("t", "kept", kQoS0, {.retain = true});
  Client a(broker, Version::V5, "a");
  a.must_subscribe("t", kQoS0, {.retain_handling = RetainHandling::DontSend});
  a.expect_nothing();
  a.must_subscribe("t", kQoS0, {.retain_handling = RetainHandling::SendIfNew});
  a.expect_nothing();
  a.must_subscribe("t", kQoS0, {.retain_handling = RetainHandling::Send});
  a.expect_publish("t", "kept");
  a.must_unsubscribe("t");
  a.must_subscribe("t", kQoS0, {.retain_handling = RetainHandling::SendIfNew});
  a.expect_publish("t", "kept");
  a.expect_nothing();
}

TEST_CASE(
    "no message is lost or doubled while a subscription is replaced "
    "[MQTT-3.8.4-4] [MQTT-3.8.4-3@3.1.1]") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client a(broker, version, "a");
    Client publisher(broker, version, "publisher");
    a.must_subscribe("t", kQoS1);
    broker.at_once([&] {  // one turn, whatever the order in which it takes the two clients
      for (int i = 0; i < 5; ++i) {
        publisher.publish("t", std::to_string(2 * i), kQoS1);
        a.subscribe("t", kQoS1);
        publisher.publish("t", std::to_string(2 * i + 1), kQoS1);
      }
    });
    std::string payloads;
    int subacks = 0;
    for (const Packet& p : a.all()) {
      if (p.type == PacketType::Suback) {
        ++subacks;
        continue;
      }
      REQUIRE(p.type == PacketType::Publish);
      payloads += p.payload;
      a.answer(p);
    }
    CHECK(subacks == 5);
    CHECK(payloads == "0123456789");
  }
}

TEST_CASE("what waits for an absent client survives that it subscribes anew [MQTT-3.8.4-4]") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    ConnectOptions keeps{.clean_start = false};
    if (version == Version::V5) keeps.props.session_expiry_interval = 100;
    Client a(broker, version, "a", keeps);
    a.must_subscribe("t", kQoS1);
    a.disconnect();
    Client publisher(broker, version, "publisher");
    publisher.must_publish("t", "1", kQoS1);
    publisher.must_publish("t", "2", kQoS1);
    // As clients do: the SUBSCRIBE follows the CONNECT in one piece.
    Client back(broker, version);
    back.together([&] {
      back.connect("a", keeps);
      back.subscribe("t", kQoS1);
    });
    CHECK(back.take(PacketType::Connack).session_present);
    back.take(PacketType::Suback);
    for (const char* payload : {"1", "2"}) {
      const Packet p = back.expect_publish("t", payload);
      CHECK(p.qos == kQoS1);
      back.answer(p);
    }
    back.expect_nothing();
    CHECK(broker.metrics.subscriptions == 1);
  }
}

TEST_CASE("a filter is the same only if all its characters are [MQTT-3.8.4-3]") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client a(broker, version, "a");
    for (const char* filter : {"t", "T", "t/", "/t", "+", "#", "$share/g/t", "$share/h/t"})
      a.must_subscribe(filter);
    CHECK(broker.metrics.subscriptions == 8);
    CHECK(broker.metrics.shared_subscriptions == 2);
    a.must_subscribe("t/");
    a.must_subscribe("$share/g/t");
    CHECK(broker.metrics.subscriptions == 8);
    CHECK(broker.metrics.shared_subscriptions == 2);
  }
}

}  // namespace
}  // namespace midge::test
