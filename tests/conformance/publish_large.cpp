// Large payloads: taken and passed on piece by piece, through links that split them.
#include <algorithm>
#include <memory>

#include "tests/support/client.hpp"

namespace midge::test {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;

// Bytes of which no two stretches are alike.
std::string noise(std::size_t bytes) {
  sim::Random random(bytes);
  std::string text(bytes, '\0');
  for (char& c : text) c = static_cast<char>(random.next());
  return text;
}

TEST_CASE("1 MiB goes through links that split it, at every QoS") {
  const std::string payload = noise(kMiB);
  for (const Version version : kBothVersions) {
    for (const QoS qos : kEveryQoS) {
      for (const std::uint32_t segment : {1'460U, 97U}) {
        CAPTURE(version);
        CAPTURE(qos);
        CAPTURE(segment);
        Broker broker;
        broker.link.largest_segment = segment;
        broker.link.send_buffer = 20'000;
        broker.link.client_window = 50'000;
        Client a(broker, version, "a");
        a.must_subscribe("some/topic", qos);
        Client b(broker, version, "b");
        b.must_publish("some/topic", payload, qos);
        const Packet p = a.expect(PacketType::Publish);
        CHECK(p.topic == "some/topic");
        CHECK(p.qos == qos);
        CHECK((p.payload == payload));  // in brackets: not printed
        a.answer(p);
        a.expect_nothing();
        CHECK(broker.metrics.publish_bytes_received == kMiB);
        CHECK(broker.metrics.publish_bytes_sent == kMiB);
        CHECK(broker.metrics.stored_messages == 0);
        CHECK(broker.metrics.stored_bytes == 0);
      }
    }
  }
}

TEST_CASE("many receivers of a large payload share one copy") {
  Broker broker;
  std::vector<std::unique_ptr<Client>> receivers;
  for (int i = 0; i < 20; ++i) {
    receivers.push_back(std::make_unique<Client>(broker, i % 2 == 0 ? Version::V5 : Version::V311,
                                                 "r" + std::to_string(i)));
    receivers.back()->must_subscribe("t", kQoS1);
  }
  const std::size_t before = broker.sim.arena().used_pages();
  const std::string payload = noise(kMiB);
  Client b(broker, Version::V5, "b");
  b.must_publish("t", payload, kQoS1);  // 20 MiB would not fit into the arena
  CHECK(broker.metrics.stored_messages == 1);
  CHECK(broker.metrics.stored_bytes == kMiB);
  CHECK(broker.sim.arena().used_pages() - before < 2 * kMiB / broker.sim.arena().page_bytes());
  for (const auto& receiver : receivers) {
    const Packet p = receiver->expect(PacketType::Publish);
    CHECK((p.payload == payload));
    receiver->answer(p);
  }
  CHECK(broker.metrics.stored_messages == 0);
}

TEST_CASE("other clients are served while a large PUBLISH comes") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client a(broker, version, "a");
    a.must_subscribe("#");
    Client b(broker, version, "b");
    const std::string payload = noise(100'000);
    const ByteVector packet = publish_bytes(version, "large", payload);
    for (std::size_t sent = 0; sent < packet.size(); sent += 10'000) {
      a.publish("small", std::to_string(sent));
      a.expect_publish("small", std::to_string(sent));
      const std::size_t end = std::min(packet.size(), sent + 10'000);
      b.send(Bytes(packet).subspan(sent, end - sent));
    }
    const Packet p = a.expect(PacketType::Publish);
    CHECK((p.payload == payload));
    a.expect_nothing();
  }
}

TEST_CASE("a large PUBLISH that ends half-way is forgotten with its connection") {
  for (const Version version : kBothVersions) {
    for (const QoS qos : kEveryQoS) {
      CAPTURE(version);
      CAPTURE(qos);
      Broker broker;
      Client a(broker, version, "a");
      a.must_subscribe("t", qos);
      Client(broker, version, "b").drop();  // tables have grown for it
      const std::size_t before = broker.sim.arena().used_pages();
      {
        Client b(broker, version, "b");
        const ByteVector packet =
            publish_bytes(version, "t", noise(kMiB), qos, {.retain = true, .packet_id = 1});
        b.send(Bytes(packet).first(packet.size() - 1));
        b.expect_nothing();
        CHECK(broker.metrics.stored_messages == 1);
        b.drop();
      }
      a.expect_nothing();
      CHECK(broker.metrics.stored_messages == 0);
      CHECK(broker.metrics.stored_bytes == 0);
      CHECK(broker.metrics.retained_messages == 0);
      CHECK(broker.sim.arena().used_pages() == before);
    }
  }
}

TEST_CASE("every way to cut a PUBLISH in two gives the same message") {
  for (const Version version : kBothVersions) {
    for (const std::size_t bytes : {std::size_t{20}, std::size_t{3'000}}) {
      CAPTURE(version);
      CAPTURE(bytes);
      Broker broker;
      Client a(broker, version, "a");
      a.must_subscribe("some/topic", kQoS1);
      Client b(broker, version, "b");
      PublishOptions options{.packet_id = 7};
      if (version == Version::V5) options.props.user = {{"key", "value"}};
      const std::string payload = noise(bytes);
      const ByteVector packet = publish_bytes(version, "some/topic", payload, kQoS1, options);
      // At each byte of the head, then here and there.
      for (std::size_t cut = 1; cut < packet.size(); cut += cut < 50 ? 1 : 331) {
        CAPTURE(cut);
        b.send(Bytes(packet).first(cut));
        b.expect_nothing();
        b.send(Bytes(packet).subspan(cut));
        CHECK(b.expect(PacketType::Puback).packet_id == 7);
        const Packet p = a.expect(PacketType::Publish);
        CHECK(p.topic == "some/topic");
        CHECK((p.payload == payload));
        CHECK(p.props.user == options.props.user);
        a.answer(p);
      }
    }
  }
}

TEST_CASE("packets around a large PUBLISH come out in order, however they are split") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    Broker broker(seed);
    sim::Random random(seed);
    Client a(broker, Version::V5, "a");
    a.must_subscribe("t");
    broker.link.largest_segment = static_cast<std::uint32_t>(random.between(1, 3'000));
    Client b(broker, Version::V5, "b");
    std::vector<std::string> payloads;
    b.together([&] {
      for (int i = 0; i < 30; ++i) {
        // Below, around and above what is collected whole.
        const std::size_t sizes[] = {0, 10, 1'990, 2'048, 2'100, 5'000, 40'000};
        payloads.push_back(noise(sizes[random.between(0, 6)] + random.between(0, 60)));
        b.publish("t", payloads.back());
      }
    });
    broker.advance(1s);
    for (const std::string& payload : payloads) {
      CHECK((a.expect(PacketType::Publish).payload == payload));
    }
    a.expect_nothing();
  }
}

}  // namespace
}  // namespace midge::test
