// PUBLISH, the Topic Name (MQTT 5.0 section 3.3.2.1; 3.1.1 section 3.3.2.1).
#include "platform/sim/authorizer.hpp"  // topic_matches()
#include "tests/support/client.hpp"

namespace midge::test {
namespace {

TEST_CASE("the Topic Name is the first field of PUBLISH [MQTT-3.3.2-1] [MQTT-3.3.2-1@3.1.1]") {
  for (const Version version : kAllVersions) {
    CAPTURE(version);
    Broker broker;
    Client subscriber(broker, version, "subscriber");
    subscriber.must_subscribe("a/\xC3\xA4", kQoS1);
    Client a(broker, version, "a");
    a.send_hex(version == Version::V5 ? "32 0a 00 04 61 2f c3 a4 00 07 00 78"
                                      : "32 09 00 04 61 2f c3 a4 00 07 78");
    a.expect_bytes("40 02 00 07");
    subscriber.expect_bytes(version == Version::V5 ? "32 0a 00 04 61 2f c3 a4 00 01 00 78"
                                                   : "32 09 00 04 61 2f c3 a4 00 01 78");
  }
}

TEST_CASE("a PUBLISH that ends inside its Topic Name is malformed") {
  for (const Version version : kBothVersions) {
    for (const char* packet : {"30 00", "30 01 00", "30 02 00 01", "30 04 00 03 61 62"}) {
      CAPTURE(version);
      CAPTURE(packet);
      Broker broker;
      Client a(broker, version, "a");
      a.send_hex(packet);
      a.expect_disconnect(ReasonCode::MalformedPacket);
    }
  }
}

TEST_CASE("a Topic Name has no wildcard [MQTT-3.3.2-2] [MQTT-3.3.2-2@3.1.1]") {
  for (const Version version : kAllVersions) {
    for (const char* topic : {"#", "+", "a/#", "a/+", "+/a", "a/+/b", "a+", "#a", "a/b#c"}) {
      for (const QoS qos : kEveryQoS) {
        CAPTURE(version);
        CAPTURE(topic);
        CAPTURE(qos);
        Broker broker;
        Client watcher(broker, version, "watcher");
        watcher.must_subscribe("#", kQoS2);
        Client a(broker, version, "a");
        a.publish(topic, "x", qos, {.retain = true});
        a.expect_disconnect(ReasonCode::MalformedPacket);
        watcher.expect_nothing();
        CHECK(broker.metrics.retained_messages == 0);
      }
    }
  }
}

TEST_CASE("an empty Topic Name without an alias ends the connection") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client a(broker, version, "a");
    a.send_hex(version == Version::V5 ? "30 04 00 00 00 78" : "30 03 00 00 78");
    a.expect_disconnect(ReasonCode::ProtocolError);
  }
}

TEST_CASE(
    "a topic goes to the subscriptions whose filter it matches, under its own name "
    "[MQTT-3.3.2-3] [MQTT-3.3.2-3@3.1.1]") {
  constexpr const char* kTopics[] = {"a",   "/",    "/a",   "a/",    "a//b",   "a/b",   "a/b/c",
                                     "A/b", "b/a",  "a b",  "$a",    "$a/b",   "ab",    "a/b/",
                                     "b",   "b/b/", "a/$b", "a/b/d", "/a/b/c", "aa/bb", "//"};
  constexpr const char* kFilters[] = {"a",     "/",     "/a",   "a/",    "a/b",  "+",
                                      "#",     "a/#",   "a/+",  "+/b",   "+/+",  "/+",
                                      "+/",    "a//b",  "a/+/", "a/+/c", "/#",   "a/b/#",
                                      "+/b/#", "+/+/+", "$a",   "$a/#",  "+/$b", "A/+"};
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client publisher(broker, version, "publisher");
    for (const char* filter : kFilters) {
      CAPTURE(filter);
      Client a(broker, version, "a");  // takes the earlier one's place
      a.must_subscribe(filter);
      for (const char* topic : kTopics) publisher.publish(topic, topic);
      for (const char* topic : kTopics) {
        CAPTURE(topic);
        if (sim::topic_matches(filter, topic)) a.expect_publish(topic, topic);
      }
      a.expect_nothing();
    }
  }
}

TEST_CASE("a Topic Name may have 65,535 bytes") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client a(broker, version, "a");
    a.must_subscribe("#", kQoS1);
    const std::string topic(65'535, 't');
    a.publish(topic, "x", kQoS1);
    CHECK(a.take(PacketType::Puback).reason == ReasonCode::Success);
    a.answer(a.expect_publish(topic, "x"));
    a.expect_nothing();
  }
}

}  // namespace
}  // namespace midge::test
