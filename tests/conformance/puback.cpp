// PUBACK from the client (MQTT 5.0 and 3.1.1 section 3.4).
#include "tests/support/client.hpp"

namespace midge::test {
namespace {

ConnectOptions lasting(Version version) {
  ConnectOptions options{.clean_start = false};
  if (version == Version::V5) options.props.session_expiry_interval = 100;
  return options;
}

TEST_CASE("PUBACK ends the delivery: it is not sent again") {
  for (const Version version : kAllVersions) {
    CAPTURE(version);
    Broker broker;
    Client a(broker, version, "a", lasting(version));
    a.must_subscribe("t", kQoS1);
    Client b(broker, version, "b");
    b.publish("t", "1", kQoS1);
    b.publish("t", "2", kQoS1);
    const Packet first = a.expect_publish("t", "1");
    const Packet second = a.expect_publish("t", "2");
    a.puback(first.packet_id);
    a.expect_nothing();
    CHECK(broker.metrics.inflight_messages == 1);
    a.drop();
    a.reconnect(lasting(version));
    CHECK(a.expect_publish("t", "2").packet_id == second.packet_id);
    a.expect_nothing();
    a.puback(second.packet_id);
    CHECK(broker.metrics.inflight_messages == 0);
    CHECK(broker.metrics.stored_messages == 0);
  }
}

TEST_CASE("PUBACKs may come in any order") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client a(broker, version, "a", lasting(version));
    a.must_subscribe("t", kQoS1);
    Client b(broker, version, "b");
    std::vector<PacketIdentifier> ids;
    for (const char* payload : {"1", "2", "3", "4"}) {
      b.publish("t", payload, kQoS1);
      ids.push_back(a.expect_publish("t", payload).packet_id);
    }
    a.puback(ids[3]);
    a.puback(ids[1]);
    a.drop();
    a.reconnect(lasting(version));
    CHECK(a.expect_publish("t", "1").packet_id == ids[0]);
    CHECK(a.expect_publish("t", "3").packet_id == ids[2]);
    a.expect_nothing();
  }
}

TEST_CASE("each form of a 5.0 PUBACK ends the delivery") {
  struct Vector {
    const char* name;
    const char* bytes;  // for packet identifier 1
  };
  constexpr Vector kVectors[] = {
      {"no reason code", "40 02 00 01"},
      {"a reason code and no properties", "40 03 00 01 00"},
      {"no properties, their length given", "40 04 00 01 00 00"},
      {"0x10, though a server's", "40 03 00 01 10"},
      {"an error", "40 03 00 01 87"},
      {"a Reason String", "40 08 00 01 83 04 1f 00 01 78"},
      {"two equal User Properties", "40 12 00 01 00 0e 26 00 01 6b 00 01 76 26 00 01 6b 00 01 76"},
  };
  for (const Vector& v : kVectors) {
    CAPTURE(v.name);
    Broker broker;
    Client a(broker, Version::V5, "a", lasting(Version::V5));
    a.must_subscribe("t", kQoS1);
    a.must_publish("t", "x", kQoS1);
    REQUIRE(a.expect_publish("t", "x").packet_id == 1);
    a.send_hex(v.bytes);
    a.expect_nothing();
    CHECK(broker.metrics.inflight_messages == 0);
    a.drop();
    a.reconnect(lasting(Version::V5));
    a.expect_nothing();
  }
}

TEST_CASE("a PUBACK that nobody waits for is counted and ignored") {
  for (const Version version : kAllVersions) {
    CAPTURE(version);
    Broker broker;
    Client a(broker, version, "a");
    a.puback(1);
    a.expect_nothing();
    a.must_subscribe("t", kQoS1);
    a.must_publish("t", "x", kQoS1);
    const Packet p = a.expect_publish("t", "x");
    a.puback(static_cast<PacketIdentifier>(p.packet_id + 1));
    a.expect_nothing();
    CHECK(broker.metrics.inflight_messages == 1);
    a.puback(p.packet_id);
    a.puback(p.packet_id);
    a.expect_nothing();
    CHECK(broker.metrics.inflight_messages == 0);
    CHECK(broker.metrics[Cause::UnknownIdentifier] == 3);
  }
}

TEST_CASE("a PUBACK for a QoS 2 delivery is a protocol error") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client a(broker, version, "a");
    a.must_subscribe("t", kQoS2);
    a.must_publish("t", "x", kQoS2);
    a.puback(a.expect_publish("t", "x").packet_id);
    a.expect_disconnect(ReasonCode::ProtocolError);
  }
}

}  // namespace
}  // namespace midge::test
