// Queues that are longer than the memory: their far ends wait on storage only, and what comes back
// is what was queued, in order (MQTT 5.0 section 4.6).
#include <string>
#include <vector>

#include "tests/persistence/kept.hpp"

namespace midge::test {
namespace {

constexpr std::size_t kMemory = std::size_t{512} << 10U;
constexpr int kMessages = 3'000;  // with 200 bytes each, more than the memory

struct SmallBroker : KeptBroker {
  static constexpr hal::StorageGeometry kLargeDisk{.segment_bytes = 64U << 10U,
                                                   .segments = 128,
                                                   .program_unit_bytes = sim::Storage::kSector,
                                                   .reprogram_endangers_unit = false};
  static constexpr hal::StorageGeometry kLargeNor{.segment_bytes = 16U << 10U,
                                                  .segments = 512,
                                                  .program_unit_bytes = 4,
                                                  .reprogram_endangers_unit = true};

  explicit SmallBroker(sim::Storage::Kind kind = sim::Storage::Kind::Disk)
      : KeptBroker(1, kind, kind == sim::Storage::Kind::Disk ? kLargeDisk : kLargeNor) {
    stop();
    sim.settings.limits.memory_bytes = kMemory;
    sim.settings.limits.queued_messages = settings::kUnlimited;
    start();
  }

  [[nodiscard]] std::uint32_t queued() const { return sim.metrics.queued_messages; }
};

std::string text_of(int number) {
  std::string text = std::to_string(number);
  text.resize(200, '.');
  return text;
}

void publish(Client& publisher, int from, int to, QoS qos) {
  for (int i = from; i < to; ++i) {
    CAPTURE(i);
    publisher.must_publish("t/x", text_of(i), qos);
  }
}

// All of them, in order, each once.
void expect_all(Client& client, int from, int to, QoS qos) {
  for (int i = from; i < to; ++i) {
    CAPTURE(i);
    const Packet p = client.expect_publish("t/x", text_of(i));
    REQUIRE(p.qos == qos);
    client.answer(p);
  }
}

TEST_CASE("a queue longer than the memory waits on storage, and comes back in order") {
  for (const auto kind : {sim::Storage::Kind::Disk, sim::Storage::Kind::Nor}) {
    for (const QoS qos : {kQoS1, kQoS2}) {
      CAPTURE(kind);
      CAPTURE(qos);
      SmallBroker broker(kind);
      Client publisher(broker, Version::V5, "publisher");
      Client a(broker, Version::V5, "a", kLasting);
      a.must_subscribe("t/#", kQoS2);
      a.drop();
      publish(publisher, 0, kMessages, qos);
      CHECK(broker.queued() == kMessages);
      CHECK(a.reconnect(kLasting).session_present);
      expect_all(a, 0, kMessages, qos);
      a.expect_nothing();
      CHECK(broker.queued() == 0);
      // From here on it is a session like any other.
      publish(publisher, 0, 10, qos);
      expect_all(a, 0, 10, qos);
    }
  }
}

TEST_CASE("a queue longer than the memory is there after restarts, whole and half drained") {
  for (const auto kind : {sim::Storage::Kind::Disk, sim::Storage::Kind::Nor}) {
    for (const QoS qos : {kQoS1, kQoS2}) {
      CAPTURE(kind);
      CAPTURE(qos);
      SmallBroker broker(kind);
      Client publisher(broker, Version::V311, "publisher");
      Client a(broker, Version::V5, "a", kLasting);
      a.must_subscribe("t/#", kQoS2);
      a.drop();
      publish(publisher, 0, kMessages, qos);
      for (int part = 0; part < 3; ++part) {
        CAPTURE(part);
        broker.restart();
        CHECK(broker.sim.restored().queued >= static_cast<unsigned>(kMessages - 1'000 * part));
        CHECK(a.reconnect(kLasting).session_present);
        expect_all(a, 1'000 * part, 1'000 * (part + 1), qos);
        if (part == 2) continue;
        // What is in flight and was not answered comes once more.
        broker.advance(10s);
        a.drop();
      }
      a.expect_nothing();
      CHECK(broker.queued() == 0);
    }
  }
}

TEST_CASE("what waits on storage only moves on when its segments are freed") {
  for (const auto kind : {sim::Storage::Kind::Disk, sim::Storage::Kind::Nor}) {
    CAPTURE(kind);
    SmallBroker broker(kind);
    Client publisher(broker, Version::V5, "publisher");
    Client a(broker, Version::V5, "a", kLasting);
    Client b(broker, Version::V5, "b", kLasting);
    a.must_subscribe("t/#", kQoS1);
    b.must_subscribe("t/#", kQoS1);
    a.drop();
    b.drop();
    int sent = 0;
    for (int round = 0; round < 6; ++round) {
      CAPTURE(round);
      publish(publisher, sent, sent + 400, kQoS1);
      sent += 400;
      // Another one's traffic makes the store go round.
      for (int i = 0; i < 3'000; ++i) {
        publisher.must_publish("other", text_of(i), kQoS1, {.retain = true});
      }
      if (round % 2 == 1) {
        broker.restart();
        publisher.reconnect();
      }
    }
    CHECK(broker.queued() == 2 * 2'400);
    for (Client* client : {&a, &b}) {
      CHECK(client->reconnect(kLasting).session_present);
      expect_all(*client, 0, 2'400, kQoS1);
      client->expect_nothing();
    }
    CHECK(broker.queued() == 0);
  }
}

TEST_CASE("a client that reads slowly gets all of it in order, while more is queued") {
  SmallBroker broker;
  Client publisher(broker, Version::V5, "publisher");
  Client a(
      broker, Version::V5, "a",
      {.clean_start = false, .props = {.session_expiry_interval = 3'600, .receive_maximum = 5}});
  a.must_subscribe("t/#", kQoS1);
  int got = 0;
  for (int sent = 0; sent < kMessages; sent += 10) {
    publish(publisher, sent, sent + 10, kQoS1);
    if (sent % 30 == 0) expect_all(a, got, got + 5, kQoS1), got += 5;
  }
  CHECK(broker.queued() == static_cast<unsigned>(kMessages - got));
  expect_all(a, got, kMessages, kQoS1);
  a.expect_nothing();
}

TEST_CASE("what waits on storage only goes with its session") {
  SmallBroker broker;
  Client publisher(broker, Version::V5, "publisher");
  for (int round = 0; round < 3; ++round) {
    Client a(broker, Version::V5, "a", kLasting);
    a.must_subscribe("t/#", kQoS1);
    a.drop();
    publish(publisher, 0, kMessages, kQoS1);
    CHECK(broker.queued() == kMessages);
    a.reconnect({.clean_start = true});
    a.expect_nothing();
    CHECK(broker.queued() == 0);
    a.disconnect();
  }
}

TEST_CASE("a message that expires on storage is not sent [MQTT-3.3.2-5]") {
  SmallBroker broker;
  Client publisher(broker, Version::V5, "publisher");
  Client a(broker, Version::V5, "a", kLasting);
  a.must_subscribe("t/#", kQoS1);
  a.drop();
  for (int i = 0; i < kMessages; ++i) {
    PublishOptions options;
    if (i % 2 == 1) options.props.message_expiry_interval = 60;
    publisher.must_publish("t/x", text_of(i), kQoS1, options);
  }
  broker.advance(100s);
  a.reconnect(kLasting);
  for (int i = 0; i < kMessages; i += 2) {
    const Packet p = a.expect_publish("t/x", text_of(i));
    a.answer(p);
  }
  a.expect_nothing();
  CHECK(broker.queued() == 0);
}

TEST_CASE("with queue_full drop_old what is oldest on storage goes first") {
  SmallBroker broker;
  broker.stop();
  broker.sim.settings.queue_full = settings::QueueFull::DropOld;
  broker.sim.settings.limits.queued_messages = 2'000;
  broker.start();
  Client publisher(broker, Version::V5, "publisher");
  Client a(broker, Version::V5, "a", kLasting);
  a.must_subscribe("t/#", kQoS1);
  a.drop();
  publish(publisher, 0, kMessages, kQoS1);
  CHECK(broker.queued() == 2'000);
  a.reconnect(kLasting);
  expect_all(a, kMessages - 2'000, kMessages, kQoS1);
  a.expect_nothing();
}

}  // namespace
}  // namespace midge::test
