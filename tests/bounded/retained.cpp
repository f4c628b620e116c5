// Retained messages without end.
#include <memory>

#include "tests/bounded/bombed.hpp"

namespace midge::test {
namespace {

std::string topic(int number) {
  return "kept/" + std::to_string(number % 10) + "/" + std::to_string(number);
}

// Stores under topic 0, 1, ... until one is refused; how many were stored.
int store_until_refused(Bombed& broker, Client& client, std::size_t bytes) {
  for (int i = 0; i < 100'000; ++i) {
    client.publish(topic(i), std::string(bytes, 'x'), kQoS1, {.retain = true});
    auto answer = client.next();
    if (!answer) {
      broker.advance(6s);
      answer = client.next();
    }
    if (!answer || answer->reason == ReasonCode::QuotaExceeded) return i;
    REQUIRE(answer->type == PacketType::Puback);
  }
  return 100'000;
}

TEST_CASE("retained messages are kept until memory is full, then refused and counted") {
  for (const Version version : kBothVersions) {
    for (const std::size_t bytes : {std::size_t{1}, std::size_t{300}, std::size_t{20'000}}) {
      CAPTURE(version);
      CAPTURE(bytes);
      Bombed broker(std::size_t{1} << 20);
      Pair pair(broker);
      Pair old_pair(broker, Version::V311);
      pair.must_work();
      old_pair.must_work();
      broker.note_rest();
      {
        Client reader(broker, version, "reader");
        Client a(broker, version, "a");
        const int stored = store_until_refused(broker, a, bytes);
        CHECK(stored > 20);
        CHECK(broker.metrics.retained_messages == static_cast<std::uint32_t>(stored));
        CHECK(broker.metrics[Cause::MemoryFull] >= 1);
        if (version != Version::V5) a.expect_closed();
        a.drop();
        static_cast<void>(pair.try_once());
        static_cast<void>(old_pair.try_once());
        broker.check_bounds();
        // QoS 0 is not kept either; counted.
        const std::uint64_t full = broker.metrics[Cause::MemoryFull];
        for (int i = 0; i < 100; ++i) {
          reader.publish("more/" + std::to_string(i), std::string(20'000, 'x'), kQoS0,
                         {.retain = true});
        }
        CHECK(broker.metrics[Cause::MemoryFull] == full + 100);
        // Deleting needs no memory that is not there: an empty payload is never refused.
        for (int i = 1; i < stored; ++i) reader.publish(topic(i), "", kQoS0, {.retain = true});
        CHECK(broker.metrics.retained_messages == 1);
        // What was there is there still, whole.
        reader.must_subscribe(topic(0));
        CHECK(reader.expect_publish(topic(0), std::string(bytes, 'x')).retain);
        reader.publish(topic(0), "", kQoS0, {.retain = true});
        CHECK(broker.metrics.retained_messages == 0);
        pair.must_work();
        old_pair.must_work();
        reader.disconnect();
      }
      broker.advance(1s);
      broker.check_given_back();
    }
  }
}

TEST_CASE("retained messages that are replaced with larger and larger ones stay in the bound") {
  Bombed broker(std::size_t{1} << 20);
  Pair pair(broker);
  pair.must_work();
  broker.note_rest();
  Client a(broker, Version::V5, "a");
  constexpr int kTopics = 50;
  int refused = 0;
  for (std::size_t bytes = 100; bytes < 60'000; bytes *= 2) {
    for (int i = 0; i < kTopics; ++i) {
      a.publish(topic(i), std::string(bytes, 'x'), kQoS1, {.retain = true});
      broker.advance(refused == 0 ? 0s : 6s);
      auto answer = a.next();
      if (!answer) {
        broker.advance(6s);
        answer = a.next();
      }
      REQUIRE(answer);
      refused += answer->reason == ReasonCode::QuotaExceeded ? 1 : 0;
      CHECK(broker.metrics.retained_messages == kTopics - (bytes == 100 ? kTopics - 1 - i : 0));
    }
    broker.check_bounds();
    static_cast<void>(pair.try_once());
  }
  CHECK(refused > 0);
  // A refused one has left the old one in its place; small ones make room again.
  for (int i = 0; i < kTopics; ++i) a.must_publish(topic(i), "small", kQoS1, {.retain = true});
  pair.must_work();
  CHECK(broker.metrics.stored_bytes == kTopics * 5);
  for (int i = 0; i < kTopics; ++i) a.publish(topic(i), "", kQoS0, {.retain = true});
  a.disconnect();
  broker.advance(1s);
  broker.check_given_back();
}

TEST_CASE("max_retained_messages stops a retained bomb before memory does") {
  Bombed broker(std::size_t{1} << 20);
  broker.limits.retained_messages = 100;
  Pair pair(broker);
  pair.must_work();
  broker.note_rest();
  Client a(broker, Version::V5, "a");
  for (int i = 0; i < 10'000; ++i) {
    const PacketIdentifier id = a.publish(topic(i), "x", kQoS1, {.retain = true});
    const Packet puback = a.expect(PacketType::Puback);
    CHECK(puback.packet_id == id);
    CHECK((puback.reason == ReasonCode::QuotaExceeded) == (i >= 100));
  }
  CHECK(broker.metrics[Cause::RetainedLimit] == 9'900);
  CHECK(broker.metrics[Cause::MemoryFull] == 0);
  pair.must_work();
  for (int i = 0; i < 100; ++i) a.publish(topic(i), "", kQoS0, {.retain = true});
  a.disconnect();
  broker.advance(1s);
  broker.check_given_back();
}

TEST_CASE("replays of a full retained store to clients that never read hold next to nothing") {
  Bombed broker(std::size_t{4} << 20);
  Pair pair(broker);
  pair.must_work();
  Client a(broker, Version::V5, "a");
  for (int i = 0; i < 2'000; ++i) {
    a.must_publish(topic(i), std::string(200, 'x'), kQoS1, {.retain = true});
  }
  broker.note_rest();
  const std::size_t before = broker.used_pages();
  broker.use_small_windows();
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 200; ++i) {
    clients.push_back(std::make_unique<Client>(broker, Version::V5, "deaf-" + std::to_string(i)));
    clients.back()->link().stop_reading();
    clients.back()->subscribe("#", kQoS1);
    if (i % 20 == 0) pair.must_work();
    broker.check_bounds();
  }
  CHECK(broker.used_pages() < before + 300);
  for (const auto& client : clients) client->drop();
  broker.advance(1s);
  broker.check_given_back();
}

}  // namespace
}  // namespace midge::test
