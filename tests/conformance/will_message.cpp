// The Will as a message: QoS, RETAIN, payload and properties (MQTT 5.0 sections 3.1.2.6, 3.1.2.7
// and 3.1.3.2, 3.1.1 sections 3.1.2.6 and 3.1.2.7).
#include "tests/support/client.hpp"

namespace midge::test {
namespace {

TEST_CASE("a will is delivered with its QoS, or the subscription's if that is lower") {
  for (const Version version : kBothVersions) {
    for (const QoS will_qos : kEveryQoS) {
      for (const QoS granted : kEveryQoS) {
        CAPTURE(version);
        CAPTURE(will_qos);
        CAPTURE(granted);
        Broker broker;
        Client watcher(broker, version, "watcher");
        watcher.must_subscribe("w", granted);
        Client a(broker, version, "a",
                 {.will = Will{.topic = "w", .payload = "x", .qos = will_qos}});
        a.drop();
        const Packet will = watcher.expect_publish("w", "x");
        CHECK(will.qos == std::min(will_qos, granted));
        CHECK_FALSE(will.dup);
        watcher.answer(will);
        watcher.expect_nothing();
      }
    }
  }
}

TEST_CASE("a will without retain is an ordinary message [MQTT-3.1.2-14] [MQTT-3.1.2-16@3.1.1]") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client watcher(broker, version, "watcher");
    watcher.must_subscribe("w");
    Client a(broker, version, "a", {.will = Will{.topic = "w", .payload = "x"}});
    a.drop();
    CHECK_FALSE(watcher.expect_publish("w", "x").retain);
    Client late(broker, version, "late");
    late.must_subscribe("w");
    late.expect_nothing();
    CHECK(broker.metrics.retained_messages == 0);
  }
}

TEST_CASE("a will with retain is retained [MQTT-3.1.2-15] [MQTT-3.1.2-17@3.1.1]") {
  for (const Version version : kBothVersions) {
    for (const QoS qos : kEveryQoS) {
      CAPTURE(version);
      CAPTURE(qos);
      Broker broker;
      Client watcher(broker, version, "watcher");
      watcher.must_subscribe("w");
      Client a(broker, version, "a",
               {.will = Will{.topic = "w", .payload = "x", .qos = qos, .retain = true}});
      CHECK(broker.metrics.retained_messages == 0);
      a.drop();
      CHECK_FALSE(watcher.expect_publish("w", "x").retain);  // it was subscribed before
      Client late(broker, version, "late");
      late.must_subscribe("w", kQoS2);
      const Packet retained = late.expect_publish("w", "x");
      CHECK(retained.retain);
      CHECK(retained.qos == qos);
      CHECK(broker.metrics.retained_messages == 1);
    }
  }
}

TEST_CASE("an empty will with retain clears the retained message [MQTT-3.1.2-15]") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client a(broker, version, "a", {.will = Will{.topic = "w", .retain = true}});
    a.must_publish("w", "online", kQoS1, {.retain = true});
    CHECK(broker.metrics.retained_messages == 1);
    a.drop();
    CHECK(broker.metrics.retained_messages == 0);
    Client late(broker, version, "late");
    late.must_subscribe("w");
    late.expect_nothing();
  }
}

TEST_CASE("a will is binary and as long as a field may be: 65,535 bytes") {
  std::string payload(65'535, '\0');
  for (std::size_t i = 0; i < payload.size(); ++i) payload[i] = static_cast<char>(i);
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client watcher(broker, version, "watcher");
    watcher.must_subscribe("w");
    Client a(broker, version, "a", {.will = Will{.topic = "w", .payload = payload}});
    a.drop();
    watcher.expect_publish("w", payload);
    CHECK(broker.metrics.stored_messages == 0);
  }
}

TEST_CASE("a will goes to sessions that are away, retained or not") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    ConnectOptions kept{.clean_start = false};
    if (version == Version::V5) kept.props.session_expiry_interval = 60;
    Client watcher(broker, version, "watcher", kept);
    watcher.must_subscribe("w", kQoS1);
    watcher.close();
    Client a(broker, version, "a", {.will = Will{.topic = "w", .payload = "x", .qos = kQoS1}});
    a.drop();
    CHECK(watcher.reconnect(kept).session_present);
    watcher.expect_publish("w", "x");
  }
}

TEST_CASE("a will's properties are published with it, its delay is not [MQTT-3.1.3-10]") {
  Broker broker;
  Client watcher(broker, Version::V5, "watcher");
  watcher.must_subscribe("w");
  // User Properties in an order of their own, names repeated.
  const UserProperties user{{"z", "1"}, {"a", "2"}, {"z", "1"}, {"", ""}, {"m", "3"}, {"a", "0"}};
  Properties props{.payload_format_indicator = 1,
                   .message_expiry_interval = 100,
                   .content_type = "text/plain",
                   .response_topic = "reply",
                   .correlation_data = std::string("\0\xff", 2),
                   .will_delay_interval = 1,
                   .user = user};
  Client a(broker, Version::V5, "a",
           {.will = Will{.topic = "w", .payload = "x", .props = props},
            .props = {.session_expiry_interval = 60, .user = {{"not", "the will's"}}}});
  a.drop();
  broker.advance(2s);
  props.will_delay_interval.reset();
  CHECK(watcher.expect_publish("w", "x").props == props);
}

TEST_CASE("a will of 5.0, byte by byte") {
  Broker broker;
  Client watcher(broker, Version::V5, "watcher");
  watcher.must_subscribe("w");
  Client a(broker, Version::V5);
  a.send_hex(
      "10 3b 00 04 4d 51 54 54 05 06 00 00 05 11 00 00 00 3c 00 01 61"
      "1a 18 00 00 00 00 01 01 26 00 01 62 00 01 31 26 00 01 61 00 01 32 03 00 02 63 74"
      "00 01 77 00 08 67 6f 6e 65 20 00 ff 21");
  a.expect_connack();
  a.drop();
  watcher.expect_bytes(
      "30 21 00 01 77 15 01 01 26 00 01 62 00 01 31 26 00 01 61 00 01 32 03 00 02 63 74"
      "67 6f 6e 65 20 00 ff 21");
}

TEST_CASE("a will's expiry begins when it is published") {
  Broker broker;
  Client watcher(broker, Version::V5, "watcher");
  watcher.must_subscribe("w");
  ConnectOptions kept{.clean_start = false, .props = {.session_expiry_interval = 1'000}};
  Client away(broker, Version::V5, "away", kept);
  away.must_subscribe("w", kQoS1);
  away.close();
  Client a(broker, Version::V5, "a",
           {.will = Will{.topic = "w",
                         .payload = "x",
                         .qos = kQoS1,
                         .props = {.message_expiry_interval = 10, .will_delay_interval = 20}},
            .props = {.session_expiry_interval = 60}});
  broker.advance(30s);
  a.drop();
  broker.advance(21s);  // sent within the last of them
  CHECK(watcher.expect_publish("w", "x").props.message_expiry_interval == 10);
  broker.advance(4s);
  away.reconnect(kept);
  const auto left = away.expect_publish("w", "x").props.message_expiry_interval;
  REQUIRE(left);
  CHECK(*left >= 5);
  CHECK(*left <= 6);
}

TEST_CASE("a will of 5.0 reaches clients of older versions without its properties") {
  for (const Version version : {Version::V31, Version::V311}) {
    CAPTURE(version);
    Broker broker;
    Client watcher(broker, version, "watcher");
    watcher.must_subscribe("w");
    Client a(
        broker, Version::V5, "a",
        {.will = Will{
             .topic = "w", .payload = "x", .props = {.content_type = "c", .user = {{"k", "v"}}}}});
    a.drop();
    watcher.expect_bytes("30 04 00 01 77 78");
  }
}

}  // namespace
}  // namespace midge::test
