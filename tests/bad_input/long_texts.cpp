// Texts of 65,535 bytes, and topics of as many levels as fit.
#include "tests/bad_input/holdings.hpp"
#include "tests/support/client.hpp"

namespace midge::test {
namespace {

// 65,535 bytes of UTF-8 in characters of four bytes and a last one of three; or with the last one
// cut off by an ASCII character.
std::string longest_text(bool is_right) {
  std::string text;
  while (text.size() + 3 < 65'535) text += "\xF0\x9F\x98\x80";
  return text + (is_right ? "\xE2\x82\xAC"
                          : "\xE2\x82"
                            "a");
}

TEST_CASE("every text may have 65,535 bytes, and is looked at to its end") {
  struct Field {
    const char* name;
    ByteVector (*packet)(const std::string& text);
  };
  constexpr Field kFields[] = {
      {"topic name", [](const std::string& text) { return publish_bytes(Version::V5, text, "x"); }},
      {"Content Type",
       [](const std::string& text) {
         return publish_bytes(Version::V5, "t", "x", kQoS0, {.props = {.content_type = text}});
       }},
      {"Response Topic",
       [](const std::string& text) {
         return publish_bytes(Version::V5, "t", "x", kQoS0, {.props = {.response_topic = text}});
       }},
      {"User Property",
       [](const std::string& text) {
         return publish_bytes(Version::V5, "t", "x", kQoS0, {.props = {.user = {{text, text}}}});
       }},
      {"filter",
       [](const std::string& text) { return subscribe_bytes(Version::V5, 1, {{.filter = text}}); }},
      {"filter to end",
       [](const std::string& text) { return unsubscribe_bytes(Version::V5, 1, {text}); }},
      {"Reason String",
       [](const std::string& text) {
         return ack_bytes(Version::V5, PacketType::Puback, 1, ReasonCode::Success,
                          {.reason_string = text});
       }},
  };
  Broker broker;
  Client(broker, Version::V5, "a").disconnect();
  for (const Field& field : kFields) {
    CAPTURE(field.name);
    const Holdings before(broker);
    {
      Client a(broker, Version::V5, "a");
      a.send(field.packet(longest_text(true)));
      (void)a.all();
      CHECK_FALSE(a.closed());
      a.send(field.packet(longest_text(false)));
      a.expect_disconnect(ReasonCode::MalformedPacket);
    }
    check_given_back(broker, before);
  }
}

TEST_CASE("every text of a CONNECT may have 65,535 bytes, and is looked at to its end") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client(broker, version, "a").disconnect();
    // Client id, will topic, will payload, user name, password and the properties of 5.0.
    const auto connect = [&](int wrong) {
      const auto text = [wrong](int field) { return longest_text(field != wrong); };
      ConnectOptions options{.user_name = text(2),
                             .password = text(0),
                             .will = Will{.topic = text(3), .payload = text(0)}};
      if (version == Version::V5) {
        options.props.user = {{text(4), text(5)}};
        options.will->props.content_type = text(6);
        options.will->props.response_topic = text(7);
        options.will->props.correlation_data = text(0);
      }
      return connect_bytes(version, text(1), options);
    };
    const Holdings before(broker);
    {
      Client a(broker, version);
      a.send(connect(-1));
      a.expect_connack();
      a.disconnect();
    }
    check_given_back(broker, before);
    const int fields = version == Version::V5 ? 7 : 3;
    for (int wrong = 1; wrong <= fields; ++wrong) {
      CAPTURE(wrong);
      Client a(broker, version);
      a.send(connect(wrong));
      a.expect_refused(ReasonCode::MalformedPacket, std::nullopt);
      check_given_back(broker, before);
    }
  }
}

TEST_CASE("a topic of slashes alone is refused alone, and costs neither memory nor stack") {
  const std::string slashes(65'535, '/');
  const std::string shared = "$share/g/" + std::string(65'526, '/');
  for (const Version version : kAllVersions) {
    CAPTURE(version);
    const bool v5 = version == Version::V5;
    Broker broker;
    Client(broker, version, "a").disconnect();
    const Holdings before(broker);
    {
      Client a(broker, version, "a");
      a.publish(slashes, "x", kQoS1, {.retain = true});
      CHECK(a.expect(PacketType::Puback).reason ==
            (v5 ? ReasonCode::TopicNameInvalid : ReasonCode::Success));
      a.subscribe({{.filter = slashes}, {.filter = shared}, {.filter = slashes.substr(1) + "#"}});
      const Packet suback = a.expect(PacketType::Suback);
      REQUIRE(suback.codes.size() == 3);
      for (const ReasonCode code : suback.codes) {
        CHECK(static_cast<int>(code) == (v5 ? 0x8F : version == Version::V311 ? 0x80 : 0x00));
      }
      a.unsubscribe({slashes, shared});
      a.expect(PacketType::Unsuback);
      a.disconnect();
      Client b(broker, version);
      b.connect("b", {.will = Will{.topic = slashes, .payload = "x"}});
      b.expect_refused(ReasonCode::TopicNameInvalid, std::nullopt);
    }
    check_given_back(broker, before);
  }
}

TEST_CASE("65,535 levels are levels like others where they are allowed") {
  constexpr std::size_t kReplayLevels = 2'000;
  const std::string topic(65'534, '/');
  const std::string shared = "$share/g/" + std::string(65'526, '/');
  const std::string retained(kReplayLevels, '/');
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    broker.limits.topic_levels = 65'535;
    broker.limits.memory_bytes = std::size_t{64} << 20;
    Client(broker, version, "a").disconnect();
    const Holdings before(broker);
    {
      Client a(broker, version, "a");
      a.must_subscribe(topic, kQoS1);
      a.must_subscribe(topic.substr(1) + "#", kQoS1);
      a.must_subscribe(shared, kQoS1);
      Client b(broker, version, "b");
      b.publish(topic, "x", kQoS1, {.retain = true});
      b.expect(PacketType::Puback);
      a.answer(a.expect_publish(topic, "x"));
      b.publish(shared.substr(9), "y", kQoS1);
      b.expect(PacketType::Puback);
      a.answer(a.expect_publish(shared.substr(9), "y"));
      b.publish(topic, "", kQoS0, {.retain = true});
      a.expect_publish(topic, "");
      a.must_unsubscribe(topic);
      b.publish(retained, "z", kQoS0, {.retain = true});
      a.must_subscribe(retained, kQoS0);
      CHECK(a.expect_publish(retained, "z").retain);
      a.disconnect();
      b.publish(retained, "", kQoS0, {.retain = true});
      b.disconnect();
    }
    check_given_back(broker, before);
  }
}

}  // namespace
}  // namespace midge::test
