// The replay of many retained messages to a new subscription: over several turns, at the client's
// pace (MQTT 5.0 section 3.3.1.3).
#include <algorithm>
#include <map>
#include <set>

#include "tests/support/client.hpp"

namespace midge::test {
namespace {

// Publishes `count` retained messages on t/0, t/1, ..., each with its number as payload.
void publish_many(Client& publisher, int count, QoS qos = kQoS0) {
  for (int first = 0; first < count; first += 1'000) {
    publisher.together([&] {
      for (int i = first; i < std::min(count, first + 1'000); ++i) {
        publisher.publish("t/" + std::to_string(i), std::to_string(i), qos, {.retain = true});
      }
    });
    (void)publisher.all();
  }
}

// What link `client` has received, as packets.
std::vector<Packet> take_packets(Client& client) {
  const ByteVector stream = client.link().take();
  std::vector<Packet> packets;
  for (std::size_t at = 0; at < stream.size();) {
    Decoded decoded = decode_packet(client.version(), Bytes(stream).subspan(at));
    REQUIRE(decoded.packet);
    at += decoded.bytes;
    packets.push_back(std::move(*decoded.packet));
  }
  return packets;
}

TEST_CASE(
    "100,000 retained messages are replayed over many turns, each once, and the queue stays "
    "short") {
  constexpr int kCount = 100'000;
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    broker.limits.memory_bytes = std::size_t{96} << 20;
    Client publisher(broker, version, "publisher");
    publish_many(publisher, kCount);
    REQUIRE(broker.metrics.retained_messages == kCount);
    Client other(broker, version, "other");
    Client a(broker, version, "a");
    const std::uint64_t dropped_before = broker.metrics.publish_dropped;

    // Turn by turn; one turn after the start another client pings.
    std::uint32_t most_queued = 0;
    std::uint64_t most_bytes = 0;
    int turns = 0;
    bool other_was_served = false;
    broker.at_once([&] {
      a.subscribe("#");
      std::uint64_t sent = broker.metrics.bytes_sent;
      while (broker.world.step(broker.now())) {
        ++turns;
        most_queued = std::max(most_queued, broker.metrics.queued_messages);
        most_bytes = std::max(most_bytes, broker.metrics.bytes_sent - sent);
        sent = broker.metrics.bytes_sent;
        if (turns == 10) other.ping();
        if (other.link().received().size() == 2) {
          other_was_served = other_was_served || broker.metrics.publish_sent < kCount;
        }
      }
    });
    CHECK(turns > 100);
    CHECK(most_queued <= broker.limits.queued_messages);
    CHECK(most_bytes < 100'000);
    CHECK(other_was_served);
    CHECK(broker.metrics.publish_dropped == dropped_before);
    CHECK(broker.metrics[Cause::QueueMessages] == 0);
    CHECK(broker.metrics.queued_messages == 0);

    const std::vector<Packet> packets = take_packets(a);
    REQUIRE(packets.size() == kCount + 1);
    std::set<std::string> topics;
    std::size_t right = 0;
    for (const Packet& p : packets) {
      if (p.type == PacketType::Publish && p.retain && p.topic == "t/" + p.payload) ++right;
      topics.insert(p.topic);
    }
    CHECK(right == kCount);
    CHECK(topics.size() == kCount + 1);  // SUBACK has none
  }
}

TEST_CASE("a replay at QoS 1 and 2 waits for the client's window, one message after the other") {
  constexpr int kCount = 500;
  for (const Version version : kBothVersions) {
    for (const QoS qos : {kQoS1, kQoS2}) {
      CAPTURE(version);
      CAPTURE(qos);
      Broker broker;
      broker.limits.inflight_messages = 5;
      Client publisher(broker, version, "publisher");
      for (int i = 0; i < kCount; ++i) {
        publisher.must_publish("t/" + std::to_string(i), "x", qos, {.retain = true});
      }
      Client a(broker, version, "a");
      a.must_subscribe("t/+", qos);
      std::set<std::string> topics;
      for (int i = 0; i < kCount; ++i) {
        // Never more than five without an answer.
        CHECK(broker.metrics.inflight_messages == std::min(5, kCount - i));
        const Packet p = a.expect_publish();
        CHECK(p.retain);
        CHECK(p.qos == qos);
        topics.insert(p.topic);
        a.answer(p);
      }
      a.expect_nothing();
      CHECK(topics.size() == kCount);
      CHECK(broker.metrics.publish_dropped == 0);
      CHECK(broker.metrics.queued_messages == 0);
    }
  }
}

TEST_CASE("a replay stays within the session's queue limit, and leaves room there") {
  for (const std::uint32_t limit : {2U, 10U, 50U}) {
    CAPTURE(limit);
    Broker broker;
    broker.limits.inflight_messages = 3;
    broker.limits.queued_messages = limit;
    Client publisher(broker, Version::V5, "publisher");
    publish_many(publisher, 300, kQoS1);
    Client a(broker, Version::V5, "a");
    a.must_subscribe("#", kQoS1);
    CHECK(broker.metrics.queued_messages <= 3 + limit);
    // A live message finds its place in the queue.
    publisher.must_publish("live", "x", kQoS1);
    CHECK(broker.metrics[Cause::QueueMessages] == 0);
    std::set<std::string> topics;
    for (int i = 0; i < 301; ++i) {
      const Packet p = a.expect_publish();
      CHECK(p.retain == (p.topic != "live"));
      topics.insert(p.topic);
      a.answer(p);
      CHECK(broker.metrics.queued_messages <= 3 + limit);
    }
    a.expect_nothing();
    CHECK(topics.size() == 301);
  }
}

TEST_CASE("a replay goes on while live messages keep coming") {
  Broker broker;
  Client publisher(broker, Version::V5, "publisher");
  publish_many(publisher, 2'000);
  Client a(broker, Version::V5, "a");
  // Every turn brings another live message.
  int turns = 0;
  broker.at_once([&] {
    a.subscribe("#");
    while (turns < 500 && broker.world.step(broker.now())) {
      ++turns;
      publisher.publish("live", std::to_string(turns));
    }
  });
  // It had 500 turns, and 2,000 are not many.
  int retained = 0;
  for (const Packet& p : take_packets(a)) {
    if (p.type == PacketType::Publish && p.retain) ++retained;
    if (p.topic == "live" && p.payload == "400") break;
  }
  CHECK(retained == 2'000);
}

TEST_CASE("a slow reader's replay waits for it") {
  for (const QoS qos : kEveryQoS) {
    CAPTURE(qos);
    Broker broker;
    Client publisher(broker, Version::V5, "publisher");
    for (int i = 0; i < 300; ++i) {
      publisher.must_publish("t/" + std::to_string(i), std::string(1'000, 'x'), qos,
                             {.retain = true});
    }
    broker.link.client_window = 3'000;
    broker.link.send_buffer = 5'000;
    Client a(broker, Version::V5, "a");
    a.link().stop_reading();
    a.subscribe("#", qos);
    broker.advance(10s);
    CHECK(broker.metrics.queued_messages < 100);  // the others are not waiting, they come later
    CHECK(broker.metrics.publish_sent < 20);
    a.link().start_reading();
    std::size_t count = 0;
    for (bool more = true; more;) {
      more = false;
      for (const Packet& p : a.all()) {
        if (p.type != PacketType::Publish) continue;
        ++count;
        more = true;
        a.answer(p);
      }
    }
    CHECK(count == 300);
    CHECK(broker.metrics.publish_dropped == 0);
  }
}

TEST_CASE("a replay goes on behind many messages that are too large for the client") {
  Broker broker;
  Client publisher(broker, Version::V5, "publisher");
  const auto publish = [&](int first, int end, const std::string& payload) {
    for (int i = first; i < end; ++i) {
      publisher.must_publish("t/" + std::to_string(i), payload, kQoS1, {.retain = true});
    }
  };
  publish(0, 100, "small");
  publish(100, 500, std::string(100, 'x'));
  publish(500, 600, "small");
  Client a(broker, Version::V5, "a", {.props = {.maximum_packet_size = 60}});
  a.must_subscribe("#");
  std::set<std::string> topics;
  for (const Packet& p : a.all()) topics.insert(p.topic);
  CHECK(topics.size() == 200);
  CHECK(broker.metrics[Cause::TooLargeForClient] == 400);
}

TEST_CASE("a replay carries the identifier of the filter that it is for, and no other") {
  Broker broker;
  Client publisher(broker, Version::V5, "publisher");
  publish_many(publisher, 200);
  Client a(broker, Version::V5, "a");
  const auto subscribe = [&](const char* filter, std::uint32_t id) {
    SubscribeOptions options;
    if (id > 0) options.props.subscription_identifier = id;
    a.must_subscribe(filter, kQoS0, options);
    const std::vector<std::uint32_t> expected =
        id > 0 ? std::vector<std::uint32_t>{id} : std::vector<std::uint32_t>{};
    std::size_t count = 0;
    for (const Packet& p : a.all()) {
      CHECK(p.retain);
      CHECK(p.props.subscription_ids == expected);
      ++count;
    }
    CHECK(count == 200);
  };
  subscribe("t/#", 1);
  subscribe("t/+", 2'000);
  subscribe("#", 0);
  subscribe("t/+", 3);  // replaced
}

TEST_CASE("several replays of one client at the same time all arrive") {
  for (const QoS qos : {kQoS0, kQoS1}) {
    CAPTURE(qos);
    Broker broker;
    Client publisher(broker, Version::V5, "publisher");
    publish_many(publisher, 300, kQoS1);
    Client a(broker, Version::V5, "a");
    for (std::uint32_t id = 1; id <= 3; ++id) {
      const char* filters[] = {"#", "t/#", "t/+"};
      a.must_subscribe(filters[id - 1], qos, {.props = {.subscription_identifier = id}});
    }
    std::map<std::uint32_t, std::set<std::string>> topics;
    for (int i = 0; i < 900; ++i) {
      const Packet p = a.expect_publish();
      REQUIRE(p.props.subscription_ids.size() == 1);
      topics[p.props.subscription_ids[0]].insert(p.topic);
      a.answer(p);
    }
    a.expect_nothing();
    for (std::uint32_t id = 1; id <= 3; ++id) CHECK(topics[id].size() == 300);
  }
}

}  // namespace
}  // namespace midge::test
