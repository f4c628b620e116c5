// Packets that a client sends behind CONNECT without waiting for CONNACK.
#include "tests/conformance/session_options.hpp"
#include "tests/support/client.hpp"

namespace midge::test {
namespace {

TEST_CASE("CONNACK comes before everything else [MQTT-3.2.0-1] [MQTT-3.2.0-1@3.1.1]") {
  for (const Version version : kAllVersions) {
    CAPTURE(version);
    Broker broker;
    Client other(broker, version, "other");
    other.must_publish("kept", "k", kQoS1, {.retain = true});
    Client a(broker, version);
    a.together([&] {
      a.connect("a");
      a.ping();
      a.subscribe("kept", kQoS0, {.packet_id = 1});
      a.publish("t", "x", kQoS1, {.packet_id = 2});
      a.publish("t", "x", kQoS2, {.packet_id = 3});
      a.unsubscribe("never/subscribed");
    });
    a.expect_connack();
    a.take(PacketType::Pingresp);
    a.take(PacketType::Suback);
    a.take(PacketType::Publish);
    CHECK(a.take(PacketType::Puback).packet_id == 2);
    CHECK(a.take(PacketType::Pubrec).packet_id == 3);
    a.take(PacketType::Unsuback);
    a.expect_nothing();
  }
}

TEST_CASE("a resumed session's messages come behind CONNACK [MQTT-3.2.0-1@3.1.1] [MQTT-3.2.0-1]") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    const ConnectOptions kept = kept_session(version);
    Client a(broker, version, "a", kept);
    a.must_subscribe("t", kQoS2);
    Client other(broker, version, "other");
    other.must_publish("t", "in flight", kQoS1);
    other.must_publish("t", "released", kQoS2);
    a.expect_publish("t", "in flight");
    const Packet released = a.expect_publish("t", "released");
    a.pubrec(released.packet_id);
    a.expect(PacketType::Pubrel);
    a.close();
    other.must_publish("t", "waiting", kQoS1);

    CHECK(a.reconnect(kept).session_present);
    CHECK(a.expect_publish("t", "in flight").dup);
    a.expect(PacketType::Pubrel);
    a.expect_publish("t", "waiting");
    a.expect_nothing();
  }
}

// Small devices wake up, send all they have in one segment and sleep on.
TEST_CASE("CONNECT, PUBLISH and DISCONNECT in one piece [MQTT-3.1.4-5] [MQTT-3.1.4-4@3.1.1]") {
  for (const Version version : kAllVersions) {
    for (const QoS qos : {kQoS0, kQoS1}) {
      CAPTURE(version);
      CAPTURE(qos);
      Broker broker;
      Client watcher(broker, version, "watcher");
      watcher.must_subscribe("t", kQoS1);
      Client a(broker, version);
      a.together([&] {
        a.connect("a", {.will = Will{.topic = "t", .payload = "will"}});
        a.publish("t", "x", qos);
        a.disconnect();
      });
      watcher.expect_publish("t", "x");
      watcher.expect_nothing();
      a.expect_connack();
      if (qos == kQoS1) a.expect(PacketType::Puback);
      a.expect_closed();
      CHECK(broker.metrics.clients_connected == 1);
    }
  }
}

TEST_CASE("CONNECT and garbage in one piece: CONNACK, then the reason") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client a(broker, version);
    a.together([&] {
      a.connect("a");
      a.send_hex("c1 00");
    });
    a.expect_connack();
    a.expect_disconnect(ReasonCode::MalformedPacket);
  }
}

TEST_CASE("two CONNECTs in one piece: one CONNACK [MQTT-3.2.0-2] [MQTT-3.1.0-2@3.1.1]") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client a(broker, version);
    a.together([&] {
      a.connect("a");
      a.connect("a");
    });
    a.expect_connack();
    a.expect_disconnect(ReasonCode::ProtocolError);
  }
}

TEST_CASE("behind a refused CONNECT nothing is processed [MQTT-3.1.4-6] [MQTT-3.1.4-5@3.1.1]") {
  struct Vector {
    const char* name;
    ReasonCode reason;
    std::optional<ReturnCode> return_code;
    void (*prepare)(Broker& broker);
  };
  constexpr Vector kVectors[] = {
      {"not authorized", ReasonCode::NotAuthorized, ReturnCode::NotAuthorized,
       [](Broker& broker) { broker.authorizer.deny_connect("a"); }},
      {"wrong password", ReasonCode::BadUserNameOrPassword, ReturnCode::BadUserNameOrPassword,
       [](Broker& broker) { broker.authorizer.user("ada", "right"); }},
      {"full", ReasonCode::QuotaExceeded, ReturnCode::ServerUnavailable,
       [](Broker& broker) { broker.limits.connections = 1; }},
  };
  for (const Vector& v : kVectors) {
    for (const Version version : kBothVersions) {
      for (const bool in_one_piece : {true, false}) {
        CAPTURE(v.name);
        CAPTURE(version);
        CAPTURE(in_one_piece);
        Broker broker;
        Client watcher(broker, version, "watcher");
        watcher.must_subscribe("#");
        v.prepare(broker);

        Client a(broker, version);
        const ConnectOptions options{.user_name = "ada", .password = "wrong"};
        const auto send_more = [&] {
          a.publish("t", "x");
          a.publish("t", "x", kQoS1);
          a.subscribe("t");
          a.ping();
          a.connect("b");
        };
        if (in_one_piece) {
          a.together([&] {
            a.connect("a", options);
            send_more();
          });
        } else {
          a.connect("a", options);
          send_more();
        }
        a.expect_refused(v.reason, v.return_code);
        watcher.expect_nothing();
        CHECK(broker.metrics.clients_total == 1);
        CHECK(broker.metrics.subscriptions == 1);
        CHECK(broker.metrics.publish_received == 0);
      }
    }
  }
}

}  // namespace
}  // namespace midge::test
