// Maximum Packet Size in both directions (MQTT 5.0 sections 3.1.2.11.4 and 3.2.2.3.6), as it
// concerns PUBLISH.
#include <algorithm>

#include "tests/support/client.hpp"

namespace midge::test {
namespace {

// "t", QoS 1: how large a payload makes a packet of `packet_bytes`.
std::string payload_for(Version version, std::uint32_t packet_bytes) {
  for (std::uint32_t bytes = 0; bytes < packet_bytes; ++bytes) {
    const std::string payload(bytes, 'x');
    if (publish_bytes(version, "t", payload, kQoS1, {.packet_id = 1}).size() == packet_bytes) {
      return payload;
    }
  }
  FAIL("no PUBLISH has this size");
  return {};
}

TEST_CASE("a PUBLISH of exactly the broker's Maximum Packet Size is taken, one byte more is 0x95") {
  for (const Version version : kAllVersions) {
    for (const std::uint32_t limit : {100U, 129U, 131U, 3'000U, 20'000U}) {
      CAPTURE(version);
      CAPTURE(limit);
      Broker broker;
      broker.limits.packet_bytes = limit;
      Client watcher(broker, version, "watcher");
      watcher.must_subscribe("t");
      Client a(broker, version);
      const Packet connack = a.must_connect("a");
      if (version == Version::V5) CHECK(connack.props.maximum_packet_size == limit);
      const std::string most = payload_for(version, limit);
      a.must_publish("t", most, kQoS1);
      watcher.expect_publish("t", most);
      a.publish("t", most + "x", kQoS1);
      if (publish_bytes(version, "t", most + "x", kQoS1, {.packet_id = 1}).size() > limit) {
        a.expect_disconnect(ReasonCode::PacketTooLarge);
        watcher.expect_nothing();
        CHECK(broker.metrics[Cause::PacketTooLarge] == 1);
      }
    }
  }
}

TEST_CASE("a packet that is too large is refused by its fixed header, of whatever type it is") {
  for (const Version version : kBothVersions) {
    for (const char* header :
         {"30 81 01", "32 80 80 01", "82 ff ff ff 7f", "40 81 01", "c0 81 01"}) {
      CAPTURE(version);
      CAPTURE(header);
      Broker broker;
      broker.limits.packet_bytes = 128;
      Client a(broker, version, "a");
      a.send_hex(header);
      a.expect_disconnect(ReasonCode::PacketTooLarge);
      CHECK(broker.metrics.stored_messages == 0);
    }
  }
}

TEST_CASE("what is too large for a client is dropped for this client, counted, and others get it") {
  for (const QoS qos : kEveryQoS) {
    for (const std::uint32_t limit : {50U, 129U, 3'000U}) {
      CAPTURE(qos);
      CAPTURE(limit);
      Broker broker;
      Client small(broker, Version::V5, "small", {.props = {.maximum_packet_size = limit}});
      small.must_subscribe("t", qos);
      Client large(broker, Version::V5, "large");
      large.must_subscribe("t", qos);
      Client b(broker, Version::V5, "b");
      const auto size_of = [&](const std::string& payload) {
        return publish_bytes(Version::V5, "t", payload, qos, {.packet_id = 1}).size();
      };
      std::string most;
      while (size_of(most + "x") <= limit) most += 'x';

      b.must_publish("t", most, qos);
      const Packet fits = small.expect_publish("t", most);
      CHECK(fits.bytes.size() <= limit);
      small.answer(fits);
      large.answer(large.expect_publish("t", most));

      b.must_publish("t", most + "y", qos);
      small.expect_nothing();
      large.answer(large.expect_publish("t", most + "y"));
      CHECK(broker.metrics[Cause::TooLargeForClient] == 1);
      CHECK(broker.metrics.publish_dropped == 1);

      // As if it had been delivered: nothing of it is left, and what follows goes on.
      CHECK(broker.metrics.queued_messages == 0);
      CHECK(broker.metrics.inflight_messages == 0);
      CHECK(broker.metrics.stored_messages == 0);
      b.must_publish("t", "z", qos);
      small.expect_publish("t", "z");
    }
  }
}

TEST_CASE("everything that midge adds to a PUBLISH counts toward the client's limit") {
  struct Vector {
    const char* name;
    Properties publish;
    std::uint32_t identifier;
    std::size_t added_bytes;
  };
  const Vector vectors[] = {
      {"nothing", {}, 0, 0},
      {"a Subscription Identifier", {}, 200, 3},
      {"a Message Expiry Interval", {.message_expiry_interval = 10}, 0, 5},
      {"a User Property", {.user = {{"kk", "vv"}}}, 0, 9},
  };
  for (const Vector& v : vectors) {
    CAPTURE(v.name);
    // 30 bytes: 2 header, 2 + 1 topic, 1 Property Length, 24 payload.
    const std::string payload(24, 'x');
    for (const int spare : {0, -1}) {
      CAPTURE(spare);
      const auto limit = static_cast<std::uint32_t>(30 + static_cast<int>(v.added_bytes) + spare);
      Broker broker;
      Client a(broker, Version::V5, "a", {.props = {.maximum_packet_size = limit}});
      SubscribeOptions options;
      if (v.identifier > 0) options.props.subscription_identifier = v.identifier;
      a.must_subscribe("t", kQoS0, options);
      Client b(broker, Version::V5, "b");
      b.publish("t", payload, kQoS0, {.props = v.publish});
      if (spare == 0) {
        CHECK(a.expect_publish("t", payload).bytes.size() == limit);
      }
      a.expect_nothing();
    }
  }
}

TEST_CASE("a retained message that is too large for a client is left out of its replay") {
  Broker broker;
  Client b(broker, Version::V5, "b");
  b.publish("t/1", "x", kQoS1, {.retain = true});
  b.publish("t/2", std::string(100, 'x'), kQoS1, {.retain = true});
  b.publish("t/3", "x", kQoS1, {.retain = true});
  Client a(broker, Version::V5, "a", {.props = {.maximum_packet_size = 60}});
  a.must_subscribe("t/+", kQoS1);
  std::vector<std::string> topics;
  for (const Packet& p : a.all()) topics.push_back(p.topic);
  std::sort(topics.begin(), topics.end());
  CHECK(topics == std::vector<std::string>{"t/1", "t/3"});
  CHECK(broker.metrics[Cause::TooLargeForClient] == 1);
  CHECK(broker.metrics.retained_messages == 3);
}

TEST_CASE("a client that comes back with a smaller limit gets what still fits") {
  ConnectOptions lasting{.clean_start = false, .props = {.session_expiry_interval = 100}};
  for (const QoS qos : {kQoS1, kQoS2}) {
    CAPTURE(qos);
    Broker broker;
    Client a(broker, Version::V5, "a", lasting);
    a.must_subscribe("t", qos);
    Client b(broker, Version::V5, "b");
    b.must_publish("t", std::string(100, 'x'), qos);
    a.expect_publish();
    a.drop();
    b.must_publish("t", std::string(100, 'y'), qos);
    b.must_publish("t", "z", qos);
    ConnectOptions smaller = lasting;
    smaller.props.maximum_packet_size = 60;
    a.reconnect(smaller);
    const Packet p = a.expect_publish("t", "z");
    a.answer(p);
    a.expect_nothing();
    CHECK(broker.metrics[Cause::TooLargeForClient] == 2);
    CHECK(broker.metrics.queued_messages == 0);
  }
}

TEST_CASE("whatever its topic and payload take, a message finds room where memory is small") {
  // What a turn's packets are built in has 8 KiB here.
  for (const std::uint16_t aliases : {std::uint16_t{0}, std::uint16_t{5}}) {
    Broker broker;
    broker.limits.memory_bytes = std::size_t{512} << 10;
    Client a(broker, Version::V5, "a", {.props = {.topic_alias_maximum = aliases}});
    a.must_subscribe("#");
    Client b(broker, Version::V5, "b");
    for (const std::size_t payload_bytes : {std::size_t{0}, std::size_t{1}, std::size_t{2'000}}) {
      for (std::size_t topic_bytes = 6'000; topic_bytes < 8'400; ++topic_bytes) {
        CAPTURE(aliases);
        CAPTURE(payload_bytes);
        CAPTURE(topic_bytes);
        b.publish(std::string(topic_bytes, 't'), std::string(payload_bytes, 'x'));
        // Too long a topic for that is dropped and counted; it holds up nothing.
        const std::uint64_t dropped = broker.metrics[Cause::TooLargeForClient];
        b.publish("next", "y");
        const Packet p = a.expect_publish();
        if (p.payload == "y") {
          CHECK(topic_bytes > 8'000);
          CHECK(dropped > 0);
          continue;
        }
        CHECK(p.payload.size() == payload_bytes);
        CHECK(a.expect_publish().payload == "y");
      }
    }
  }
}

}  // namespace
}  // namespace midge::test
