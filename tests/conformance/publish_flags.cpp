// PUBLISH, the fixed header: DUP and QoS (MQTT 5.0 and 3.1.1, sections 3.3.1.1 and 3.3.1.2).
#include "tests/support/client.hpp"

namespace midge::test {
namespace {

// A session that outlives its connection.
ConnectOptions lasting(Version version) {
  ConnectOptions options{.clean_start = false};
  if (version == Version::V5) options.props.session_expiry_interval = 100;
  return options;
}

TEST_CASE(
    "a PUBLISH that is sent again has DUP 1 and its old identifier [MQTT-3.3.1-1] "
    "[MQTT-3.3.1-1@3.1.1]") {
  for (const Version version : kAllVersions) {
    for (const QoS qos : {kQoS1, kQoS2}) {
      CAPTURE(version);
      CAPTURE(qos);
      Broker broker;
      Client a(broker, version, "a", lasting(version));
      a.must_subscribe("t", qos);
      Client b(broker, version, "b");
      b.publish("t", "x", qos);
      const Packet first = a.expect_publish("t", "x");
      CHECK(first.flags == (qos == kQoS1 ? 0x2 : 0x4));

      ByteVector repeated = first.bytes;
      repeated[0] |= 0x08;
      for (int connection = 0; connection < 2; ++connection) {
        a.drop();
        a.reconnect(lasting(version));
        CHECK(a.expect_publish("t", "x").bytes == repeated);
        a.expect_nothing();
      }
    }
  }
}

TEST_CASE(
    "a PUBLISH that waited for its client goes out the first time: DUP 0 [MQTT-3.3.1-3] "
    "[MQTT-3.3.1-3@3.1.1]") {
  for (const Version version : kAllVersions) {
    for (const QoS qos : {kQoS1, kQoS2}) {
      CAPTURE(version);
      CAPTURE(qos);
      Broker broker;
      Client a(broker, version, "a", lasting(version));
      a.must_subscribe("t", qos);
      a.drop();
      Client b(broker, version, "b");
      b.publish("t", "x", qos);
      a.reconnect(lasting(version));
      CHECK_FALSE(a.expect_publish("t", "x").dup);
    }
  }
}

TEST_CASE("nothing is sent again without a new connection") {
  for (const Version version : kBothVersions) {
    for (const QoS qos : {kQoS1, kQoS2}) {
      CAPTURE(version);
      CAPTURE(qos);
      Broker broker;
      Client a(broker, version, "a");
      a.must_subscribe("t", qos);
      Client b(broker, version, "b");
      b.publish("t", "x", qos);
      a.expect_publish("t", "x");
      broker.advance(1h);
      a.expect_nothing();
    }
  }
}

TEST_CASE(
    "the publisher's DUP is not passed on [MQTT-3.3.1-2] [MQTT-3.3.1-3] [MQTT-3.3.1-2@3.1.1] "
    "[MQTT-3.3.1-3@3.1.1]") {
  for (const Version version : kAllVersions) {
    for (const QoS published : {kQoS1, kQoS2}) {
      for (const QoS granted : kEveryQoS) {
        CAPTURE(version);
        CAPTURE(published);
        CAPTURE(granted);
        Broker broker;
        Client a(broker, version, "a");
        a.must_subscribe("t", granted);
        Client b(broker, version, "b");
        b.publish("t", "x", published, {.dup = true});
        const Packet p = a.expect_publish("t", "x");
        CHECK_FALSE(p.dup);
        CHECK(p.qos == std::min(published, granted));
      }
    }
  }
}

TEST_CASE("a PUBLISH with flags that no PUBLISH may have ends the connection") {
  struct Vector {
    const char* name;
    const char* v311;
    const char* v5;
  };
  constexpr Vector kVectors[] = {
      {"DUP at QoS 0 [MQTT-3.3.1-2] [MQTT-3.3.1-2@3.1.1]", "38 04 00 01 74 78",
       "38 05 00 01 74 00 78"},
      {"both QoS bits [MQTT-3.3.1-4] [MQTT-3.3.1-4@3.1.1]", "36 06 00 01 74 00 07 78",
       "36 07 00 01 74 00 07 00 78"},
      {"both QoS bits and DUP [MQTT-3.3.1-4] [MQTT-3.3.1-4@3.1.1]", "3e 06 00 01 74 00 07 78",
       "3e 07 00 01 74 00 07 00 78"},
      {"both QoS bits and RETAIN [MQTT-3.3.1-4] [MQTT-3.3.1-4@3.1.1]", "37 06 00 01 74 00 07 78",
       "37 07 00 01 74 00 07 00 78"},
  };
  for (const Version version : kBothVersions) {
    for (const Vector& v : kVectors) {
      CAPTURE(version);
      CAPTURE(v.name);
      Broker broker;
      Client watcher(broker, version, "watcher");
      watcher.must_subscribe("#");
      Client a(broker, version, "a");
      a.send_hex(version == Version::V5 ? v.v5 : v.v311);
      a.expect_disconnect(ReasonCode::MalformedPacket);
      watcher.expect_nothing();
      CHECK(broker.metrics[Cause::MalformedPacket] == 1);
      CHECK(broker.metrics.retained_messages == 0);
    }
  }
}

TEST_CASE(
    "a large PUBLISH with both QoS bits is refused before its payload has come [MQTT-3.3.1-4] "
    "[MQTT-3.3.1-4@3.1.1]") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client a(broker, version, "a");
    // 100,000 bytes are announced; head and a few of the payload come.
    a.send_hex("36 a0 8d 06 00 01 74 00 07 00 78 78 78");
    a.expect_disconnect(ReasonCode::MalformedPacket);
  }
}

}  // namespace
}  // namespace midge::test
