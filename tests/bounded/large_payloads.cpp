// Payloads of 256 MB, with little memory.
#include <memory>

#include "tests/bounded/bombed.hpp"

namespace midge::test {
namespace {

constexpr std::size_t kPayloadBytes = 268'000'000;

// A PUBLISH up to its payload of 268,000,000 bytes.
ByteVector head_of_publish(Version version, QoS qos) {
  // Remaining Length: topic 2 + 4, identifier 2, no properties 1.
  std::size_t left = 6 + (qos == kQoS0 ? 0 : 2) + (version == Version::V5 ? 1 : 0) + kPayloadBytes;
  ByteVector bytes{static_cast<std::uint8_t>(0x30 | static_cast<unsigned>(qos) << 1)};
  for (; left >= 128; left /= 128) bytes.push_back(static_cast<std::uint8_t>(left % 128 + 128));
  bytes.push_back(static_cast<std::uint8_t>(left));
  const ByteVector topic = hex("00 04 68 75 67 65");
  bytes.insert(bytes.end(), topic.begin(), topic.end());
  if (qos != kQoS0) bytes.insert(bytes.end(), {0x00, 0x07});
  if (version == Version::V5) bytes.push_back(0x00);
  return bytes;
}

TEST_CASE("a payload of 256 MB is refused by its header where max_packet_size says so") {
  for (const Version version : kAllVersions) {
    for (const QoS qos : kEveryQoS) {
      CAPTURE(version);
      CAPTURE(qos);
      Bombed broker(std::size_t{16} << 20);
      Pair pair(broker);
      pair.must_work();
      broker.note_rest();
      std::vector<std::unique_ptr<Client>> clients;
      for (int i = 0; i < 5; ++i) {
        clients.push_back(std::make_unique<Client>(broker, version, "huge-" + std::to_string(i)));
        clients.back()->send(head_of_publish(version, qos));
        pair.must_work();
      }
      for (const auto& client : clients) client->expect_disconnect(ReasonCode::PacketTooLarge);
      CHECK(broker.metrics[Cause::PacketTooLarge] == 5);
      broker.advance(1s);
      broker.check_given_back();
    }
  }
}

TEST_CASE("payloads of 256 MB that may come are read over, and others go on") {
  for (const Version version : kBothVersions) {
    for (const QoS qos : kEveryQoS) {
      CAPTURE(version);
      CAPTURE(qos);
      Bombed broker(std::size_t{16} << 20);
      broker.limits.packet_bytes = 0xFFFFFFFF;
      Pair pair(broker);
      Client watcher(broker, Version::V5, "watcher");
      watcher.must_subscribe("huge", kQoS2);
      pair.must_work();
      broker.note_rest();
      std::vector<std::unique_ptr<Client>> clients;
      for (int i = 0; i < 5; ++i) {
        clients.push_back(std::make_unique<Client>(broker, version, "huge-" + std::to_string(i)));
        clients.back()->send(head_of_publish(version, qos));
      }
      const bool closes = version != Version::V5 && qos != kQoS0;
      const ByteVector megabyte(1'000'000, 'x');
      // The first one sends it all, if it lives.
      for (std::size_t sent = 0; sent < kPayloadBytes && !closes; sent += megabyte.size()) {
        for (const auto& client : clients) {
          if (sent > 4 * megabyte.size() && client != clients.front()) break;
          client->send(megabyte);
        }
        if (sent % (20 * megabyte.size()) != 0) continue;
        pair.must_work();
        broker.check_bounds();
        broker.advance(1s);
      }
      for (const auto& client : clients) {
        if (closes) {
          client->expect_closed();
          continue;
        }
        // The answer comes behind the payload: who has not sent all of it is not told yet.
        if (qos != kQoS0 && client == clients.front()) {
          const Packet ack = client->expect(qos == kQoS1 ? PacketType::Puback : PacketType::Pubrec);
          CHECK(ack.packet_id == 7);
          CHECK(ack.reason == ReasonCode::QuotaExceeded);
        }
        client->expect_nothing();
      }
      if (!closes) {
        clients.front()->must_publish("t", "and it lives", qos);
        CHECK(broker.metrics.publish_dropped >= 1);
      }
      watcher.expect_nothing();
      CHECK(broker.metrics[Cause::MemoryFull] == 5);
      for (const auto& client : clients) client->drop();
      pair.must_work();
      broker.advance(1s);
      broker.check_given_back();
    }
  }
}

}  // namespace
}  // namespace midge::test
