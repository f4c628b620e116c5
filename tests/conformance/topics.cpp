// Topic names and filters (MQTT 5.0 and 3.1.1, section 4.7): what is one and what is not.
#include "tests/support/client.hpp"

namespace midge::test {
namespace {

using namespace std::string_literals;

struct Bad {
  const char* name;
  std::string text;
};

TEST_CASE(
    "a filter that breaks the rules of wildcards is malformed, in SUBSCRIBE and UNSUBSCRIBE") {
  const Bad kBad[] = {
      {"# not last [MQTT-4.7.1-1] [MQTT-4.7.1-2@3.1.1]", "#/t"},
      {"# in the middle [MQTT-4.7.1-1] [MQTT-4.7.1-2@3.1.1]", "t/#/t"},
      {"# followed by an empty level [MQTT-4.7.1-1] [MQTT-4.7.1-2@3.1.1]", "t/#/"},
      {"# behind a character [MQTT-4.7.1-1] [MQTT-4.7.1-2@3.1.1]", "t#"},
      {"# behind a character of a level [MQTT-4.7.1-1] [MQTT-4.7.1-2@3.1.1]", "t/u#"},
      {"# before a character [MQTT-4.7.1-1] [MQTT-4.7.1-2@3.1.1]", "t/#u"},
      {"two # [MQTT-4.7.1-1] [MQTT-4.7.1-2@3.1.1]", "##"},
      {"two # in a level [MQTT-4.7.1-1] [MQTT-4.7.1-2@3.1.1]", "t/##"},
      {"# behind # [MQTT-4.7.1-1] [MQTT-4.7.1-2@3.1.1]", "#/#"},
      {"+ behind a character [MQTT-4.7.1-2] [MQTT-4.7.1-3@3.1.1]", "t+"},
      {"+ before a character [MQTT-4.7.1-2] [MQTT-4.7.1-3@3.1.1]", "+t"},
      {"+ within a level [MQTT-4.7.1-2] [MQTT-4.7.1-3@3.1.1]", "t/a+b/t"},
      {"two + in a level [MQTT-4.7.1-2] [MQTT-4.7.1-3@3.1.1]", "t/++"},
      {"+ and # in a level [MQTT-4.7.1-1] [MQTT-4.7.1-2]", "t/+#"},
      {"empty [MQTT-4.7.3-1] [MQTT-4.7.3-1@3.1.1]", ""},
      {"with a NUL [MQTT-4.7.3-2] [MQTT-4.7.3-2@3.1.1]", "t/\0"s},
      {"a NUL alone [MQTT-4.7.3-2] [MQTT-4.7.3-2@3.1.1]", "\0"s},
  };
  for (const Version version : kAllVersions) {
    for (const Bad& v : kBad) {
      CAPTURE(version);
      CAPTURE(v.name);
      Broker broker;
      Client subscriber(broker, version, "subscriber");
      subscriber.subscribe(v.text);
      subscriber.expect_disconnect(ReasonCode::MalformedPacket);
      Client other(broker, version, "other");
      other.unsubscribe(v.text);
      other.expect_disconnect(ReasonCode::MalformedPacket);
    }
  }
}

TEST_CASE(
    "a filter may have wildcards wherever they fill a level "
    "[MQTT-4.7.1-1] [MQTT-4.7.1-2] [MQTT-4.7.1-2@3.1.1] [MQTT-4.7.1-3@3.1.1]") {
  for (const Version version : kAllVersions) {
    CAPTURE(version);
    Broker broker;
    Client a(broker, version, "a");
    for (const char* filter : {"#", "+", "+/+", "+/#", "/#", "/+", "+/", "//", "/", "t/#", "t/+/u",
                               "+/t", "+/t/#", "t/+/+/#", "t//#", " ", "t /u", "$SYS/#", "$x/+"}) {
      CAPTURE(filter);
      a.must_subscribe(filter);
      a.must_unsubscribe(filter);
    }
  }
}

TEST_CASE("a topic name with a wildcard ends the connection [MQTT-4.7.0-1] [MQTT-4.7.1-1@3.1.1]") {
  for (const Version version : kBothVersions) {
    for (const char* topic : {"#", "+", "t/#", "t/+/u", "t#", "a+b", "$SYS/#"}) {
      for (const QoS qos : {kQoS0, kQoS1}) {
        CAPTURE(version);
        CAPTURE(topic);
        CAPTURE(qos);
        Broker broker;
        Client all(broker, version, "all");
        all.must_subscribe("#");
        Client a(broker, version, "a");
        a.publish(topic, "x", qos);
        // 0x90 is for a name that is "correctly formed, but is not accepted" (section 3.14.2.1).
        a.expect_disconnect(ReasonCode::MalformedPacket);
        all.expect_nothing();
      }
    }
  }
}

TEST_CASE("a topic name has at least one character [MQTT-4.7.3-1] [MQTT-4.7.3-1@3.1.1]") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client a(broker, version, "a");
    a.publish("", "x");  // and no Topic Alias in its place
    a.expect_disconnect(ReasonCode::ProtocolError);
  }
}

TEST_CASE("a topic name has no NUL [MQTT-4.7.3-2] [MQTT-4.7.3-2@3.1.1]") {
  for (const Version version : kBothVersions) {
    for (const std::string& topic : {"\0"s, "t\0"s, "\0t"s, "t/\0/u"s}) {
      CAPTURE(version);
      Broker broker;
      Client a(broker, version, "a");
      a.publish(topic, "x");
      a.expect_disconnect(ReasonCode::MalformedPacket);
    }
  }
}

TEST_CASE("the will's topic keeps to the same rules [MQTT-4.7.0-1] [MQTT-4.7.1-1@3.1.1]") {
  const Bad kBad[] = {{"#", "#"}, {"+ in a level", "t/+"}, {"empty", ""}, {"NUL", "t\0"s}};
  for (const Version version : kBothVersions) {
    for (const Bad& v : kBad) {
      CAPTURE(version);
      CAPTURE(v.name);
      Broker broker;
      Client a(broker, version);
      a.connect("a", {.will = Will{.topic = v.text, .payload = "x"}});
      a.expect_refused(ReasonCode::MalformedPacket, std::nullopt);
    }
  }
}

TEST_CASE(
    "a topic name and a filter of 65,535 bytes, the most that there can be, work as others "
    "[MQTT-4.7.3-3] [MQTT-4.7.3-3@3.1.1]") {
  const std::string longest(65'535, 'x');
  const std::string almost(65'534, 'x');
  const std::string filter = "+/" + std::string(65'533, 'y');
  const std::string matching = "z/" + std::string(65'533, 'y');
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client a(broker, version, "a");
    a.must_subscribe(longest, kQoS1);
    a.must_subscribe(filter, kQoS1);
    a.publish(longest, "x", kQoS1);
    a.take(PacketType::Puback);
    Packet p = a.expect_publish(longest, "x");
    a.answer(p);
    a.publish(matching, "y", kQoS1, {.retain = true});
    a.take(PacketType::Puback);
    p = a.expect_publish(matching, "y");
    a.answer(p);
    a.publish(almost, "x");
    a.expect_nothing();
    a.must_unsubscribe(longest);
    a.must_unsubscribe(filter);
    a.must_subscribe("z/#", kQoS1);
    CHECK(a.expect_publish(matching, "y").retain);
    CHECK(broker.metrics.subscriptions == 1);
  }
}

TEST_CASE("a filter of more than 128 levels works if it is allowed [MQTT-4.7.3-3]") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    broker.limits.topic_levels = 65'535;
    Client a(broker, version, "a");
    const std::string slashes(65'534, '/');  // 65,535 empty levels
    a.must_subscribe(slashes);
    a.publish(slashes, "x");
    a.expect_publish(slashes, "x");
    std::string pluses = "+";
    for (int i = 1; i < 32'768; ++i) pluses += "/+";
    a.must_subscribe(pluses);
    const std::string matching(32'767, '/');
    a.publish(matching, "y");
    a.expect_publish(matching, "y");
    a.expect_nothing();
  }
}

}  // namespace
}  // namespace midge::test
