// What works while memory is full, beyond tests/conformance/flow_control_memory.cpp.
#include "tests/bounded/bombed.hpp"

namespace midge::test {
namespace {

constexpr std::size_t kMebibyte = std::size_t{1} << 20;

TEST_CASE("with memory full, what is never refused may come byte by byte") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Bombed broker(kMebibyte);
    Client a(broker, version, "a");
    a.must_subscribe("mine", kQoS2);
    Client publisher(broker, Version::V5, "publisher");
    publisher.must_publish("mine", "1", kQoS1);
    publisher.must_publish("mine", "2", kQoS2);
    const Packet one = a.expect_publish("mine", "1");
    const Packet two = a.expect_publish("mine", "2");
    a.publish("t", "x", kQoS2, {.packet_id = PacketIdentifier{7}});
    a.expect(PacketType::Pubrec);
    broker.fill();
    const auto send_slowly = [&a](const ByteVector& packet) {
      for (const std::uint8_t byte : packet) a.send(Bytes(&byte, 1));
    };
    send_slowly(ack_bytes(version, PacketType::Puback, one.packet_id));
    send_slowly(ack_bytes(version, PacketType::Pubrec, two.packet_id));
    CHECK(a.expect(PacketType::Pubrel).packet_id == two.packet_id);
    send_slowly(ack_bytes(version, PacketType::Pubcomp, two.packet_id));
    send_slowly(ack_bytes(version, PacketType::Pubrel, 7));
    CHECK(a.expect(PacketType::Pubcomp).packet_id == 7);
    send_slowly(ping_bytes());
    a.expect(PacketType::Pingresp);
    send_slowly(unsubscribe_bytes(version, 9, {"mine"}));
    CHECK(a.expect(PacketType::Unsuback).packet_id == 9);
    a.expect_nothing();
    CHECK(broker.metrics.inflight_messages == 0);
    send_slowly(disconnect_bytes(version));
    a.expect_closed();
  }
}

TEST_CASE("a PUBLISH that waits and is refused for memory is counted once") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Bombed broker(kMebibyte);
    Client a(broker, version, "a");
    broker.fill();
    const std::uint64_t before = broker.metrics[Cause::MemoryFull];
    a.publish("t", std::string(20'000, 'x'), kQoS1);
    broker.advance(4s);
    CHECK(broker.metrics[Cause::MemoryFull] == before);
    broker.advance(2s);
    CHECK(broker.metrics[Cause::MemoryFull] == before + 1);
    if (version == Version::V5) {
      CHECK(a.expect(PacketType::Puback).reason == ReasonCode::QuotaExceeded);
    } else {
      a.expect_closed();
    }
  }
}

TEST_CASE("a retained message can be deleted while memory is full, unless somebody wants to know") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Bombed broker(kMebibyte);
    Client a(broker, version, "a");
    for (const char* topic : {"0", "1", "watched"}) {
      a.must_publish(topic, std::string(5'000, 'x'), kQoS1, {.retain = true});
    }
    Client watcher(broker, Version::V5, "watcher");
    watcher.must_subscribe("watched");
    watcher.expect_publish();
    broker.fill();
    // The smallest message that is not there yet finds no room.
    a.publish("watched", "", kQoS0, {.retain = true});
    watcher.expect_nothing();
    CHECK(broker.metrics.retained_messages == 3);
    a.publish("0", "", kQoS0, {.retain = true});
    CHECK(broker.metrics.retained_messages == 2);
    const PacketIdentifier id = a.publish("1", "", kQoS1, {.retain = true});
    CHECK(a.expect(PacketType::Puback).packet_id == id);
    CHECK(broker.metrics.retained_messages == 1);
    // What that gave back is enough for the other.
    a.must_publish("watched", "", kQoS1, {.retain = true});
    watcher.expect_publish("watched", "");
    CHECK(broker.metrics.retained_messages == 0);
  }
}

TEST_CASE("acknowledgements by the thousand leave the reserve as it was") {
  Bombed broker(kMebibyte);
  Client a(broker, Version::V5, "a");
  a.must_subscribe("a");
  Client b(broker, Version::V5, "b", {.props = {.request_problem_information = 0}});
  broker.fill();
  const std::size_t used = broker.used_pages();
  for (int i = 0; i < 5'000; ++i) {
    // Retained, so that what was accepted stays.
    b.publish("kept/" + std::to_string(i), "x", kQoS1, {.retain = true});
    if (!b.next()) {
      broker.advance(6s);
      CHECK(b.expect(PacketType::Puback).reason == ReasonCode::QuotaExceeded);
    }
    a.unsubscribe("a");
    a.expect(PacketType::Unsuback);
    if (i % 100 == 0) REQUIRE(broker.used_pages() <= used + 3);
  }
}

}  // namespace
}  // namespace midge::test
