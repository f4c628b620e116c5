// Retained messages: their limit, their expiry, and that they leave nothing behind.
#include <set>

#include "tests/support/client.hpp"

namespace midge::test {
namespace {

// What the broker holds.
struct Held {
  std::uint32_t retained;
  std::uint32_t messages;
  std::uint64_t bytes;
  std::uint32_t queued;
  std::size_t pages;

  bool operator==(const Held&) const = default;
};

Held held(Broker& broker) {
  return {broker.metrics.retained_messages, broker.metrics.stored_messages,
          broker.metrics.stored_bytes, broker.metrics.queued_messages,
          broker.sim.arena().used_pages()};
}

// Publishes `count` retained messages of all sizes on topics of their own, QoS 0.
void publish_many(Client& publisher, int count, const Properties& props = {}) {
  publisher.together([&] {
    for (int i = 0; i < count; ++i) {
      const std::string payload(static_cast<std::size_t>(1 + i % 700), 'x');
      publisher.publish("many/" + std::to_string(i % 17) + "/" + std::to_string(i), payload, kQoS0,
                        {.retain = true, .props = props});
    }
  });
}

TEST_CASE(
    "the limit of retained messages refuses new topics with 0x97, not new messages of old ones") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    const ReasonCode refused =
        version == Version::V5 ? ReasonCode::QuotaExceeded : ReasonCode::Success;
    Broker broker;
    broker.limits.retained_messages = 2;
    Client a(broker, version, "a");
    a.must_publish("t/1", "1", kQoS1, {.retain = true});
    a.must_publish("t/2", "2", kQoS2, {.retain = true});
    CHECK(broker.metrics[Cause::RetainedLimit] == 0);

    a.publish("t/3", "3", kQoS1, {.retain = true});
    CHECK(a.expect(PacketType::Puback).reason == refused);
    const PacketIdentifier id = a.publish("t/4", "4", kQoS2, {.retain = true});
    CHECK(a.expect(PacketType::Pubrec).reason == refused);
    if (version != Version::V5) {
      a.pubrel(id);
      a.expect(PacketType::Pubcomp);
    }
    a.publish("t/5", "5", kQoS0, {.retain = true});
    a.expect_nothing();
    CHECK(broker.metrics[Cause::RetainedLimit] == 3);
    CHECK(broker.metrics.retained_messages == 2);
    CHECK(broker.metrics.stored_messages == 2);

    // What needs no room goes on: a message that is not retained, a newer one of a known topic, and
    // an empty one, which makes room.
    a.must_publish("t/3", "3", kQoS1);
    a.must_publish("t/1", "1 again", kQoS1, {.retain = true});
    a.must_publish("t/9", "", kQoS1, {.retain = true});
    a.must_publish("t/2", "", kQoS1, {.retain = true});
    a.must_publish("t/3", "3", kQoS1, {.retain = true});
    CHECK(broker.metrics[Cause::RetainedLimit] == 3);
    Client b(broker, version, "b");
    b.must_subscribe("t/1");
    b.expect_publish("t/1", "1 again");
    b.must_subscribe("t/3");
    b.expect_publish("t/3", "3");
    b.must_subscribe("#", kQoS0);
    CHECK(b.all().size() == 2);
  }
}

TEST_CASE("QoS 0 over the limit, which can't be refused, is not kept and still delivered") {
  Broker broker;
  broker.limits.retained_messages = 1;
  Client a(broker, Version::V5, "a");
  Client b(broker, Version::V5, "b");
  b.must_subscribe("#");
  a.publish("t/1", "x", kQoS0, {.retain = true});
  b.expect_publish("t/1", "x");
  a.publish("t/2", "y", kQoS0, {.retain = true});
  b.expect_publish("t/2", "y");
  CHECK(broker.metrics.retained_messages == 1);
  CHECK(broker.metrics[Cause::RetainedLimit] == 1);
}

TEST_CASE("a retained message that expired makes room under the limit") {
  Broker broker;
  broker.limits.retained_messages = 1;
  Client a(broker, Version::V5, "a");
  a.must_publish("t/1", "x", kQoS1, {.retain = true, .props = {.message_expiry_interval = 5}});
  a.publish("t/2", "x", kQoS1, {.retain = true});
  CHECK(a.expect(PacketType::Puback).reason == ReasonCode::QuotaExceeded);
  broker.advance(6s);
  a.must_publish("t/2", "x", kQoS1, {.retain = true});
  CHECK(broker.metrics.retained_messages == 1);
}

TEST_CASE("a retained message goes out with what is left of its interval [MQTT-3.3.2-6]") {
  Broker broker;
  Client b(broker, Version::V5, "b");
  b.publish("t", "x", kQoS1, {.retain = true, .props = {.message_expiry_interval = 10}});
  for (std::uint32_t waited = 0; waited < 10; waited += 3) {
    CAPTURE(waited);
    Client a(broker, Version::V5, "a");
    a.must_subscribe("t", kQoS1);
    const Packet p = a.expect_publish("t", "x");
    CHECK(p.retain);
    CHECK(p.props.message_expiry_interval == 10 - waited);
    a.answer(p);
    broker.advance(3s);
  }
}

TEST_CASE("a retained message that has expired is not sent, to nobody [MQTT-3.3.2-5]") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client b(broker, Version::V5, "b");
    b.publish("t/1", "x", kQoS1, {.retain = true, .props = {.message_expiry_interval = 10}});
    b.publish("t/2", "y", kQoS1, {.retain = true});
    broker.advance(10s);
    Client a(broker, version, "a");
    a.must_subscribe("t/+", kQoS1);
    a.expect_publish("t/2", "y");
    a.expect_nothing();
    broker.advance(1s);
    CHECK(broker.metrics.retained_messages == 1);
    CHECK(broker.metrics[Cause::Expired] == 1);
  }
}

TEST_CASE("a newer message takes its own interval with it, in both directions") {
  Broker broker;
  Client b(broker, Version::V5, "b");
  const auto publish = [&](const char* topic, const char* payload, std::uint32_t seconds) {
    Properties props;
    if (seconds > 0) props.message_expiry_interval = seconds;
    b.publish(topic, payload, kQoS0, {.retain = true, .props = props});
  };
  publish("short to long", "1", 5);
  publish("short to long", "2", 100);
  publish("short to none", "1", 5);
  publish("short to none", "2", 0);
  publish("long to short", "1", 100);
  publish("long to short", "2", 5);
  publish("none to short", "1", 0);
  publish("none to short", "2", 5);
  publish("deleted", "1", 5);
  publish("deleted", "", 0);
  publish("deleted", "2", 0);
  broker.advance(50s);
  Client a(broker, Version::V5, "a");
  a.must_subscribe("short to long");
  CHECK(a.expect_publish("short to long", "2").props.message_expiry_interval == 50);
  a.must_subscribe("short to none");
  CHECK_FALSE(a.expect_publish("short to none", "2").props.message_expiry_interval);
  a.must_subscribe("deleted");
  a.expect_publish("deleted", "2");
  a.must_subscribe("long to short");
  a.must_subscribe("none to short");
  a.expect_nothing();
  CHECK(broker.metrics.retained_messages == 3);
}

TEST_CASE("expired retained messages free their memory, though nobody asks for them") {
  Broker broker;
  Client b(broker, Version::V5, "b");
  publish_many(b, 50, {.message_expiry_interval = 1});  // the tables' first growth
  broker.advance(3s);
  const Held before = held(broker);
  CHECK(before.retained == 0);
  for (int round = 0; round < 3; ++round) {
    CAPTURE(round);
    publish_many(b, 5'000, {.message_expiry_interval = 10, .user = {{"key", "value"}}});
    CHECK(broker.metrics.retained_messages == 5'000);
    CHECK(broker.sim.arena().used_pages() > before.pages + 200);
    broker.advance(9s);
    CHECK(broker.metrics.retained_messages == 5'000);
    broker.advance(2s);
    const Held after = held(broker);
    CHECK(after.retained == before.retained);
    CHECK(after.messages == before.messages);
    CHECK(after.bytes == before.bytes);
    CHECK(after.queued == before.queued);
    CHECK(after.pages == before.pages);
  }
}

TEST_CASE("deleted retained messages free their memory") {
  Broker broker;
  Client b(broker, Version::V5, "b");
  const Held before = held(broker);
  publish_many(b, 5'000);
  CHECK(broker.metrics.retained_messages == 5'000);
  b.together([&] {
    for (int i = 0; i < 5'000; ++i) {
      b.publish("many/" + std::to_string(i % 17) + "/" + std::to_string(i), "", kQoS0,
                {.retain = true});
    }
  });
  CHECK(held(broker).retained == before.retained);
  CHECK(held(broker).messages == before.messages);
  CHECK(held(broker).bytes == before.bytes);
  CHECK(held(broker).pages == before.pages);
}

TEST_CASE("what replaces a retained message takes no more than it did") {
  Broker broker;
  Client b(broker, Version::V5, "b");
  publish_many(b, 1'000, {.message_expiry_interval = 100});
  const Held once = held(broker);
  for (int i = 0; i < 5; ++i) publish_many(b, 1'000, {.message_expiry_interval = 100});
  CHECK(held(broker).retained == once.retained);
  CHECK(held(broker).messages == once.messages);
  CHECK(held(broker).bytes == once.bytes);
  CHECK(held(broker).pages <= once.pages + 2);
}

TEST_CASE("a retained message that expires while it is delivered is freed with the last delivery") {
  Broker broker;
  Client b(broker, Version::V5, "b");
  b.publish("t", "x", kQoS1, {.retain = true, .props = {.message_expiry_interval = 5}});
  Client a(broker, Version::V5, "a");
  a.must_subscribe("t", kQoS1);
  const Packet p = a.expect_publish("t", "x");
  broker.advance(6s);
  CHECK(broker.metrics.retained_messages == 0);
  CHECK(broker.metrics.stored_messages == 1);
  a.answer(p);
  CHECK(broker.metrics.stored_messages == 0);
}

TEST_CASE("a replay that finds no memory waits for some, and the broker does not turn in circles") {
  // The first one's deliveries may fill a page of the pool exactly, so it is tried with more and
  // fewer of them.
  for (std::uint16_t window = 1; window <= 40; ++window) {
    CAPTURE(window);
    Broker broker;
    broker.limits.memory_bytes = std::size_t{1} << 20;
    broker.limits.inflight_messages = window;
    Client publisher(broker, Version::V5, "publisher");
    for (int i = 0; i < 200; ++i) {
      publisher.must_publish("t/" + std::to_string(i), "x", kQoS1, {.retain = true});
    }
    Client holder(broker, Version::V5, "holder");
    holder.must_subscribe("t/+", kQoS1);
    Client a(broker, Version::V5, "a");
    for (int i = 0; broker.metrics[Cause::MemoryFull] == 0; ++i) {
      publisher.publish("fill/" + std::to_string(i), "x", kQoS0, {.retain = true});
    }
    a.subscribe("t/#", kQoS0);
    broker.advance(1s);
    // Memory comes back with what the first one acknowledges.
    std::size_t of_holder = 0;
    for (bool more = true; more;) {
      more = false;
      for (const Packet& p : holder.all()) {
        ++of_holder;
        more = true;
        holder.answer(p);
      }
    }
    CHECK(of_holder == 200);
    broker.advance(1s);
    std::set<std::string> topics;
    bool granted = false;
    for (const Packet& p : a.all()) {
      if (p.type == PacketType::Suback) granted = p.codes == std::vector{ReasonCode::GrantedQoS0};
      if (p.type == PacketType::Publish) topics.insert(p.topic);
    }
    if (granted) CHECK(topics.size() == 200);
  }
}

}  // namespace
}  // namespace midge::test
