// UNSUBSCRIBE and UNSUBACK (MQTT 5.0 and 3.1.1, sections 3.10 and 3.11).
#include "tests/support/client.hpp"

namespace midge::test {
namespace {

TEST_CASE(
    "an UNSUBSCRIBE is answered by an UNSUBACK with its Packet Identifier, whether or not there "
    "was a subscription [MQTT-3.10.4-4] [MQTT-3.10.4-5] [MQTT-3.11.3-2] [MQTT-3.10.4-4@3.1.1] "
    "[MQTT-3.10.4-5@3.1.1]") {
  for (const Version version : kAllVersions) {
    CAPTURE(version);
    Broker broker;
    Client a(broker, version, "a");
    a.must_subscribe("t");
    if (version == Version::V5) {
      a.send_hex("a2 06 12 34 00 00 01 74");
      a.expect_bytes("b0 04 12 34 00 00");
      a.send_hex("a2 06 12 35 00 00 01 74");
      a.expect_bytes("b0 04 12 35 00 11");
    } else {
      a.send_hex("a2 05 12 34 00 01 74");
      a.expect_bytes("b0 02 12 34");
      a.send_hex("a2 05 12 35 00 01 74");
      a.expect_bytes("b0 02 12 35");
    }
    a.expect_nothing();
  }
}

TEST_CASE(
    "several filters in one UNSUBSCRIBE share one UNSUBACK, its codes in their order "
    "[MQTT-3.10.4-6] [MQTT-3.11.3-1] [MQTT-3.11.3-2] [MQTT-3.10.4-6@3.1.1]") {
  for (const Version version : kAllVersions) {
    CAPTURE(version);
    Broker broker;
    Client a(broker, version, "a");
    for (const char* filter : {"a", "b/#", "c", "kept"}) a.must_subscribe(filter);
    a.unsubscribe({"a", "none", "b/#", "a", "c"});
    a.expect_bytes(version == Version::V5 ? "b0 08 00 05 00 00 11 00 11 00" : "b0 02 00 05");
    CHECK(broker.metrics.subscriptions == 1);
    for (const char* topic : {"a", "b/1", "c", "kept"}) a.publish(topic, "x");
    a.expect_publish("kept", "x");
    a.expect_nothing();
  }
}

TEST_CASE("an UNSUBSCRIBE with a thousand filters gets a thousand codes [MQTT-3.11.3-1]") {
  Broker broker;
  Client a(broker, Version::V5, "a");
  std::vector<std::string> filters;
  std::vector<ReasonCode> expected;
  for (int i = 0; i < 1'000; ++i) {
    filters.push_back("t/" + std::to_string(i));
    if (i % 3 == 0) a.must_subscribe(filters.back());
    expected.push_back(i % 3 == 0 ? ReasonCode::Success : ReasonCode::NoSubscriptionExisted);
  }
  a.unsubscribe(filters);
  CHECK(a.expect(PacketType::Unsuback).codes == expected);
  CHECK(broker.metrics.subscriptions == 0);
}

TEST_CASE("an answer longer than all the outbox builds at once goes out whole [MQTT-3.11.3-1]") {
  Broker broker;
  broker.limits.memory_bytes = 1U << 20U;
  Client a(broker, Version::V5, "a");
  const std::vector<std::string> filters(40'000, "t");
  a.unsubscribe(filters);
  CHECK(a.expect(PacketType::Unsuback).codes ==
        std::vector(filters.size(), ReasonCode::NoSubscriptionExisted));
  a.ping();
  a.expect(PacketType::Pingresp);
  a.subscribe(std::vector(40'000, Filter{.filter = "t", .qos = kQoS1}));
  CHECK(a.expect(PacketType::Suback).codes == std::vector(40'000, ReasonCode::GrantedQoS1));
  // The same to a client that takes it bit by bit.
  a.link().stop_reading();
  a.unsubscribe(filters);
  a.ping();
  a.link().start_reading();
  broker.settle();
  CHECK(a.expect(PacketType::Unsuback).codes.size() == 40'000);
  a.expect(PacketType::Pingresp);
}

TEST_CASE(
    "the filter is compared character by character and takes nothing else away "
    "[MQTT-3.10.4-1] [MQTT-3.10.4-1@3.1.1]") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client a(broker, version, "a");
    Client other(broker, version, "other");
    a.must_subscribe("t/1");
    other.must_subscribe("t/1");
    for (const char* filter : {"t/#", "t/+", "#", "+/1", "t", "t/1/", "/t/1", "T/1", "t/1/#",
                               "t/1 ", "t//1", "$share/g/t/1"}) {
      CAPTURE(filter);
      a.unsubscribe(filter);
      const Packet unsuback = a.expect(PacketType::Unsuback);
      if (version == Version::V5)
        CHECK(unsuback.codes == std::vector{ReasonCode::NoSubscriptionExisted});
    }
    a.publish("t/1", "x");
    a.expect_publish("t/1", "x");
    other.expect_publish("t/1", "x");
    a.must_unsubscribe("t/1");
    a.publish("t/1", "y");
    a.expect_nothing();
    other.expect_publish("t/1", "y");  // somebody else's stays
  }
}

TEST_CASE("wildcards in an UNSUBSCRIBE name the subscription with them [MQTT-3.10.4-1]") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client a(broker, version, "a");
    for (const char* filter : {"#", "+", "t/+", "t/#", "t/1"}) a.must_subscribe(filter);
    for (const char* filter : {"t/+", "#", "t/#", "+"}) a.must_unsubscribe(filter);
    CHECK(broker.metrics.subscriptions == 1);
    a.publish("t/1", "x");
    a.expect_publish("t/1", "x");
    a.expect_nothing();
  }
}

TEST_CASE("after UNSUBACK nothing new comes [MQTT-3.10.4-2] [MQTT-3.10.4-2@3.1.1]") {
  for (const Version version : kAllVersions) {
    CAPTURE(version);
    Broker broker;
    Client a(broker, version, "a");
    Client publisher(broker, version, "publisher");
    a.must_subscribe("t", kQoS1);
    a.unsubscribe("t");
    publisher.must_publish("t", "behind", kQoS1);
    a.expect(PacketType::Unsuback);
    a.expect_nothing();
  }
}

TEST_CASE(
    "deliveries that have begun are finished after an UNSUBSCRIBE "
    "[MQTT-3.10.4-3] [MQTT-3.10.4-3@3.1.1]") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    ConnectOptions keeps{.clean_start = false};
    if (version == Version::V5) keeps.props.session_expiry_interval = 100;
    Client a(broker, version, "a", keeps);
    a.must_subscribe("t", kQoS2);
    Client publisher(broker, version, "publisher");
    publisher.must_publish("t", "one", kQoS1);
    publisher.must_publish("t", "two", kQoS2);
    publisher.must_publish("t", "three", kQoS2);
    const Packet one = a.expect_publish("t", "one");
    const Packet two = a.expect_publish("t", "two");
    const Packet three = a.expect_publish("t", "three");
    a.pubrec(three.packet_id);
    CHECK(a.expect(PacketType::Pubrel).packet_id == three.packet_id);

    a.must_unsubscribe("t");
    a.pubrec(two.packet_id);
    CHECK(a.expect(PacketType::Pubrel).packet_id == two.packet_id);
    a.expect_nothing();

    // On the next connection too.
    a.drop();
    CHECK(a.reconnect(keeps).session_present);
    const Packet again = a.expect_publish("t", "one");
    CHECK(again.packet_id == one.packet_id);
    CHECK(again.dup);
    const Packet first_pubrel = a.expect(PacketType::Pubrel);
    const Packet second_pubrel = a.expect(PacketType::Pubrel);
    CHECK(first_pubrel.packet_id == two.packet_id);
    CHECK(second_pubrel.packet_id == three.packet_id);
    a.puback(one.packet_id);
    a.pubcomp(two.packet_id);
    a.pubcomp(three.packet_id);
    a.expect_nothing();
    CHECK(broker.metrics.inflight_messages == 0);
    CHECK(broker.metrics.queued_messages == 0);
  }
}

TEST_CASE(
    "an UNSUBSCRIBE with wrong flags is malformed and closes the connection "
    "[MQTT-3.10.1-1] [MQTT-3.10.1-1@3.1.1]") {
  constexpr const char* kWrongFlags[] = {"a0", "a1", "a3", "a4", "a5", "a6", "a7", "a8",
                                         "a9", "aa", "ab", "ac", "ad", "ae", "af"};
  for (const Version version : kBothVersions) {
    for (const char* first_byte : kWrongFlags) {
      CAPTURE(version);
      CAPTURE(first_byte);
      Broker broker;
      Client a(broker, version, "a");
      a.send_hex(first_byte + std::string(version == Version::V5 ? " 06 00 01 00 00 01 74"
                                                                 : " 05 00 01 00 01 74"));
      a.expect_disconnect(ReasonCode::MalformedPacket);
    }
  }
}

TEST_CASE(
    "an UNSUBSCRIBE without a filter is a protocol error "
    "[MQTT-3.10.3-2] [MQTT-3.10.3-2@3.1.1] [MQTT-4.8.0-1@3.1.1]") {
  for (const Version version : kAllVersions) {
    CAPTURE(version);
    Broker broker;
    Client a(broker, version, "a");
    a.send_hex(version == Version::V5 ? "a2 03 00 01 00" : "a2 02 00 01");
    a.expect_disconnect(ReasonCode::ProtocolError);
  }
}

TEST_CASE("an UNSUBSCRIBE that breaks a rule ends the connection with its reason") {
  struct Vector {
    const char* name;
    Version version;
    const char* bytes;
    ReasonCode reason;
  };
  using enum ReasonCode;
  constexpr Vector kVectors[] = {
      {"Subscription Identifier, a property of SUBSCRIBE", Version::V5,
       "a2 08 00 01 02 0b 01 00 01 74", MalformedPacket},
      {"Reason String, a property of answers", Version::V5, "a2 0a 00 01 04 1f 00 01 78 00 01 74",
       MalformedPacket},
      {"a property that does not exist", Version::V5, "a2 08 00 01 02 04 00 00 01 74",
       MalformedPacket},
      {"a Property Length behind the end", Version::V5, "a2 06 00 01 7f 00 01 74", MalformedPacket},
      {"no Property Length", Version::V5, "a2 02 00 01", MalformedPacket},
      {"Packet Identifier 0", Version::V5, "a2 06 00 00 00 00 01 74", ProtocolError},
      {"Packet Identifier 0 [MQTT-2.3.1-1@3.1.1]", Version::V311, "a2 05 00 00 00 01 74",
       ProtocolError},
      {"a filter longer than the packet", Version::V5, "a2 06 00 01 00 00 02 74", MalformedPacket},
      {"a filter longer than the packet", Version::V311, "a2 05 00 01 00 02 74", MalformedPacket},
      {"one byte behind the filter", Version::V5, "a2 07 00 01 00 00 01 74 00", MalformedPacket},
      {"one byte behind the filter", Version::V311, "a2 06 00 01 00 01 74 00", MalformedPacket},
      {"an empty filter [MQTT-4.7.3-1]", Version::V5, "a2 05 00 01 00 00 00", MalformedPacket},
      {"an empty filter [MQTT-4.7.3-1@3.1.1]", Version::V311, "a2 04 00 01 00 00", MalformedPacket},
      {"# in the middle [MQTT-4.7.1-1]", Version::V5, "a2 08 00 01 00 00 03 23 2f 74",
       MalformedPacket},
      {"# in the middle [MQTT-4.7.1-2@3.1.1]", Version::V311, "a2 07 00 01 00 03 23 2f 74",
       MalformedPacket},
      {"no body", Version::V5, "a2 00", MalformedPacket},
      {"no body", Version::V311, "a2 00", MalformedPacket},
  };
  for (const Vector& v : kVectors) {
    CAPTURE(v.version);
    CAPTURE(v.name);
    Broker broker;
    Client a(broker, v.version, "a");
    a.send_hex(v.bytes);
    a.expect_disconnect(v.reason);
  }
}

TEST_CASE("User Properties of an UNSUBSCRIBE may repeat") {
  Broker broker;
  Client a(broker, Version::V5, "a");
  a.must_subscribe("t");
  a.unsubscribe({"t"}, {.user = {{"k", "1"}, {"k", "1"}}});
  a.expect_bytes("b0 04 00 02 00 00");
}

TEST_CASE(
    "an UNSUBACK carries no Reason String and no User Properties, so that none makes it too large "
    "[MQTT-3.11.2-1] [MQTT-3.11.2-2]") {
  Broker broker;
  Client a(broker, Version::V5, "a", {.props = {.maximum_packet_size = 20}});
  a.must_subscribe("t");
  std::vector<std::string> filters(15, "none");
  a.unsubscribe(filters);  // 2 + 2 + 1 + 15 bytes
  a.expect_bytes("b0 12 00 02 00 11 11 11 11 11 11 11 11 11 11 11 11 11 11 11");
  filters.push_back("t");
  a.unsubscribe(filters);  // one more than the client takes: done, but not answered
  a.expect_nothing();
  CHECK(broker.metrics.subscriptions == 0);
  CHECK(broker.metrics[Cause::TooLargeForClient] == 1);
}

TEST_CASE("a session keeps what was not unsubscribed, and only that [MQTT-3.10.4-2]") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    ConnectOptions keeps{.clean_start = false};
    if (version == Version::V5) keeps.props.session_expiry_interval = 100;
    Client a(broker, version, "a", keeps);
    a.must_subscribe("gone", kQoS1);
    a.must_subscribe("kept", kQoS1);
    a.must_unsubscribe("gone");
    a.disconnect();
    Client publisher(broker, version, "publisher");
    publisher.must_publish("gone", "x", kQoS1);
    publisher.must_publish("kept", "x", kQoS1);
    a.reconnect(keeps);
    a.expect_publish("kept", "x");
    a.expect_nothing();
  }
}

}  // namespace
}  // namespace midge::test
