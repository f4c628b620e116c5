// CONNECTs that want to hurt: garbage, silence, drop by drop, very many properties.
#include "tests/conformance/connect_bytes.hpp"
#include "tests/support/client.hpp"

namespace midge::test {
namespace {

TEST_CASE("100 MB of garbage before CONNECT costs no memory") {
  struct Vector {
    const char* name;
    const char* start;
  };
  constexpr Vector kVectors[] = {
      {"zeros", "00 00 00 00"},
      {"a PUBLISH of 268,435,455 bytes", "30 ff ff ff 7f"},
      {"a PUBLISH whose length never ends", "30 ff ff ff ff ff ff"},
      {"a CONNECT of 268,435,455 bytes", "10 ff ff ff 7f 00 04 4d 51 54 54 05"},
      {"a CONNECT whose length never ends", "10 ff ff ff ff ff ff"},
      {"a browser", "47 45 54 20 2f 20 48 54 54 50"},
      {"TLS", "16 03 01 02 00 01 00 01 fc 03 03"},
  };
  const ByteVector piece(std::size_t{1} << 20, 0x42);
  for (const Vector& v : kVectors) {
    CAPTURE(v.name);
    Broker broker;
    { Client warm_up(broker, Version::V5); }
    Client a(broker, Version::V5);
    const std::size_t pages = broker.sim.arena().used_pages();
    a.send_hex(v.start);
    for (int i = 0; i < 100; ++i) {
      a.send(piece);
      CHECK(broker.sim.arena().used_pages() <= pages);
    }
    a.expect_closed();
    CHECK(broker.sim.arena().most_used_pages() <= pages + 1);
    CHECK(broker.metrics.bytes_received < 100'000);
    Client b(broker, Version::V5, "b");
  }
}

TEST_CASE("a CONNECT over our Maximum Packet Size is closed before it is read") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    broker.limits.packet_bytes = 1'000;
    const auto with_password = [&](std::size_t bytes) {
      return connect_bytes(version, "a", {.user_name = "u", .password = std::string(bytes, 'p')});
    };
    const std::size_t around = with_password(900).size() - 900;
    Client fits(broker, version);
    fits.send(with_password(1'000 - around));
    fits.expect_connack();
    Client a(broker, version);
    a.send(with_password(1'001 - around));
    a.expect_closed();
    fits.expect_nothing();  // not taken over
    CHECK(broker.metrics[Cause::PacketTooLarge] == 1);
  }
}

TEST_CASE("a client that says nothing is closed after the CONNECT time") {
  Broker broker;
  broker.settings.connect_timeout = std::chrono::seconds(10);
  Client a(broker, Version::V5);
  broker.advance(9'999ms);
  a.expect_nothing();
  broker.advance(1'001ms);
  a.expect_closed();
  CHECK(broker.metrics[Cause::ConnectTimeout] == 1);
  CHECK(broker.metrics.open_connections == 0);
}

TEST_CASE("a CONNECT that comes drop by drop gets no more time and no memory") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    broker.settings.connect_timeout = std::chrono::seconds(10);
    const ByteVector connect =
        connect_bytes(version, "a", {.user_name = "ada", .password = std::string(20'000, 'p')});
    std::size_t pages_after_first = 0;
    for (std::uint64_t round = 1; round <= 3; ++round) {
      CAPTURE(round);
      Client a(broker, version);
      for (std::size_t i = 0; i < 10; ++i) {
        a.expect_nothing();
        a.send(Bytes(connect).subspan(i * 1'000, 1'000));
        broker.advance(999ms);
      }
      a.expect_nothing();
      broker.advance(1'010ms);
      a.expect_closed();
      CHECK(broker.metrics[Cause::ConnectTimeout] == round);
      if (round == 1) pages_after_first = broker.sim.arena().used_pages();
      CHECK(broker.sim.arena().used_pages() == pages_after_first);
    }
  }
}

TEST_CASE("a CONNECT byte by byte is a CONNECT, and its time ends with it") {
  for (const Version version : kAllVersions) {
    CAPTURE(version);
    Broker broker;
    broker.settings.connect_timeout = std::chrono::seconds(10);
    Client a(broker, version);
    for (const std::uint8_t byte : connect_bytes(version, "a")) {
      a.expect_nothing();
      broker.advance(100ms);
      a.send(ByteVector{byte});
    }
    a.expect_connack();
    broker.advance(1h);
    a.expect_nothing();
  }
}

TEST_CASE("5,000 User Properties in a CONNECT are read over") {
  Broker broker;
  Properties many;
  for (int i = 0; i < 5'000; ++i) many.user.emplace_back("name " + std::to_string(i), "value");
  const ByteVector packet = connect_bytes(
      Version::V5, "a", {.will = Will{.topic = "w", .payload = "x", .props = many}, .props = many});
  Client watcher(broker, Version::V5, "watcher");
  watcher.must_subscribe("w");
  {
    Client warm_up(broker, Version::V5);
    warm_up.send(packet);
    warm_up.expect_connack();
    warm_up.disconnect();
  }
  const std::size_t pages = broker.sim.arena().used_pages();
  for (const std::size_t piece_bytes : {packet.size(), std::size_t{1'460}, std::size_t{100}}) {
    CAPTURE(piece_bytes);
    Client a(broker, Version::V5);
    for (std::size_t at = 0; at < packet.size(); at += piece_bytes) {
      a.send(Bytes(packet).subspan(at, std::min(piece_bytes, packet.size() - at)));
    }
    const Packet connack = a.expect_connack();
    CHECK(connack.props.user.empty());
    // Those of CONNECT are nobody else's; those of the will are the will's, in order.
    a.drop();
    CHECK(watcher.expect_publish("w", "x").props == many);
  }
  CHECK(broker.sim.arena().used_pages() <= pages);
}

}  // namespace
}  // namespace midge::test
