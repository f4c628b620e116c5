// Keep Alive and Server Keep Alive (MQTT 5.0 sections 3.1.2.10 and 3.2.2.3.14, 3.1.1 section
// 3.1.2.10). Never early, at most a second late.
#include "tests/support/client.hpp"

namespace midge::test {
namespace {

// Silent since now: open just below `silence`, closed a second after it.
void check_closed_after(Broker& broker, Client& client, Duration silence) {
  broker.advance(silence - 1ms);
  client.expect_nothing();
  broker.advance(1'001ms);
  client.expect_disconnect(ReasonCode::KeepAliveTimeout);
}

TEST_CASE("silence for 1.5 times Keep Alive ends it [MQTT-3.1.2-22] [MQTT-3.1.2-24@3.1.1]") {
  for (const Version version : kAllVersions) {
    constexpr std::uint16_t kSeconds[] = {1, 2, 7, 60, 3'600, 65'535};
    for (const std::uint16_t keep_alive : kSeconds) {
      CAPTURE(version);
      CAPTURE(keep_alive);
      Broker broker;
      Client watcher(broker, version, "watcher");
      watcher.must_subscribe("w");
      Client a(broker, version, "a",
               {.keep_alive = keep_alive, .will = Will{.topic = "w", .payload = "lost"}});
      check_closed_after(broker, a, std::chrono::milliseconds(keep_alive * 1'500));
      // As if the network had failed.
      watcher.expect_publish("w", "lost");
      watcher.expect_nothing();
      CHECK(broker.metrics[Cause::KeepAliveTimeout] == 1);
    }
  }
}

TEST_CASE("a Keep Alive of 0 has no end [MQTT-3.1.2-22] [MQTT-3.1.2-24@3.1.1]") {
  for (const Version version : kAllVersions) {
    CAPTURE(version);
    Broker broker;
    Client a(broker, version, "a", {.keep_alive = 0});
    broker.advance(30 * 24h);
    a.expect_nothing();
    a.ping();
    a.expect(PacketType::Pingresp);
  }
}

TEST_CASE("every packet from the client counts") {
  struct Vector {
    const char* name;
    void (*send)(Client& a);
  };
  constexpr Vector kVectors[] = {
      {"PUBLISH at QoS 0", [](Client& a) { a.publish("t", "x"); }},
      {"PUBLISH at QoS 1", [](Client& a) { a.must_publish("t", "x", kQoS1); }},
      {"PUBLISH at QoS 2 and PUBREL", [](Client& a) { a.must_publish("t", "x", kQoS2); }},
      {"SUBSCRIBE", [](Client& a) { a.must_subscribe("other"); }},
      {"UNSUBSCRIBE", [](Client& a) { a.unsubscribe("other"), a.expect(PacketType::Unsuback); }},
      {"PINGREQ", [](Client& a) { a.ping(), a.expect(PacketType::Pingresp); }},
      {"a PUBACK for nothing", [](Client& a) { a.puback(1); }},
  };
  for (const Vector& v : kVectors) {
    for (const Version version : kBothVersions) {
      CAPTURE(v.name);
      CAPTURE(version);
      Broker broker;
      Client a(broker, version, "a", {.keep_alive = 10});
      for (int i = 0; i < 3; ++i) {
        broker.advance(14'999ms);
        v.send(a);
        a.expect_nothing();
      }
      check_closed_after(broker, a, 15s);
    }
  }
}

TEST_CASE("what the broker sends does not count") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client a(broker, version, "a", {.keep_alive = 10});
    a.must_subscribe("t");
    Client other(broker, version, "other");
    for (int i = 0; i < 14; ++i) {
      broker.advance(1s);
      other.publish("t", "x");
      a.expect_publish("t", "x");
    }
    check_closed_after(broker, a, 1s);
  }
}

TEST_CASE("a packet that is never finished does not count") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client a(broker, version, "a", {.keep_alive = 10});
    broker.advance(14s);
    a.send_hex("c0");
    check_closed_after(broker, a, 1s);
    // Nor does one that comes drop by drop: 20 bytes of a SUBSCRIBE, one a second.
    Client b(broker, version, "b", {.keep_alive = 10});
    const ByteVector subscribe = subscribe_bytes(version, 1, {{.filter = std::string(40, 'f')}});
    for (std::size_t i = 0; i < 14; ++i) {
      b.send(ByteVector{subscribe[i]});
      broker.advance(1s);
    }
    check_closed_after(broker, b, 1s);
  }
}

TEST_CASE("the time runs from CONNECT on, however late it is answered") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    broker.authorizer.pending = true;
    Client a(broker, version);
    a.connect("a", {.keep_alive = 10});
    broker.advance(8s);
    broker.authorizer.decide();
    a.expect_connack();
    // The client could not know before that it is connected; it has all of its time.
    check_closed_after(broker, a, 15s);
  }
}

TEST_CASE("max_keepalive is told to 5.0 clients and holds [MQTT-3.2.2-22]") {
  struct Vector {
    std::uint16_t asked;
    std::optional<std::uint16_t> told;
    std::uint16_t used;
  };
  constexpr Vector kVectors[] = {
      {9, std::nullopt, 9}, {10, std::nullopt, 10}, {11, 10, 10}, {65'535, 10, 10}, {0, 10, 10},
  };
  for (const Vector& v : kVectors) {
    CAPTURE(v.asked);
    Broker broker;
    broker.settings.max_keepalive = 10;
    Client a(broker, Version::V5);
    const Packet connack = a.must_connect("a", {.keep_alive = v.asked});
    CHECK(connack.props.server_keep_alive == v.told);
    check_closed_after(broker, a, std::chrono::milliseconds(v.used * 1'500));
  }
}

TEST_CASE("without max_keepalive no Server Keep Alive is sent [MQTT-3.2.2-22]") {
  constexpr std::uint16_t kSeconds[] = {0, 1, 65'535};
  for (const std::uint16_t asked : kSeconds) {
    CAPTURE(asked);
    Broker broker;
    Client a(broker, Version::V5);
    CHECK_FALSE(a.must_connect("a", {.keep_alive = asked}).props.server_keep_alive);
  }
}

TEST_CASE("a client before 5.0 above max_keepalive is refused with code 2") {
  struct Vector {
    std::uint16_t asked;
    bool accepted;
  };
  constexpr Vector kVectors[] = {
      {1, true}, {10, true}, {11, false}, {65'535, false}, {0, false},
  };
  for (const Version version : {Version::V31, Version::V311}) {
    for (const Vector& v : kVectors) {
      CAPTURE(version);
      CAPTURE(v.asked);
      Broker broker;
      broker.settings.max_keepalive = 10;
      Client a(broker, version);
      a.connect("a", {.keep_alive = v.asked});
      if (v.accepted) {
        a.expect_bytes("20 02 00 00");
        check_closed_after(broker, a, std::chrono::milliseconds(v.asked * 1'500));
      } else {
        a.expect_bytes("20 02 00 02");
        a.expect_closed();
        CHECK(broker.metrics.clients_total == 0);
      }
    }
  }
}

TEST_CASE("a refused Keep Alive touches no session") {
  Broker broker;
  broker.settings.max_keepalive = 10;
  Client a(broker, Version::V311, "a", {.keep_alive = 10});
  Client b(broker, Version::V311);
  b.connect("a", {.keep_alive = 11});
  b.expect_bytes("20 02 00 02");
  a.expect_nothing();
}

TEST_CASE("a session that is resumed has the new Keep Alive") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client a(broker, version, "a", {.keep_alive = 10});
    a.drop();
    a.reconnect({.keep_alive = 100});
    check_closed_after(broker, a, 150s);
  }
}

}  // namespace
}  // namespace midge::test
