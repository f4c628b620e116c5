// Topic Aliases from the client (MQTT 5.0 section 3.3.2.3.4).
#include "tests/support/client.hpp"

namespace midge::test {
namespace {

// A PUBLISH at QoS 0, payload "x": with topic and alias, with the alias alone.
void publish_with(Client& a, std::string_view topic, std::uint16_t alias,
                  std::string_view payload = "x") {
  a.publish(topic, payload, kQoS0, {.props = {.topic_alias = alias}});
}

TEST_CASE(
    "every alias up to the announced maximum is taken and stands for its topic [MQTT-3.3.2-12]") {
  for (const std::uint32_t maximum : {1U, 10U, 300U, 65'535U}) {
    CAPTURE(maximum);
    Broker broker;
    broker.listener.max_topic_alias = static_cast<std::uint16_t>(maximum);
    Client watcher(broker, Version::V5, "watcher");
    watcher.must_subscribe("#");
    Client a(broker, Version::V5);
    CHECK(a.must_connect("a").props.topic_alias_maximum == maximum);
    // All of them where they are few, the edges where they are many.
    for (std::uint32_t alias = 1; alias <= maximum; alias += maximum > 1'000 ? 6'553 : 1) {
      const std::string topic = "topic/" + std::to_string(alias);
      publish_with(a, topic, static_cast<std::uint16_t>(alias), "1");
      watcher.expect_publish(topic, "1");
    }
    for (std::uint32_t alias = 1; alias <= maximum; alias += maximum > 1'000 ? 6'553 : 1) {
      publish_with(a, "", static_cast<std::uint16_t>(alias), "2");
      watcher.expect_publish("topic/" + std::to_string(alias), "2");
    }
    watcher.expect_nothing();
    a.expect_nothing();
  }
}

TEST_CASE(
    "an alias of 0, or above the announced maximum, ends the connection with 0x94 [MQTT-3.3.2-8] "
    "[MQTT-3.3.2-9]") {
  for (const char* topic : {"t", ""}) {
    for (const std::uint32_t alias : {0U, 11U, 65'535U}) {
      CAPTURE(topic);
      CAPTURE(alias);
      Broker broker;
      Client watcher(broker, Version::V5, "watcher");
      watcher.must_subscribe("#");
      Client a(broker, Version::V5, "a");
      publish_with(a, topic, static_cast<std::uint16_t>(alias));
      a.expect_disconnect(ReasonCode::TopicAliasInvalid);
      watcher.expect_nothing();
      CHECK(broker.metrics[Cause::TopicAliasInvalid] == 1);
    }
  }
}

TEST_CASE(
    "where no alias is allowed CONNACK says nothing of them, and each is 0x94 [MQTT-3.3.2-9]") {
  Broker broker;
  broker.listener.max_topic_alias = 0;
  Client a(broker, Version::V5);
  CHECK_FALSE(a.must_connect("a").props.topic_alias_maximum.value_or(0));
  publish_with(a, "t", 1);
  a.expect_disconnect(ReasonCode::TopicAliasInvalid);
}

TEST_CASE("an alias that nothing has defined is a protocol error") {
  Broker broker;
  Client a(broker, Version::V5, "a");
  publish_with(a, "t", 1);
  a.expect_nothing();
  publish_with(a, "", 2);
  a.expect_disconnect(ReasonCode::ProtocolError);
}

TEST_CASE("a later topic takes the alias over") {
  Broker broker;
  Client watcher(broker, Version::V5, "watcher");
  watcher.must_subscribe("#");
  Client a(broker, Version::V5, "a");
  publish_with(a, "first/topic", 3);
  watcher.expect_publish("first/topic", "x");
  publish_with(a, "second", 3);
  watcher.expect_publish("second", "x");
  publish_with(a, "", 3);
  watcher.expect_publish("second", "x");
  // Two aliases may stand for one topic.
  publish_with(a, "second", 4);
  watcher.expect_publish("second", "x");
  publish_with(a, "", 3);
  watcher.expect_publish("second", "x");
  publish_with(a, "", 4);
  watcher.expect_publish("second", "x");
  // A topic without an alias leaves them alone.
  a.publish("third", "x");
  watcher.expect_publish("third", "x");
  publish_with(a, "", 4);
  watcher.expect_publish("second", "x");
}

TEST_CASE("aliases end with their connection, whatever becomes of the session [MQTT-3.3.2-7]") {
  const ConnectOptions lasting{.clean_start = false, .props = {.session_expiry_interval = 100}};
  Broker broker;
  Client a(broker, Version::V5, "a", lasting);
  publish_with(a, "t", 1);
  a.drop();
  CHECK(a.reconnect(lasting).session_present);
  publish_with(a, "", 1);
  a.expect_disconnect(ReasonCode::ProtocolError);
}

TEST_CASE("each connection has its own aliases") {
  Broker broker;
  Client watcher(broker, Version::V5, "watcher");
  watcher.must_subscribe("#");
  Client a(broker, Version::V5, "a");
  Client b(broker, Version::V5, "b");
  publish_with(a, "of/a", 1);
  watcher.expect_publish("of/a", "x");
  publish_with(b, "of/b", 1);
  watcher.expect_publish("of/b", "x");
  publish_with(a, "", 1);
  watcher.expect_publish("of/a", "x");
  publish_with(b, "", 1);
  watcher.expect_publish("of/b", "x");
}

TEST_CASE("an alias is learned at every QoS, from a message that comes twice too") {
  Broker broker;
  Client watcher(broker, Version::V5, "watcher");
  watcher.must_subscribe("#", kQoS0);
  Client a(broker, Version::V5, "a");
  a.publish("one", "1", kQoS1, {.packet_id = 1, .props = {.topic_alias = 1}});
  a.publish("two", "2", kQoS2, {.packet_id = 2, .props = {.topic_alias = 2}});
  // The same QoS 2 message once more, now with another alias.
  a.publish("two", "2", kQoS2, {.dup = true, .packet_id = 2, .props = {.topic_alias = 3}});
  a.expect_bytes("40 02 00 01 50 02 00 02 50 02 00 02");
  watcher.expect_publish("one", "1");
  watcher.expect_publish("two", "2");
  watcher.expect_nothing();
  a.publish("", "3", kQoS1, {.packet_id = 3, .props = {.topic_alias = 1}});
  watcher.expect_publish("one", "3");
  publish_with(a, "", 2);
  watcher.expect_publish("two", "x");
  publish_with(a, "", 3);
  watcher.expect_publish("two", "x");
}

TEST_CASE("an alias is learned even if its PUBLISH is refused") {
  struct Vector {
    const char* name;
    const char* topic;
    std::string payload;
    ReasonCode reason;
    ReasonCode by_alias;  // the answer to a small PUBLISH with the alias alone
  };
  const Vector vectors[] = {
      {"too large", "fine", std::string(101, 'x'), ReasonCode::QuotaExceeded, ReasonCode::Success},
      {"far too large", "fine", std::string(50'000, 'x'), ReasonCode::QuotaExceeded,
       ReasonCode::Success},
      {"denied", "secret/a", "x", ReasonCode::NotAuthorized, ReasonCode::NotAuthorized},
      {"the broker's", "$SYS/x", "x", ReasonCode::NotAuthorized, ReasonCode::NotAuthorized},
      {"too deep", "a/b/c", "x", ReasonCode::TopicNameInvalid, ReasonCode::TopicNameInvalid},
  };
  for (const Vector& v : vectors) {
    CAPTURE(v.name);
    Broker broker;
    broker.authorizer.deny_publish("secret/#");
    broker.limits.topic_levels = 2;
    broker.limits.payload_bytes = 100;
    Client watcher(broker, Version::V5, "watcher");
    watcher.must_subscribe("#");
    Client a(broker, Version::V5, "a");
    a.publish(v.topic, v.payload, kQoS1, {.props = {.topic_alias = 1}});
    CHECK(a.expect(PacketType::Puback).reason == v.reason);
    a.publish("", "y", kQoS1, {.props = {.topic_alias = 1}});
    CHECK(a.expect(PacketType::Puback).reason == v.by_alias);
    if (v.by_alias == ReasonCode::Success) watcher.expect_publish(v.topic, "y");
    watcher.expect_nothing();
    a.expect_nothing();
  }
}

TEST_CASE("a retained message under an alias is kept under its topic") {
  Broker broker;
  Client a(broker, Version::V5, "a");
  publish_with(a, "some/topic", 1);
  a.publish("", "kept", kQoS0, {.retain = true, .props = {.topic_alias = 1}});
  a.must_subscribe("some/topic");
  a.expect_publish("some/topic", "kept");
  a.publish("", "", kQoS0, {.retain = true, .props = {.topic_alias = 1}});
  CHECK(broker.metrics.retained_messages == 0);
}

TEST_CASE("a large PUBLISH under an alias goes to its topic") {
  Broker broker;
  Client watcher(broker, Version::V5, "watcher");
  watcher.must_subscribe("some/topic");
  Client a(broker, Version::V5, "a");
  const std::string payload(100'000, 'p');
  publish_with(a, "some/topic", 1, payload);
  watcher.expect_publish("some/topic", payload);
  publish_with(a, "", 1, payload);
  watcher.expect_publish("some/topic", payload);
}

TEST_CASE("aliases that are taken over take no more memory, and all goes with the connection") {
  Broker broker;
  Client(broker, Version::V5, "a").drop();  // tables have grown for it
  const std::size_t before = broker.sim.arena().used_pages();
  Client a(broker, Version::V5, "a");
  const auto define_all = [&](int round) {
    for (std::uint16_t alias = 1; alias <= 10; ++alias) {
      publish_with(a, std::string(100, 't') + std::to_string(round), alias);
    }
  };
  define_all(0);
  const std::size_t pages = broker.sim.arena().used_pages();
  for (int round = 1; round < 200; ++round) define_all(round);
  CHECK(broker.sim.arena().used_pages() <= pages + 1);
  a.drop();
  broker.settle();
  CHECK(broker.sim.arena().used_pages() == before);
}

}  // namespace
}  // namespace midge::test
