// Retained messages (MQTT 5.0 section 3.3.1.3; 3.1.1 section 3.3.1.3).
#include <algorithm>

#include "tests/support/client.hpp"

namespace midge::test {
namespace {

// What has come so far, as "topic=payload", sorted: the order between topics is free. All must
// have RETAIN 1.
std::vector<std::string> retained_of(Client& a, Where where = Where::here()) {
  std::vector<std::string> texts;
  for (const Packet& p : a.all(where)) {
    if (p.type != PacketType::Publish) continue;
    CHECK(p.retain);
    texts.push_back(p.topic + "=" + p.payload);
  }
  std::sort(texts.begin(), texts.end());
  return texts;
}

using Texts = std::vector<std::string>;

TEST_CASE(
    "a new subscription gets the retained message with RETAIN 1, and the lower QoS of the two "
    "[MQTT-3.3.1-5] [MQTT-3.3.1-5@3.1.1] [MQTT-3.3.1-6@3.1.1] [MQTT-3.3.1-8@3.1.1]") {
  for (const Version version : kAllVersions) {
    for (const QoS published : kEveryQoS) {
      for (const QoS granted : kEveryQoS) {
        CAPTURE(version);
        CAPTURE(published);
        CAPTURE(granted);
        Broker broker;
        {
          Client publisher(broker, version, "publisher");
          publisher.must_publish("t", "kept", published, {.retain = true});
          publisher.disconnect();  // the message does not go with its publisher
        }
        Client a(broker, version, "a");
        a.must_subscribe("t", granted);
        const Packet p = a.expect_publish("t", "kept");
        CHECK(p.retain);
        CHECK_FALSE(p.dup);
        CHECK(p.qos == std::min(published, granted));
        a.answer(p);
        a.expect_nothing();
        CHECK(broker.metrics.retained_messages == 1);
        // And the next one too.
        Client b(broker, version, "b");
        b.must_subscribe("+", granted);
        CHECK(b.expect_publish("t", "kept").retain);
        b.expect_nothing();
      }
    }
  }
}

TEST_CASE("the retained message as bytes") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client a(broker, version, "a");
    a.send_hex(version == Version::V5 ? "33 07 00 01 74 00 07 00 78" : "33 06 00 01 74 00 07 78");
    a.expect_bytes(version == Version::V5 ? "40 03 00 07 10" : "40 02 00 07");
    a.must_subscribe("t", kQoS1);
    a.expect_bytes(version == Version::V5 ? "33 07 00 01 74 00 01 00 78"
                                          : "33 06 00 01 74 00 01 78");
  }
}

TEST_CASE(
    "the newest retained message of a topic replaces the one before, whatever their QoS "
    "[MQTT-3.3.1-5] [MQTT-3.3.1-5@3.1.1] [MQTT-3.3.1-6@3.1.1] [MQTT-3.3.1-7@3.1.1]") {
  for (const Version version : kBothVersions) {
    for (const QoS first : kEveryQoS) {
      for (const QoS second : kEveryQoS) {
        CAPTURE(version);
        CAPTURE(first);
        CAPTURE(second);
        Broker broker;
        Client publisher(broker, version, "publisher");
        publisher.must_publish("t", "old", first, {.retain = true});
        publisher.must_publish("t", "new", second, {.retain = true});
        Client a(broker, version, "a");
        a.must_subscribe("t", kQoS2);
        CHECK(a.expect_publish("t", "new").qos == second);
        a.expect_nothing();
        CHECK(broker.metrics.retained_messages == 1);
      }
    }
  }
}

TEST_CASE("another client may replace and delete it") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client first(broker, version, "first");
    first.publish("t", "1", kQoS0, {.retain = true});
    Client second(broker, version, "second");
    second.publish("t", "2", kQoS0, {.retain = true});
    Client a(broker, version, "a");
    a.must_subscribe("t");
    a.expect_publish("t", "2");
    second.publish("t", "", kQoS0, {.retain = true});
    CHECK(broker.metrics.retained_messages == 0);
  }
}

TEST_CASE(
    "a subscription gets the retained message of every topic that it matches, and of no other "
    "[MQTT-3.3.1-9] [MQTT-3.3.1-6@3.1.1]") {
  constexpr const char* kTopics[] = {"a",  "a/b", "a/b/c",       "a/c",
                                     "/",  "a/",  "b",           "b/b",
                                     "$x", "a//", "a/b/c/d/e/f", "$SYS/broker/connection/c/state"};
  constexpr const char* kFilters[] = {"a",     "#",     "+",       "a/#",    "a/+",  "+/b",   "+/+",
                                      "a/b/#", "+/b/c", "a/+/c",   "nobody", "/#",   "a/+/#", "$x",
                                      "+/#",   "a/b/+", "a/b/c/#", "$SYS/#", "$x/#", "a/+/+", "/+"};
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client publisher(broker, version, "publisher");
    for (const char* topic : kTopics) publisher.publish(topic, "x", kQoS0, {.retain = true});
    CHECK(broker.metrics.retained_messages == std::size(kTopics));
    for (const char* filter : kFilters) {
      CAPTURE(filter);
      Texts expected;
      for (const char* topic : kTopics) {
        if (sim::topic_matches(filter, topic)) expected.push_back(std::string(topic) + "=x");
      }
      std::sort(expected.begin(), expected.end());
      Client a(broker, version, "a");
      a.must_subscribe(filter);
      CHECK(retained_of(a) == expected);
    }
  }
}

TEST_CASE("several filters in one SUBSCRIBE get theirs, each with its QoS") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client publisher(broker, version, "publisher");
    for (const char* topic : {"a", "b", "c", "d"}) {
      publisher.must_publish(topic, "x", kQoS2, {.retain = true});
    }
    Client a(broker, version, "a");
    a.subscribe(
        {{.filter = "a", .qos = kQoS0}, {.filter = "nobody"}, {.filter = "c", .qos = kQoS2}});
    CHECK(a.take(PacketType::Suback).codes.size() == 3);
    CHECK(a.expect_publish("a", "x").qos == kQoS0);
    CHECK(a.expect_publish("c", "x").qos == kQoS2);
    a.expect_nothing();
  }
}

TEST_CASE(
    "what is published while a subscription stands has RETAIN 0 "
    "[MQTT-3.3.1-12] [MQTT-3.3.1-9@3.1.1]") {
  for (const Version version : kAllVersions) {
    for (const QoS qos : kEveryQoS) {
      CAPTURE(version);
      CAPTURE(qos);
      Broker broker;
      Client a(broker, version, "a");
      a.must_subscribe("t", qos);
      Client b(broker, version, "b");
      b.must_publish("t", "x", qos, {.retain = true});
      const Packet p = a.expect_publish("t", "x");
      CHECK_FALSE(p.retain);
      a.answer(p);
      a.expect_nothing();
    }
  }
}

TEST_CASE(
    "a retained message that waited for an absent client has RETAIN 0 as well [MQTT-3.3.1-12] "
    "[MQTT-3.3.1-9@3.1.1]") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    ConnectOptions lasting{.clean_start = false};
    if (version == Version::V5) lasting.props.session_expiry_interval = 100;
    Broker broker;
    Client a(broker, version, "a", lasting);
    a.must_subscribe("t", kQoS1);
    a.drop();
    Client b(broker, version, "b");
    b.must_publish("t", "x", kQoS1, {.retain = true});
    a.reconnect(lasting);
    CHECK_FALSE(a.expect_publish("t", "x").retain);
    a.expect_nothing();  // to come back is no new subscription
  }
}

TEST_CASE(
    "an empty payload is delivered as usual and deletes the retained message "
    "[MQTT-3.3.1-6] [MQTT-3.3.1-10@3.1.1]") {
  for (const Version version : kAllVersions) {
    for (const QoS qos : kEveryQoS) {
      CAPTURE(version);
      CAPTURE(qos);
      Broker broker;
      Client a(broker, version, "a");
      a.must_subscribe("t", qos);
      Client b(broker, version, "b");
      b.must_publish("t", "x", qos, {.retain = true});
      b.must_publish("u", "stays", qos, {.retain = true});
      a.answer(a.expect_publish("t", "x"));
      b.must_publish("t", "", qos, {.retain = true});
      const Packet empty = a.expect_publish("t", "");
      CHECK(empty.qos == qos);
      CHECK_FALSE(empty.retain);
      a.answer(empty);
      CHECK(broker.metrics.retained_messages == 1);
      Client c(broker, version, "c");
      c.must_subscribe("#");
      CHECK(retained_of(c) == Texts{"u=stays"});
    }
  }
}

TEST_CASE("an empty payload is never kept itself [MQTT-3.3.1-7] [MQTT-3.3.1-11@3.1.1]") {
  for (const Version version : kAllVersions) {
    for (const QoS qos : kEveryQoS) {
      CAPTURE(version);
      CAPTURE(qos);
      Broker broker;
      Client b(broker, version, "b");
      for (int i = 0; i < 2; ++i) b.must_publish("t/u", "", qos, {.retain = true});
      CHECK(broker.metrics.retained_messages == 0);
      CHECK(broker.metrics.stored_messages == 0);
      Client c(broker, version, "c");
      c.must_subscribe("#", kQoS2);
      c.expect_nothing();
    }
  }
}

TEST_CASE(
    "a message with RETAIN 0 leaves the retained one alone, an empty one too "
    "[MQTT-3.3.1-8] [MQTT-3.3.1-12@3.1.1]") {
  for (const Version version : kAllVersions) {
    for (const QoS qos : kEveryQoS) {
      CAPTURE(version);
      CAPTURE(qos);
      Broker broker;
      Client b(broker, version, "b");
      b.must_publish("t", "kept", qos, {.retain = true});
      b.must_publish("t", "passing", qos);
      b.must_publish("t", "", qos);
      b.must_publish("never/kept", "passing", qos);
      CHECK(broker.metrics.retained_messages == 1);
      Client c(broker, version, "c");
      c.must_subscribe("#");
      CHECK(retained_of(c) == Texts{"t=kept"});
    }
  }
}

TEST_CASE("a shared subscription gets no retained messages") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client b(broker, version, "b");
    b.publish("t", "kept", kQoS0, {.retain = true});
    Client a(broker, version, "a");
    a.must_subscribe("$share/g/#");
    a.must_subscribe("$share/g/t");
    a.expect_nothing();
  }
}

TEST_CASE("a filter that is refused gets none") {
  for (const Version version : kAllVersions) {
    CAPTURE(version);
    Broker broker;
    broker.authorizer.deny_subscribe("t");
    Client b(broker, version, "b");
    b.publish("t", "kept", kQoS0, {.retain = true});
    Client a(broker, version, "a");
    a.subscribe("t");
    a.expect(PacketType::Suback);
    a.expect_nothing();
  }
}

}  // namespace
}  // namespace midge::test
