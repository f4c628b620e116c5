// Too much of what is right: properties, repetitions, identifiers, silence.
#include <chrono>
#include <memory>

#include "tests/bad_input/holdings.hpp"
#include "tests/support/client.hpp"

namespace midge::test {
namespace {

ByteVector framed(std::uint8_t first_byte, const ByteVector& body) {
  ByteVector packet{first_byte};
  std::size_t left = body.size();
  for (; left >= 128; left /= 128) packet.push_back(static_cast<std::uint8_t>(left % 128 + 128));
  packet.push_back(static_cast<std::uint8_t>(left));
  packet.insert(packet.end(), body.begin(), body.end());
  return packet;
}

// `head`, a Property Length and `count` empty User Properties, `tail`.
ByteVector flooded(std::uint8_t first_byte, std::string_view head, std::size_t count,
                   std::string_view tail, std::uint8_t last_id) {
  ByteVector body = hex(head);
  std::size_t left = count * 5;
  for (; left >= 128; left /= 128) body.push_back(static_cast<std::uint8_t>(left % 128 + 128));
  body.push_back(static_cast<std::uint8_t>(left));
  for (std::size_t i = 0; i < count; ++i) {
    body.push_back(i + 1 < count ? 0x26 : last_id);
    body.insert(body.end(), 4, 0x00);
  }
  const ByteVector end = hex(tail);
  body.insert(body.end(), end.begin(), end.end());
  return framed(first_byte, body);
}

TEST_CASE("380,000 User Properties are read over in every packet, or refused with the last one") {
  struct Vector {
    const char* name;
    std::uint8_t first_byte;
    const char* head;
    const char* tail;
    const char* answer;
  };
  constexpr Vector kVectors[] = {
      {"PUBLISH", 0x32, "00 01 74 00 07", "78", "40 03 00 07 10"},
      {"PUBACK", 0x40, "00 07 00", "", ""},
      {"PUBREC", 0x50, "00 07 00", "", "62 03 00 07 92"},
      {"PUBREL", 0x62, "00 07 00", "", "70 03 00 07 92"},
      {"PUBCOMP", 0x70, "00 07 00", "", ""},
      {"SUBSCRIBE", 0x82, "00 07", "00 01 74 00", "90 04 00 07 00 00"},
      {"UNSUBSCRIBE", 0xA2, "00 07", "00 01 74", "b0 04 00 07 00 11"},
  };
  constexpr std::size_t kCount = 380'000;
  Broker broker;
  Client(broker, Version::V5, "a").disconnect();
  for (const Vector& v : kVectors) {
    CAPTURE(v.name);
    const Holdings before(broker);
    {
      Client a(broker, Version::V5, "b");
      a.send(flooded(v.first_byte, v.head, kCount, v.tail, 0x26));
      a.expect_bytes(v.answer);
      a.ping();
      a.expect(PacketType::Pingresp);
      a.send(flooded(v.first_byte, v.head, kCount, v.tail, 0x7F));
      a.expect_disconnect(ReasonCode::MalformedPacket);
    }
    check_given_back(broker, before);
  }
  // And in a DISCONNECT.
  Client a(broker, Version::V5, "b");
  a.send(flooded(0xE0, "00", kCount, "", 0x26));
  a.expect_closed();
}

TEST_CASE("a QoS 2 PUBLISH that is sent 10,000 times is delivered once and kept once") {
  for (const Version version : kAllVersions) {
    CAPTURE(version);
    Broker broker;
    Client watcher(broker, version, "watcher");
    watcher.must_subscribe("t");
    Client a(broker, version, "a");
    a.publish("t", "x", kQoS2, {.packet_id = PacketIdentifier{7}});
    a.expect(PacketType::Pubrec);
    watcher.expect_publish("t", "x");
    const Holdings before(broker);
    for (int i = 0; i < 100; ++i) {
      a.together([&] {
        for (int j = 0; j < 100; ++j) {
          a.publish("t", "x", kQoS2, {.dup = true, .packet_id = PacketIdentifier{7}});
        }
      });
      const auto answers = a.all();
      CHECK(answers.size() == 100);
      for (const Packet& p : answers) {
        CHECK(p.type == PacketType::Pubrec);
        CHECK(p.packet_id == 7);
      }
    }
    watcher.expect_nothing();
    check_given_back(broker, before);
    a.together([&] {
      for (int i = 0; i < 100; ++i) a.pubrel(7);
    });
    int found = 0;
    for (const Packet& p : a.all()) {
      CHECK(p.type == PacketType::Pubcomp);
      found += p.reason == ReasonCode::Success ? 1 : 0;
    }
    CHECK(found == (version == Version::V5 ? 1 : 100));
  }
}

TEST_CASE("every identifier can be used, at every QoS, and none stays open") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client a(broker, version, "a");
    const Holdings before(broker);
    for (std::uint32_t id = 1; id <= 65'535; ++id) {
      const auto packet_id = static_cast<PacketIdentifier>(id);
      // Both from their ends to the middle.
      const auto other = static_cast<PacketIdentifier>(65'536 - id);
      a.together([&] {
        a.publish("t", "x", kQoS2, {.packet_id = packet_id});
        a.pubrel(packet_id);
        a.publish("t", "x", kQoS1, {.packet_id = other});
      });
      const ByteVector answers = a.received();
      CHECK(answers.size() == (version == Version::V5 ? 14U : 12U));
    }
    check_given_back(broker, before);
    a.ping();
    a.expect(PacketType::Pingresp);
  }
}

TEST_CASE("clients that say nothing, or not enough, wake nobody") {
  Broker broker;
  broker.settings.connect_timeout = std::chrono::seconds(30);
  broker.start();
  constexpr int kClients = 50;
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < kClients; ++i) {
    clients.push_back(std::make_unique<Client>(broker, Version::V5));  // nothing at all
    clients.push_back(std::make_unique<Client>(broker, Version::V5));  // half a CONNECT
    clients.back()->send_hex("10 0e 00 04 4d 51");
    clients.push_back(
        std::make_unique<Client>(broker, Version::V311, "a" + std::to_string(i)));  // no keep alive
    clients.push_back(std::make_unique<Client>(broker, Version::V311, "b" + std::to_string(i)));
    clients.back()->send_hex("82 20 00 01");  // half a SUBSCRIBE, no keep alive
  }
  const Instant end = broker.now() + 1h;
  int turns = 0;
  while (broker.world.step(end)) ++turns;
  CHECK(turns < 20);
  CHECK(broker.metrics.open_connections == 2 * kClients);
  CHECK(broker.metrics[Cause::ConnectTimeout] == 2 * kClients);
}

}  // namespace
}  // namespace midge::test
