// Delivery at QoS 0 (MQTT 5.0 and 3.1.1, section 4.3.1).
#include "tests/support/client.hpp"

namespace midge::test {
namespace {

TEST_CASE("what goes out at QoS 0 has QoS 0 and DUP 0 [MQTT-4.3.1-1] [MQTT-4.3.1-1@3.1.1]") {
  struct Vector {
    const char* name;
    QoS granted;
    const char* v311;
    const char* v5;
  };
  constexpr Vector kVectors[] = {
      {"came at QoS 0, granted 0", kQoS0, "30 04 00 01 74 78", "30 05 00 01 74 00 78"},
      {"came at QoS 0, granted 2", kQoS2, "30 04 00 01 74 78", "30 05 00 01 74 00 78"},
      {"came at QoS 1, granted 0", kQoS0, "32 06 00 01 74 00 05 78", "32 07 00 01 74 00 05 00 78"},
      {"came at QoS 1 as duplicate", kQoS0, "3a 06 00 01 74 00 05 78",
       "3a 07 00 01 74 00 05 00 78"},
      {"came at QoS 2, granted 0", kQoS0, "34 06 00 01 74 00 05 78", "34 07 00 01 74 00 05 00 78"},
      {"came at QoS 2 as duplicate", kQoS0, "3c 06 00 01 74 00 05 78",
       "3c 07 00 01 74 00 05 00 78"},
  };
  for (const Version version : kBothVersions) {
    for (const Vector& v : kVectors) {
      CAPTURE(version);
      CAPTURE(v.name);
      const bool v5 = version == Version::V5;
      Broker broker;
      Client a(broker, version, "a");
      a.must_subscribe("t", v.granted);
      Client publisher(broker, version, "publisher");
      publisher.send_hex(v5 ? v.v5 : v.v311);
      a.expect_bytes(v5 ? "30 05 00 01 74 00 78" : "30 04 00 01 74 78");
    }
  }
}

TEST_CASE("a message at QoS 0 is neither answered nor sent again") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client publisher(broker, version, "publisher");
    const ConnectOptions persistent{.clean_start = false,
                                    .props = {.session_expiry_interval = 3'600}};
    Client a(broker, version, "a", persistent);
    a.must_subscribe("t", kQoS2);
    publisher.publish("t", "x");
    publisher.expect_nothing();
    a.expect_publish("t", "x");
    broker.advance(60s);
    a.expect_nothing();
    a.drop();
    publisher.publish("t", "while away");
    CHECK(a.reconnect(persistent).session_present);
    a.expect_nothing();
  }
}

TEST_CASE("messages at QoS 0 for a client that is away are kept when it is configured") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    broker.settings.queue_qos0_messages = true;
    const ConnectOptions persistent{.clean_start = false,
                                    .props = {.session_expiry_interval = 3'600}};
    Client a(broker, version, "a", persistent);
    a.must_subscribe("t", kQoS2);
    a.drop();
    Client publisher(broker, version, "publisher");
    publisher.publish("t", "while away");
    CHECK(a.reconnect(persistent).session_present);
    CHECK(a.expect_publish("t", "while away").qos == kQoS0);
    a.expect_nothing();
  }
}

}  // namespace
}  // namespace midge::test
