// Properties of a PUBLISH that go on to the subscribers (MQTT 5.0 section 3.3.2.3).
#include "tests/support/client.hpp"

namespace midge::test {
namespace {

// A session that outlives its connection.
const ConnectOptions kLasting{.clean_start = false, .props = {.session_expiry_interval = 100}};

// Publishes on "t" with `props` and checks that they arrive unchanged: at every QoS, on one
// connection, after a wait in the session, and as a retained message.
void check_forwarded(const Properties& props) {
  for (const QoS qos : kEveryQoS) {
    CAPTURE(qos);
    Broker broker;
    Client a(broker, Version::V5, "a");
    a.must_subscribe("t", qos);
    Client absent(broker, Version::V5, "absent", kLasting);
    absent.must_subscribe("t", qos);
    absent.drop();

    Client publisher(broker, Version::V5, "publisher");
    publisher.publish("t", "x", qos, {.retain = true, .props = props});
    const Packet live = a.expect_publish("t", "x");
    CHECK(live.props == props);
    if (qos != kQoS0) {
      absent.reconnect(kLasting);
      CHECK(absent.expect_publish("t", "x").props == props);
      absent.drop();
      absent.reconnect(kLasting);
      const Packet again = absent.expect_publish("t", "x");
      CHECK(again.dup);
      CHECK(again.props == props);
    }
    Client late(broker, Version::V5, "late");
    late.must_subscribe("t", qos);
    CHECK(late.expect_publish("t", "x").props == props);
  }
}

TEST_CASE("the Payload Format Indicator is forwarded unchanged [MQTT-3.3.2-4]") {
  check_forwarded({.payload_format_indicator = 0});
  check_forwarded({.payload_format_indicator = 1});
  check_forwarded({});
}

TEST_CASE("what the Payload Format Indicator says of the payload is not checked") {
  Broker broker;
  Client a(broker, Version::V5, "a");
  a.must_subscribe("t");
  a.publish("t", "\xFF\xFE", kQoS0, {.props = {.payload_format_indicator = 1}});
  CHECK(a.expect_publish("t", "\xFF\xFE").props.payload_format_indicator == 1);
}

TEST_CASE("the Response Topic is forwarded unchanged [MQTT-3.3.2-15]") {
  check_forwarded({.response_topic = "r"});
  check_forwarded(
      {.response_topic = "a/very/long/\xC3\xA4//response/topic/" + std::string(3'000, 'r')});
}

TEST_CASE("Correlation Data is forwarded unchanged [MQTT-3.3.2-16]") {
  std::string every_byte;
  for (int byte = 0; byte < 256; ++byte) every_byte += static_cast<char>(byte);
  check_forwarded({.correlation_data = ""});
  check_forwarded({.correlation_data = every_byte});
  check_forwarded({.correlation_data = std::string(65'535, '\0')});
}

TEST_CASE("the Content Type is forwarded unchanged [MQTT-3.3.2-20]") {
  check_forwarded({.content_type = ""});
  check_forwarded({.content_type = "application/json; charset=utf-8"});
}

TEST_CASE(
    "every User Property is forwarded, in order and as often as it came [MQTT-3.3.2-17] "
    "[MQTT-3.3.2-18]") {
  check_forwarded({.user = {{"k", "v"}}});
  check_forwarded({.user = {{"", ""}}});
  check_forwarded(
      {.user = {{"b", "1"}, {"a", "2"}, {"b", "1"}, {"a", "1"}, {"", "3"}, {"b", "0"}}});
  UserProperties many;
  for (int i = 0; i < 1'000; ++i)
    many.emplace_back("key" + std::to_string(i % 7), std::to_string(i));
  check_forwarded({.user = many});
}

TEST_CASE(
    "all of them together, with others in between, keep the order of the User Properties "
    "[MQTT-3.3.2-17] [MQTT-3.3.2-18]") {
  Broker broker;
  Client a(broker, Version::V5, "a");
  a.must_subscribe("t");
  // (k,1) · Content Type "c" · (k,2) · Correlation Data 00 ff · Payload Format Indicator 1 · (j,3)
  // · Response Topic "r" · (k,1)
  a.send_hex(
      "30 30 00 01 74 2b  26 00 01 6b 00 01 31  03 00 01 63  26 00 01 6b 00 01 32  09 00 02 00 ff"
      "  01 01  26 00 01 6a 00 01 33  08 00 01 72  26 00 01 6b 00 01 31  78");
  const Packet p = a.expect_publish("t", "x");
  CHECK(p.props == Properties{.payload_format_indicator = 1,
                              .content_type = "c",
                              .response_topic = "r",
                              .correlation_data = std::string("\x00\xff", 2),
                              .user = {{"k", "1"}, {"k", "2"}, {"j", "3"}, {"k", "1"}}});
  a.expect_nothing();
}

TEST_CASE("properties of the publisher's own connection are not forwarded") {
  Broker broker;
  Client a(broker, Version::V5, "a");
  a.must_subscribe("t");
  Client b(broker, Version::V5, "b");
  // Topic Alias 1 is between the two ends of one connection.
  b.send_hex("30 08 00 01 74 03 23 00 01 78");
  b.expect_nothing();
  a.expect_bytes("30 05 00 01 74 00 78");
}

TEST_CASE("a client before 5.0 gets the same message without properties") {
  for (const Version version : {Version::V31, Version::V311}) {
    CAPTURE(version);
    Broker broker;
    Client old(broker, version, "old");
    old.must_subscribe("t");
    Client publisher(broker, Version::V5, "publisher");
    publisher.publish("t", "x", kQoS0,
                      {.props = {.payload_format_indicator = 1,
                                 .message_expiry_interval = 10,
                                 .content_type = "c",
                                 .response_topic = "r",
                                 .correlation_data = "d",
                                 .user = {{"k", "v"}}}});
    old.expect_bytes("30 04 00 01 74 78");
    // And the other way round.
    Client young(broker, Version::V5, "young");
    young.must_subscribe("u");
    old.publish("u", "x");
    young.expect_bytes("30 05 00 01 75 00 78");
  }
}

TEST_CASE("request and response through one broker") {
  Broker broker;
  Client responder(broker, Version::V5, "responder");
  responder.must_subscribe("service", kQoS1);
  Client requester(broker, Version::V5, "requester");
  requester.must_subscribe("answers/7", kQoS1);
  requester.must_publish("service", "question", kQoS1,
                         {.props = {.response_topic = "answers/7", .correlation_data = "42"}});
  const Packet question = responder.expect_publish("service", "question");
  responder.answer(question);
  REQUIRE(question.props.response_topic);
  responder.must_publish(*question.props.response_topic, "answer", kQoS1,
                         {.props = {.correlation_data = question.props.correlation_data}});
  CHECK(requester.expect_publish("answers/7", "answer").props.correlation_data == "42");
}

}  // namespace
}  // namespace midge::test
