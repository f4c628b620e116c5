// The network connection is an ordered, lossless stream of bytes in both directions, however it
// cuts them (MQTT 5.0 section 4.2, 3.1.1 section 4.2 and 7.1).
#include "tests/support/client.hpp"

namespace midge::test {
namespace {

TEST_CASE("all bytes arrive in order over every kind of link [MQTT-4.2.0-1] [MQTT-7.1.1-1@3.1.1]") {
  for (const Version version : kBothVersions) {
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
      CAPTURE(version);
      CAPTURE(seed);
      Broker broker(seed);
      broker.link = sim::LinkOptions::rough(broker.world.random());
      Client a(broker, version);
      a.connect("a");
      broker.advance(1min);
      a.expect_connack();
      a.subscribe("t", kQoS1);
      broker.advance(1min);
      a.expect(PacketType::Suback);
      for (int i = 0; i < 100; ++i) {
        a.publish("t", std::to_string(i) + std::string(static_cast<std::size_t>(i) * 37, '.'));
      }
      broker.advance(10min);
      for (int i = 0; i < 100; ++i) {
        a.expect_publish("t",
                         std::to_string(i) + std::string(static_cast<std::size_t>(i) * 37, '.'));
      }
      a.expect_nothing();
    }
  }
}

TEST_CASE("packets don't have to begin where a segment begins [MQTT-4.2.0-1]") {
  for (const Version version : kAllVersions) {
    for (std::size_t piece_bytes = 1; piece_bytes <= 40; ++piece_bytes) {
      CAPTURE(version);
      CAPTURE(piece_bytes);
      ByteVector stream = connect_bytes(version, "a");
      const auto append = [&stream](const ByteVector& bytes) {
        stream.insert(stream.end(), bytes.begin(), bytes.end());
      };
      append(subscribe_bytes(version, 1, {{.filter = "t"}}));
      for (const char* const payload : {"", "1", "22", "333"}) {
        append(publish_bytes(version, "t", payload));
        append(ping_bytes());
      }
      Broker broker;
      Client a(broker, version);
      for (std::size_t at = 0; at < stream.size(); at += piece_bytes) {
        a.send(Bytes(stream).subspan(at, std::min(piece_bytes, stream.size() - at)));
      }
      a.expect_connack();
      a.take(PacketType::Suback);
      for (int i = 0; i < 4; ++i) a.take(PacketType::Pingresp);
      for (const char* const payload : {"", "1", "22", "333"}) a.expect_publish("t", payload);
      a.expect_nothing();
    }
  }
}

}  // namespace
}  // namespace midge::test
