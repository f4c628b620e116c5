// Large PUBLISHes of which half was sent: they never hold what others need.
#include <memory>

#include "tests/bounded/bombed.hpp"

namespace midge::test {
namespace {

constexpr std::size_t kMebibyte = std::size_t{1} << 20;

// A PUBLISH with a payload of `announced` bytes, of which `sent` are there.
ByteVector part_of_publish(Version version, QoS qos, std::size_t announced, std::size_t sent) {
  ByteVector bytes = publish_bytes(version, "half", std::string(announced, 'x'), qos,
                                   {.packet_id = PacketIdentifier{1}});
  bytes.resize(bytes.size() - announced + sent);
  return bytes;
}

ByteVector payload_part(std::size_t bytes) {
  return ByteVector(bytes, 'x');
}

// Pages that halves of packets may take at most.
std::size_t share(Bombed& broker) {
  return broker.sim.arena().total_pages() / 2;
}

TEST_CASE("100 clients that send 1 MiB of a PUBLISH of 2 MB and stall: others go on") {
  for (const Version version : kBothVersions) {
    for (const QoS qos : kEveryQoS) {
      CAPTURE(version);
      CAPTURE(qos);
      Bombed broker(16 * kMebibyte);
      Pair pair(broker);
      Pair old_pair(broker, Version::V311);
      pair.must_work();
      old_pair.must_work();
      broker.note_rest();
      std::vector<std::unique_ptr<Client>> clients;
      const ByteVector part = part_of_publish(version, qos, 1'900'000, kMebibyte);
      for (int i = 0; i < 100; ++i) {
        clients.push_back(std::make_unique<Client>(broker, version, "half-" + std::to_string(i)));
        clients.back()->send(part);
        pair.must_work();
        old_pair.must_work();
        broker.check_bounds();
        REQUIRE(broker.used_pages() < share(broker) + 250);
      }
      // A whole PUBLISH that is as large, too: who stalls has to give way before long. Those who
      // wait with it may be first, so it may be refused once.
      Client large(broker, Version::V5, "large");
      ReasonCode reason = ReasonCode::QuotaExceeded;
      for (int tries = 0; tries < 2 && reason == ReasonCode::QuotaExceeded; ++tries) {
        large.publish("large", std::string(1'900'000, 'y'), kQoS1);
        for (int i = 0; i < 60 && large.link().received().empty(); ++i) broker.advance(100ms);
        reason = large.expect(PacketType::Puback).reason;
      }
      CHECK(reason == ReasonCode::NoMatchingSubscribers);
      large.disconnect();
      broker.advance(10min);
      pair.must_work();
      old_pair.must_work();
      CHECK(broker.metrics[Cause::MemoryFull] >= 2);
      for (const auto& client : clients) client->drop();
      broker.advance(1s);
      broker.check_given_back();
    }
  }
}

TEST_CASE("a half PUBLISH that had to give way is answered as one that memory had no room for") {
  for (const Version version : kBothVersions) {
    for (const QoS qos : kEveryQoS) {
      CAPTURE(version);
      CAPTURE(qos);
      Bombed broker(2 * kMebibyte);
      Client stalled(broker, version, "stalled");
      stalled.send(part_of_publish(version, qos, 700'000, 600'000));
      broker.advance(6s);  // nobody needs its memory
      CHECK(broker.metrics.stored_bytes == 600'000);
      CHECK(broker.metrics[Cause::MemoryFull] == 0);
      Client other(broker, Version::V5, "other");
      other.must_publish("other", std::string(800'000, 'y'), kQoS1);
      CHECK(broker.metrics[Cause::MemoryFull] == 1);
      if (version != Version::V5 && qos != kQoS0) {
        stalled.expect_closed();
        continue;
      }
      // What is left of it is read over, the connection lives.
      stalled.send(payload_part(100'000));
      if (qos != kQoS0) {
        const Packet ack = stalled.expect(qos == kQoS1 ? PacketType::Puback : PacketType::Pubrec);
        CHECK(ack.packet_id == 1);
        CHECK(ack.reason == ReasonCode::QuotaExceeded);
      }
      CHECK(broker.metrics.publish_dropped == 1);
      stalled.expect_nothing();
      stalled.ping();
      stalled.expect(PacketType::Pingresp);
      stalled.must_publish("other", "again", qos);
    }
  }
}

TEST_CASE("who keeps sending is not made to give way; the newcomer waits, then is refused") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Bombed broker(2 * kMebibyte);
    Client slow(broker, Version::V5, "slow");
    slow.send(part_of_publish(Version::V5, kQoS1, 900'000, 800'000));
    Client newcomer(broker, version, "newcomer");
    newcomer.publish("t", std::string(400'000, 'y'), kQoS1);
    Pair pair(broker);
    for (int i = 0; i < 45; ++i) {
      slow.send(payload_part(100));
      broker.advance(100ms);
      newcomer.expect_nothing();
      pair.must_work();
    }
    for (int i = 0; i < 10; ++i) {
      slow.send(payload_part(100));
      broker.advance(100ms);
    }
    if (version == Version::V5) {
      CHECK(newcomer.expect(PacketType::Puback).reason == ReasonCode::QuotaExceeded);
    } else {
      newcomer.expect_closed();
    }
    slow.send(payload_part(100'000 - 5'500));
    CHECK(slow.expect(PacketType::Puback).reason == ReasonCode::NoMatchingSubscribers);
    Client(broker, version, "next").must_publish("t", std::string(400'000, 'y'), kQoS1);
  }
}

TEST_CASE("a newcomer goes on as soon as there is room among the halves") {
  for (const QoS qos : {kQoS1, kQoS2}) {
    CAPTURE(qos);
    Bombed broker(2 * kMebibyte);
    Client slow(broker, Version::V5, "slow");
    slow.send(part_of_publish(Version::V5, kQoS1, 900'000, 800'000));
    Client newcomer(broker, Version::V311, "newcomer");
    newcomer.publish("t", std::string(400'000, 'y'), qos);
    broker.advance(1s);
    newcomer.expect_nothing();
    slow.send(payload_part(100'000));
    slow.expect(PacketType::Puback);
    broker.advance(300ms);
    newcomer.expect(qos == kQoS1 ? PacketType::Puback : PacketType::Pubrec);
  }
}

TEST_CASE("a PUBLISH that would not fit among the halves even alone is refused by its head") {
  for (const Version version : kBothVersions) {
    for (const QoS qos : kEveryQoS) {
      CAPTURE(version);
      CAPTURE(qos);
      Bombed broker(2 * kMebibyte);
      broker.limits.packet_bytes = 100'000'000;
      Client a(broker, version, "a");
      a.send(part_of_publish(version, qos, 1'200'000, 1'000));
      CHECK(broker.metrics[Cause::MemoryFull] == 1);
      CHECK(broker.metrics.stored_bytes == 0);
      if (version != Version::V5 && qos != kQoS0) {
        a.expect_closed();
        continue;
      }
      a.send(payload_part(1'199'000));
      if (qos != kQoS0) {
        const Packet ack = a.expect(qos == kQoS1 ? PacketType::Puback : PacketType::Pubrec);
        CHECK(ack.reason == ReasonCode::QuotaExceeded);
      }
      a.ping();
      a.expect(PacketType::Pingresp);
    }
  }
}

TEST_CASE("large PUBLISHes that come all at once, in turns, all arrive: none waits for another") {
  for (const QoS qos : {kQoS1, kQoS2}) {
    CAPTURE(qos);
    Bombed broker(4 * kMebibyte);
    std::vector<std::unique_ptr<Client>> clients;
    for (int i = 0; i < 12; ++i) {
      const Version version = i % 2 == 0 ? Version::V5 : Version::V311;
      clients.push_back(std::make_unique<Client>(broker, version, "large-" + std::to_string(i)));
      clients.back()->send(part_of_publish(version, qos, 600'000, 0));
    }
    for (int sent = 0; sent < 600'000; sent += 20'000) {
      for (const auto& client : clients) client->send(payload_part(20'000));
      broker.advance(10ms);
    }
    broker.advance(1s);
    for (const auto& client : clients) {
      const Packet ack = client->expect(qos == kQoS1 ? PacketType::Puback : PacketType::Pubrec);
      CHECK(ack.reason != ReasonCode::QuotaExceeded);
      client->expect_nothing();
    }
    CHECK(broker.metrics[Cause::MemoryFull] == 0);
  }
}

TEST_CASE("other packets that are half there give way too: 5.0 is told, older ones are closed") {
  for (const Version version : kBothVersions) {
    for (const char* head : {"82 a0 8d 06 00 01", "a2 a0 8d 06 00 01", "40 a0 8d 06 00 01"}) {
      CAPTURE(version);
      CAPTURE(head);
      Bombed broker(512 << 10);
      Client stalled(broker, version, "stalled");
      stalled.send_hex(head);
      stalled.send(payload_part(95'000));
      broker.advance(6s);
      stalled.expect_nothing();
      Client other(broker, Version::V5, "other");
      other.must_publish("other", std::string(175'000, 'y'), kQoS1);
      stalled.expect_disconnect(ReasonCode::QuotaExceeded);
      CHECK(broker.metrics[Cause::MemoryFull] == 1);
    }
  }
}

}  // namespace
}  // namespace midge::test
