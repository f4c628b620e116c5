// Retain Handling and Retain As Published (MQTT 5.0 sections 3.3.1.3 and 3.8.3.1).
#include "tests/support/client.hpp"

namespace midge::test {
namespace {

SubscribeOptions handling(RetainHandling how) {
  return {.retain_handling = how};
}

const ConnectOptions kLasting{.clean_start = false, .props = {.session_expiry_interval = 100}};

TEST_CASE(
    "Retain Handling 0 sends them for a new subscription and for one that stood [MQTT-3.3.1-9]") {
  for (const QoS qos : kEveryQoS) {
    CAPTURE(qos);
    Broker broker;
    Client b(broker, Version::V5, "b");
    b.must_publish("t", "x", qos, {.retain = true});
    Client a(broker, Version::V5, "a");
    for (int i = 0; i < 3; ++i) {
      a.must_subscribe("t", qos, handling(RetainHandling::Send));
      const Packet p = a.expect_publish("t", "x");
      CHECK(p.retain);
      a.answer(p);
      a.expect_nothing();
    }
  }
}

TEST_CASE("before 5.0 every SUBSCRIBE sends them, as Retain Handling 0 does [MQTT-3.3.1-6@3.1.1]") {
  for (const Version version : {Version::V31, Version::V311}) {
    CAPTURE(version);
    Broker broker;
    Client b(broker, version, "b");
    b.publish("t", "x", kQoS0, {.retain = true});
    Client a(broker, version, "a");
    for (int i = 0; i < 3; ++i) {
      a.must_subscribe("t");
      CHECK(a.expect_publish("t", "x").retain);
      a.expect_nothing();
    }
  }
}

TEST_CASE(
    "Retain Handling 1 sends them only for a subscription that was not there [MQTT-3.3.1-10]") {
  Broker broker;
  Client b(broker, Version::V5, "b");
  b.must_publish("t", "x", kQoS1, {.retain = true});
  Client a(broker, Version::V5, "a", kLasting);
  const auto subscribe = [&](const char* filter) {
    a.must_subscribe(filter, kQoS0, handling(RetainHandling::SendIfNew));
  };
  subscribe("t");
  CHECK(a.expect_publish("t", "x").retain);
  subscribe("t");
  a.expect_nothing();
  // Other options and a newer message change nothing in that.
  b.must_publish("t", "y", kQoS1, {.retain = true});
  a.expect_publish("t", "y");
  a.must_subscribe("t", kQoS2, handling(RetainHandling::SendIfNew));
  a.expect_nothing();
  // Another filter is another subscription, though it matches the same topic.
  subscribe("+");
  a.expect_publish("t", "y");
  a.expect_nothing();
  // One that came back with its session was there.
  a.drop();
  a.reconnect(kLasting);
  subscribe("t");
  a.expect_nothing();
  // One that was given up was not.
  a.must_unsubscribe("t");
  subscribe("t");
  a.expect_publish("t", "y");
  a.expect_nothing();
  // Nor one of a session that was started anew.
  a.drop();
  a.reconnect();
  subscribe("t");
  a.expect_publish("t", "y");
  a.expect_nothing();
}

TEST_CASE("Retain Handling 2 sends none [MQTT-3.3.1-11]") {
  Broker broker;
  Client b(broker, Version::V5, "b");
  b.must_publish("t", "x", kQoS1, {.retain = true});
  Client a(broker, Version::V5, "a");
  for (const char* filter : {"t", "t", "#", "+"}) {
    a.must_subscribe(filter, kQoS1, handling(RetainHandling::DontSend));
    a.expect_nothing();
  }
  b.must_publish("t", "y", kQoS1, {.retain = true});
  a.expect_publish("t", "y");
  a.expect_nothing();
}

TEST_CASE("each filter of a SUBSCRIBE has its own Retain Handling") {
  Broker broker;
  Client b(broker, Version::V5, "b");
  for (const char* topic : {"0", "1", "2"}) b.publish(topic, "x", kQoS0, {.retain = true});
  Client a(broker, Version::V5, "a");
  const std::vector<Filter> filters{
      {.filter = "0", .retain_handling = RetainHandling::Send},
      {.filter = "1", .retain_handling = RetainHandling::SendIfNew},
      {.filter = "2", .retain_handling = RetainHandling::DontSend},
  };
  a.subscribe(filters);
  a.take(PacketType::Suback);
  a.expect_publish("0", "x");
  a.expect_publish("1", "x");
  a.expect_nothing();
  a.subscribe(filters);
  a.take(PacketType::Suback);
  a.expect_publish("0", "x");
  a.expect_nothing();
}

TEST_CASE(
    "Retain As Published decides the RETAIN of live messages; a replay has 1 in any case "
    "[MQTT-3.3.1-12] [MQTT-3.3.1-13]") {
  for (const bool as_published : {false, true}) {
    for (const QoS qos : kEveryQoS) {
      CAPTURE(as_published);
      CAPTURE(qos);
      Broker broker;
      Client a(broker, Version::V5, "a");
      a.must_subscribe("t", qos, {.retain_as_published = as_published});
      Client b(broker, Version::V5, "b");
      b.must_publish("t", "passing", qos);
      const Packet passing = a.expect_publish("t", "passing");
      CHECK_FALSE(passing.retain);
      a.answer(passing);
      b.must_publish("t", "kept", qos, {.retain = true});
      const Packet kept = a.expect_publish("t", "kept");
      CHECK(kept.retain == as_published);
      a.answer(kept);
      b.must_publish("t", "", qos, {.retain = true});
      const Packet empty = a.expect_publish("t", "");
      CHECK(empty.retain == as_published);
      a.answer(empty);

      b.must_publish("t", "again", qos, {.retain = true});
      a.answer(a.expect_publish("t", "again"));
      a.must_subscribe("t", qos, {.retain_as_published = as_published});
      CHECK(a.expect_publish("t", "again").retain);
      a.expect_nothing();
    }
  }
}

TEST_CASE(
    "RETAIN stays as it was decided for what waits and what is sent again [MQTT-3.3.1-12] "
    "[MQTT-3.3.1-13]") {
  for (const bool as_published : {false, true}) {
    CAPTURE(as_published);
    Broker broker;
    Client a(broker, Version::V5, "a", kLasting);
    a.must_subscribe("t", kQoS1, {.retain_as_published = as_published});
    a.drop();
    Client b(broker, Version::V5, "b");
    b.must_publish("t", "x", kQoS1, {.retain = true});
    for (int i = 0; i < 2; ++i) {
      a.reconnect(kLasting);
      const Packet p = a.expect_publish("t", "x");
      CHECK(p.retain == as_published);
      CHECK(p.dup == (i == 1));
      a.drop();
    }
  }
}

TEST_CASE(
    "one copy for several subscriptions has RETAIN as published if any of them asks so "
    "[MQTT-3.3.1-13]") {
  Broker broker;
  Client a(broker, Version::V5, "a");
  a.must_subscribe("t/#", kQoS1);
  a.must_subscribe("t/x", kQoS0, {.retain_as_published = true});
  a.must_subscribe("t/+", kQoS2);
  Client b(broker, Version::V5, "b");
  b.must_publish("t/x", "1", kQoS0, {.retain = true});
  CHECK(a.expect_publish("t/x", "1").retain);
  b.must_publish("t/y", "2", kQoS0, {.retain = true});
  CHECK_FALSE(a.expect_publish("t/y", "2").retain);
  a.expect_nothing();
}

TEST_CASE(
    "clients with different options get the same message each in its own way [MQTT-3.3.1-12] "
    "[MQTT-3.3.1-13]") {
  Broker broker;
  Client as_published(broker, Version::V5, "as published");
  as_published.must_subscribe("t", kQoS0, {.retain_as_published = true});
  Client not_so(broker, Version::V5, "not so");
  not_so.must_subscribe("t");
  Client old(broker, Version::V311, "old");
  old.must_subscribe("t");
  Client b(broker, Version::V5, "b");
  b.publish("t", "x", kQoS0, {.retain = true});
  CHECK(as_published.expect_publish("t", "x").retain);
  CHECK_FALSE(not_so.expect_publish("t", "x").retain);
  CHECK_FALSE(old.expect_publish("t", "x").retain);
}

TEST_CASE("No Local keeps a client's own retained messages from it, not another's [MQTT-3.8.3-3]") {
  Broker broker;
  Client a(broker, Version::V5, "a", kLasting);
  Client b(broker, Version::V5, "b");
  a.must_publish("t/own", "x", kQoS1, {.retain = true});
  b.must_publish("t/other", "x", kQoS1, {.retain = true});
  a.must_subscribe("t/#", kQoS1, {.no_local = true});
  a.answer(a.expect_publish("t/other", "x"));
  a.expect_nothing();
  a.must_subscribe("t/+", kQoS1);
  CHECK(a.all().size() == 2);
  a.disconnect();
  a.reconnect(kLasting);  // the client id is what counts, not the connection
  a.must_subscribe("t/#", kQoS1, {.no_local = true});
  CHECK(a.take(PacketType::Publish).topic == "t/other");
}

TEST_CASE("a bridge's subscription acts as Retain As Published") {
  Broker broker;
  Client bridge(broker, Version::V311, "bridge", {.bridge = true});
  bridge.must_subscribe("t");
  Client b(broker, Version::V5, "b");
  b.publish("t", "x", kQoS0, {.retain = true});
  CHECK(bridge.expect_publish("t", "x").retain);
}

}  // namespace
}  // namespace midge::test
