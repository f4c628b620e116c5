// Topic Aliases toward the client (MQTT 5.0 section 3.3.2.3.4): midge gives them as topics come,
// when it writes a packet.
#include <map>

#include "tests/support/client.hpp"

namespace midge::test {
namespace {

ConnectOptions with_aliases(std::uint16_t maximum, const Properties& others = {}) {
  ConnectOptions options{.props = others};
  options.props.topic_alias_maximum = maximum;
  return options;
}

// What a client makes of the topics and aliases it gets on one connection.
class AliasTable {
 public:
  explicit AliasTable(std::uint16_t maximum) : maximum_(maximum) {}

  // The full topic of `p`; "" when its alias means nothing or is out of range.
  std::string topic_of(const Packet& p) {
    if (!p.props.topic_alias) return p.topic;
    const std::uint16_t alias = *p.props.topic_alias;
    if (alias == 0 || alias > maximum_) return "";
    if (!p.topic.empty()) topics_[alias] = p.topic;
    return topics_[alias];
  }

 private:
  std::uint16_t maximum_;
  std::map<std::uint16_t, std::string> topics_;
};

TEST_CASE("a client that takes no aliases gets none [MQTT-3.3.2-11]") {
  for (const bool says_so : {false, true}) {
    CAPTURE(says_so);
    Broker broker;
    Client a(broker, Version::V5, "a", says_so ? with_aliases(0) : ConnectOptions{});
    a.must_subscribe("some/topic");
    Client b(broker, Version::V5, "b");
    for (int i = 0; i < 3; ++i) {
      b.publish("some/topic", "x");
      a.expect_bytes("30 0e 00 0a 73 6f 6d 65 2f 74 6f 70 69 63 00 78");
    }
  }
}

TEST_CASE(
    "aliases stay within the client's maximum and the broker's own [MQTT-3.3.2-8] "
    "[MQTT-3.3.2-11]") {
  struct Vector {
    std::uint16_t client;
    std::uint16_t broker;
    std::size_t used;
  };
  constexpr Vector kVectors[] = {{1, 10, 1}, {3, 10, 3},       {10, 10, 10},
                                 {20, 4, 4}, {65'535, 10, 10}, {5, 0, 0}};
  for (const Vector& v : kVectors) {
    CAPTURE(v.client);
    CAPTURE(v.broker);
    Broker broker;
    broker.listener.max_topic_alias_broker = v.broker;
    Client a(broker, Version::V5, "a", with_aliases(v.client));
    a.must_subscribe("#");
    Client b(broker, Version::V5, "b");
    AliasTable table(v.client);
    std::size_t shortened = 0;
    for (int round = 0; round < 3; ++round) {
      for (int i = 0; i < 25; ++i) {
        const std::string topic = "some/topic/" + std::to_string(i);
        b.publish(topic, "x");
        const Packet p = a.expect_publish();
        CHECK(table.topic_of(p) == topic);
        if (p.topic.empty()) ++shortened;
      }
    }
    CHECK(shortened == 2 * v.used);
  }
}

TEST_CASE("the first PUBLISH of a topic defines its alias, the next ones have the alias alone") {
  Broker broker;
  Client a(broker, Version::V5, "a", with_aliases(2));
  a.must_subscribe("#", kQoS1);
  Client b(broker, Version::V5, "b");
  b.publish("t/one", "1");
  a.expect_bytes("30 0c 00 05 74 2f 6f 6e 65 03 23 00 01 31");
  b.publish("t/two", "2", kQoS1);
  a.expect_bytes("32 0e 00 05 74 2f 74 77 6f 00 01 03 23 00 02 32");
  b.publish("t/one", "3");
  a.expect_bytes("30 07 00 00 03 23 00 01 33");
  b.publish("t/two", "4", kQoS1);
  a.expect_bytes("32 09 00 00 00 02 03 23 00 02 34");
  b.publish("t/three", "5");  // the two are used up
  a.expect_bytes("30 0b 00 07 74 2f 74 68 72 65 65 00 35");
}

TEST_CASE("aliases go together with the other properties") {
  Broker broker;
  Client a(broker, Version::V5, "a", with_aliases(2));
  a.must_subscribe("t/one", kQoS0, {.props = {.subscription_identifier = 300}});
  Client b(broker, Version::V5, "b");
  const Properties props{.message_expiry_interval = 10, .content_type = "c", .user = {{"k", "v"}}};
  for (int i = 0; i < 2; ++i) {
    CAPTURE(i);
    b.publish("t/one", "x", kQoS0, {.props = props});
    const Packet p = a.expect_publish(i == 0 ? "t/one" : "", "x");
    CHECK(p.props.topic_alias == 1);
    CHECK(p.props.message_expiry_interval == 10);
    CHECK(p.props.subscription_ids == std::vector<std::uint32_t>{300});
    CHECK(p.props.content_type == "c");
    CHECK(p.props.user == props.user);
  }
}

TEST_CASE("a message that is dropped defines no alias") {
  Broker broker;
  Client a(broker, Version::V5, "a", with_aliases(1, {.maximum_packet_size = 60}));
  a.must_subscribe("#");
  Client b(broker, Version::V5, "b");
  b.publish("first/topic", std::string(100, 'x'));  // too large for this client
  a.expect_nothing();
  CHECK(broker.metrics[Cause::TooLargeForClient] == 1);
  b.publish("first/topic", "1");
  const Packet p = a.expect_publish("first/topic", "1");
  CHECK(p.props.topic_alias == 1);
  b.publish("second/topic", "2");
  CHECK_FALSE(a.expect_publish("second/topic", "2").props.topic_alias);
}

TEST_CASE("a message that expires while it waits defines no alias") {
  Broker broker;
  Client a(broker, Version::V5, "a", with_aliases(2, {.receive_maximum = 1}));
  a.must_subscribe("#", kQoS1);
  Client b(broker, Version::V5, "b");
  b.publish("first/topic", "1", kQoS1);
  b.publish("second/topic", "2", kQoS1, {.props = {.message_expiry_interval = 1}});
  b.publish("third/topic", "3", kQoS1);
  const Packet first = a.expect_publish("first/topic", "1");
  CHECK(first.props.topic_alias == 1);
  broker.advance(2s);
  a.answer(first);
  const Packet third = a.expect_publish("third/topic", "3");
  CHECK(third.props.topic_alias == 2);
  a.answer(third);
  b.publish("second/topic", "4", kQoS1);
  CHECK_FALSE(a.expect_publish("second/topic", "4").props.topic_alias);
}

TEST_CASE("what is sent again after a reconnect carries its topic in full [MQTT-3.3.2-7]") {
  for (const QoS qos : {kQoS1, kQoS2}) {
    CAPTURE(qos);
    ConnectOptions lasting = with_aliases(10, {.session_expiry_interval = 100});
    lasting.clean_start = false;
    Broker broker;
    Client a(broker, Version::V5, "a", lasting);
    a.must_subscribe("#", qos);
    Client b(broker, Version::V5, "b");
    for (const char* payload : {"1", "2", "3"}) b.publish("some/topic", payload, qos);
    a.expect_publish("some/topic", "1");
    a.expect_publish("", "2");
    a.expect_publish("", "3");
    a.drop();
    b.publish("some/topic", "4", qos);
    b.publish("other/topic", "5", qos);
    a.reconnect(lasting);
    // The new connection has its own aliases, from 1 on.
    AliasTable table(10);
    for (const char* payload : {"1", "2", "3"}) {
      const Packet p = a.expect_publish("some/topic", payload);
      CHECK(p.dup);
      CHECK(table.topic_of(p) == "some/topic");
    }
    CHECK(table.topic_of(a.expect_publish("some/topic", "4")) == "some/topic");
    CHECK(table.topic_of(a.expect_publish("other/topic", "5")) == "other/topic");
    a.expect_nothing();
  }
}

TEST_CASE(
    "a client with a smaller maximum after a reconnect is not held to the old one "
    "[MQTT-3.3.2-11]") {
  Broker broker;
  Client a(broker, Version::V5, "a", with_aliases(5));
  a.must_subscribe("#");
  Client b(broker, Version::V5, "b");
  for (const char* topic : {"t/one", "t/two", "t/three"}) b.publish(topic, "x");
  CHECK(a.all().size() == 3);
  a.drop();
  a.reconnect(with_aliases(1));
  a.must_subscribe("#");
  b.publish("t/three", "x");
  CHECK(a.expect_publish("t/three", "x").props.topic_alias == 1);
  b.publish("t/one", "x");
  CHECK_FALSE(a.expect_publish("t/one", "x").props.topic_alias);
}

TEST_CASE("an alias does not lift a packet over the client's Maximum Packet Size") {
  // PUBLISH "some/topic", payload of n bytes: 15 + n without alias, 18 + n with its definition.
  for (std::uint32_t size = 30; size <= 40; ++size) {
    CAPTURE(size);
    Broker broker;
    Client a(broker, Version::V5, "a", with_aliases(5, {.maximum_packet_size = size}));
    a.must_subscribe("some/topic");
    Client b(broker, Version::V5, "b");
    const std::string payload(35 - 15, 'x');
    b.publish("some/topic", payload);
    if (size < 35) {
      a.expect_nothing();
      continue;
    }
    const Packet p = a.expect_publish("some/topic", payload);
    CHECK(p.bytes.size() <= size);
  }
}

TEST_CASE("without memory for aliases topics go out in full") {
  Broker broker;
  broker.limits.memory_bytes = std::size_t{1} << 20;
  broker.listener.max_topic_alias_broker = 65'535;  // whose table would take all of it
  Client a(broker, Version::V5, "a", with_aliases(65'535));
  a.must_subscribe("some/topic", kQoS1);
  Client b(broker, Version::V5, "b");
  for (const char* payload : {"1", "2"}) {
    b.must_publish("some/topic", payload, kQoS1);
    const Packet p = a.expect_publish("some/topic", payload);
    CHECK_FALSE(p.props.topic_alias);
    a.answer(p);
  }
}

TEST_CASE("topics and aliases agree however the link behaves [MQTT-3.3.2-8] [MQTT-3.3.2-11]") {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    CAPTURE(seed);
    Broker broker(seed);
    sim::Random random(seed);
    // The subscriber's link takes a few bytes at a time, so that packets are planned, cut and
    // planned again.
    broker.link.send_buffer = random.between(20, 400);
    broker.link.client_window = random.between(10, 300);
    broker.link.short_write_percent = 50;
    broker.link.sent_late = random.chance(50);
    broker.link.read_bytes = static_cast<std::uint32_t>(random.between(5, 100));
    const auto maximum = static_cast<std::uint16_t>(random.between(1, 6));
    Client a(broker, Version::V5);
    a.connect("a", with_aliases(maximum));
    broker.advance(10s);
    a.expect_connack();
    a.subscribe("#", kQoS0);
    broker.advance(10s);
    a.expect(PacketType::Suback);

    broker.link = {};
    Client b(broker, Version::V5, "b");
    std::vector<std::string> sent;
    for (int i = 0; i < 200; ++i) {
      sent.push_back("some/topic/" + std::to_string(random.between(1, 9)));
      b.publish(sent.back(), std::to_string(i));
      if (random.chance(20)) broker.advance(Duration{random.between(1, 50)});
    }
    broker.advance(60s);
    AliasTable table(maximum);
    for (int i = 0; i < 200; ++i) {
      const Packet p = a.expect_publish();
      CHECK(table.topic_of(p) == sent[static_cast<std::size_t>(i)]);
      CHECK(p.payload == std::to_string(i));
    }
    a.expect_nothing();
  }
}

}  // namespace
}  // namespace midge::test
