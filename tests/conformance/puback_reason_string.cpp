// Reason Strings of PUBACK and PUBREC (MQTT 5.0 sections 3.4.2.2 and 3.5.2.2): where there is
// something to say, the client wants it and it fits.
#include "tests/support/client.hpp"

namespace midge::test {
namespace {

constexpr PacketType ack_type(QoS qos) {
  return qos == kQoS1 ? PacketType::Puback : PacketType::Pubrec;
}

// What a client with these CONNECT properties gets for a PUBLISH that is denied.
Packet refusal(Broker& broker, QoS qos, const Properties& connect) {
  Client a(broker, Version::V5, "a", {.props = connect});
  a.publish("secret", "x", qos, {.packet_id = 7});
  Packet ack = a.expect(ack_type(qos));
  CHECK(ack.packet_id == 7);
  CHECK(ack.reason == ReasonCode::NotAuthorized);
  a.expect_nothing();
  return ack;
}

TEST_CASE("a refusal by policy says why, unless Request Problem Information is 0") {
  for (const QoS qos : {kQoS1, kQoS2}) {
    CAPTURE(qos);
    Broker broker;
    broker.authorizer.deny_publish("secret");
    const Packet ack = refusal(broker, qos, {});
    REQUIRE(ack.props.reason_string);
    CHECK(ack.props.reason_string->size() > 10);
    CHECK(refusal(broker, qos, {.request_problem_information = 1}).bytes == ack.bytes);
    // The bare form: Remaining Length 3.
    CHECK(refusal(broker, qos, {.request_problem_information = 0}).bytes ==
          hex(qos == kQoS1 ? "40 03 00 07 87" : "50 03 00 07 87"));
  }
}

TEST_CASE("every refusal of a PUBLISH by policy has a text") {
  for (const QoS qos : {kQoS1, kQoS2}) {
    CAPTURE(qos);
    Broker broker;
    broker.authorizer.deny_publish("secret");
    broker.limits.topic_levels = 2;
    broker.limits.payload_bytes = 10;
    broker.limits.retained_messages = 1;
    Client a(broker, Version::V5, "a");
    a.must_publish("full", "x", qos, {.retain = true});
    const auto check = [&](const char* topic, const std::string& payload, bool retain) {
      CAPTURE(topic);
      a.publish(topic, payload, qos, {.retain = retain});
      const Packet ack = a.expect(ack_type(qos));
      CHECK(wire::is_error(ack.reason));
      CHECK(ack.props.reason_string.value_or("") != "");
    };
    check("secret", "x", false);
    check("$SYS/x", "x", false);
    check("a/b/c", "x", false);
    check("t", "12345678901", false);
    check("t", "x", true);
  }
}

TEST_CASE("an acknowledgement that refuses nothing has no Reason String") {
  Broker broker;
  Client a(broker, Version::V5, "a", {.props = {.request_problem_information = 1}});
  a.publish("t", "x", kQoS1, {.packet_id = 7});
  a.expect_bytes("40 03 00 07 10");
  a.must_subscribe("t");
  a.publish("t", "x", kQoS2, {.packet_id = 8});
  a.take(PacketType::Publish);
  a.expect_bytes("50 02 00 08");
  a.pubrel(8);
  a.expect_bytes("70 02 00 08");
}

TEST_CASE(
    "a Reason String that is too long for the client's Maximum Packet Size is left out "
    "[MQTT-3.4.2-2] [MQTT-3.4.2-3] [MQTT-3.5.2-2] [MQTT-3.5.2-3]") {
  for (const QoS qos : {kQoS1, kQoS2}) {
    CAPTURE(qos);
    Broker broker;
    broker.authorizer.deny_publish("secret");
    const Packet whole = refusal(broker, qos, {});
    const auto size = static_cast<std::uint32_t>(whole.bytes.size());
    CHECK(refusal(broker, qos, {.maximum_packet_size = size}).bytes == whole.bytes);
    // No text, and no User Property in its place.
    for (const std::uint32_t limit : {size - 1, size - 10}) {
      CAPTURE(limit);
      CHECK(refusal(broker, qos, {.maximum_packet_size = limit}).bytes ==
            hex(qos == kQoS1 ? "40 03 00 07 87" : "50 03 00 07 87"));
    }
  }
}

}  // namespace
}  // namespace midge::test
