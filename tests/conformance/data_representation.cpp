// Data representation (MQTT 5.0 section 1.5; 3.1.1 section 1.5): integers, strings, binary data.
#include "tests/support/client.hpp"

namespace midge::test {
namespace {

// A field of a packet that holds a string: the packet with `text` there, right otherwise.
struct Field {
  const char* name;
  bool only_v5;
  ByteVector (*packet)(Version version, const std::string& text);
};

// Sent on an open connection.
constexpr Field kFields[] = {
    {"PUBLISH topic name [MQTT-3.3.2-1] [MQTT-3.3.2-1@3.1.1]", false,
     [](Version version, const std::string& text) { return publish_bytes(version, text, "x"); }},
    {"SUBSCRIBE filter [MQTT-3.8.3-1] [MQTT-3.8.3-1@3.1.1]", false,
     [](Version version, const std::string& text) {
       return subscribe_bytes(version, 1, {{.filter = text}});
     }},
    {"UNSUBSCRIBE filter [MQTT-3.10.3-1] [MQTT-3.10.3-1@3.1.1]", false,
     [](Version version, const std::string& text) {
       return unsubscribe_bytes(version, 1, {text});
     }},
    {"PUBLISH Content Type [MQTT-3.3.2-19]", true,
     [](Version version, const std::string& text) {
       return publish_bytes(version, "t", "x", kQoS0, {.props = {.content_type = text}});
     }},
    {"PUBLISH Response Topic [MQTT-3.3.2-13]", true,
     [](Version version, const std::string& text) {
       return publish_bytes(version, "t", "x", kQoS0, {.props = {.response_topic = text}});
     }},
    {"PUBLISH User Property name [MQTT-1.5.7-1]", true,
     [](Version version, const std::string& text) {
       return publish_bytes(version, "t", "x", kQoS0, {.props = {.user = {{text, "v"}}}});
     }},
    {"PUBLISH User Property value [MQTT-1.5.7-1]", true,
     [](Version version, const std::string& text) {
       return publish_bytes(version, "t", "x", kQoS0, {.props = {.user = {{"k", text}}}});
     }},
    {"SUBSCRIBE User Property value", true,
     [](Version version, const std::string& text) {
       return subscribe_bytes(version, 1, {{.filter = "t"}}, {.user = {{"k", text}}});
     }},
    {"UNSUBSCRIBE User Property name", true,
     [](Version version, const std::string& text) {
       return unsubscribe_bytes(version, 1, {"t"}, {.user = {{text, "v"}}});
     }},
    {"PUBACK Reason String", true,
     [](Version version, const std::string& text) {
       return ack_bytes(version, PacketType::Puback, 1, ReasonCode::Success,
                        {.reason_string = text});
     }},
    {"PUBACK User Property value", true,
     [](Version version, const std::string& text) {
       return ack_bytes(version, PacketType::Puback, 1, ReasonCode::Success,
                        {.user = {{"k", text}}});
     }},
};

// Of a CONNECT.
constexpr Field kConnectFields[] = {
    {"Client Identifier [MQTT-3.1.3-4] [MQTT-3.1.3-4@3.1.1]", false,
     [](Version version, const std::string& text) { return connect_bytes(version, text); }},
    {"will topic [MQTT-3.1.3-11] [MQTT-3.1.3-10@3.1.1]", false,
     [](Version version, const std::string& text) {
       return connect_bytes(version, "a", {.will = Will{.topic = text}});
     }},
    {"user name [MQTT-3.1.3-12] [MQTT-3.1.3-11@3.1.1]", false,
     [](Version version, const std::string& text) {
       return connect_bytes(version, "a", {.user_name = text});
     }},
    {"User Property name", true,
     [](Version version, const std::string& text) {
       return connect_bytes(version, "a", {.props = {.user = {{text, "v"}}}});
     }},
    {"will Content Type", true,
     [](Version version, const std::string& text) {
       return connect_bytes(version, "a",
                            {.will = Will{.topic = "t", .props = {.content_type = text}}});
     }},
    {"will Response Topic", true,
     [](Version version, const std::string& text) {
       return connect_bytes(version, "a",
                            {.will = Will{.topic = "t", .props = {.response_topic = text}}});
     }},
    {"will User Property value", true,
     [](Version version, const std::string& text) {
       return connect_bytes(version, "a",
                            {.will = Will{.topic = "t", .props = {.user = {{"k", text}}}}});
     }},
};

// `text` in each field must be refused by a broker that accepts "ab" there.
void check_every_field_refuses(const std::string& text) {
  for (const Version version : kBothVersions) {
    for (const Field& field : kFields) {
      if (field.only_v5 && version != Version::V5) continue;
      CAPTURE(version);
      CAPTURE(field.name);
      Broker broker;
      Client a(broker, version, "a");
      a.send(field.packet(version, "ab"));
      CHECK_FALSE(a.closed());
      (void)a.all();
      a.send(field.packet(version, text));
      a.expect_disconnect(ReasonCode::MalformedPacket);
    }
    for (const Field& field : kConnectFields) {
      if (field.only_v5 && version != Version::V5) continue;
      CAPTURE(version);
      CAPTURE(field.name);
      Broker broker;
      Client right(broker, version);
      right.send(field.packet(version, "ab"));
      right.expect_connack();
      Client wrong(broker, version);
      wrong.send(field.packet(version, text));
      wrong.expect_refused(ReasonCode::MalformedPacket, std::nullopt);
    }
  }
}

TEST_CASE("ill-formed UTF-8 is refused in every string [MQTT-1.5.4-1] [MQTT-1.5.3-1@3.1.1]") {
  check_every_field_refuses("a\xFF");
}

TEST_CASE("a NUL is refused in every string [MQTT-1.5.4-2] [MQTT-1.5.3-2@3.1.1]") {
  using namespace std::string_literals;
  check_every_field_refuses("a\0b"s);
}

TEST_CASE("what is no UTF-8 is refused [MQTT-1.5.4-1] [MQTT-1.5.3-1@3.1.1]") {
  struct Vector {
    const char* name;
    const char* topic;  // four bytes
  };
  constexpr Vector kVectors[] = {
      {"a continuation byte alone", "61 61 61 80"},
      {"a two-byte character cut off", "61 61 61 c3"},
      {"a three-byte character cut off", "61 61 e2 82"},
      {"a four-byte character cut off", "61 f0 9f 98"},
      {"a two-byte character and no continuation", "61 61 c3 61"},
      {"NUL in two bytes", "61 61 c0 80"},
      {"a slash in two bytes", "61 61 c0 af"},
      {"a slash in three bytes", "61 e0 80 af"},
      {"a slash in four bytes", "f0 80 80 af"},
      {"the first surrogate, U+D800", "61 ed a0 80"},
      {"the last surrogate, U+DFFF", "61 ed bf bf"},
      {"above U+10FFFF", "f4 90 80 80"},
      {"a byte that UTF-8 never has", "61 61 61 fe"},
  };
  for (const Version version : kBothVersions) {
    for (const Vector& v : kVectors) {
      CAPTURE(version);
      CAPTURE(v.name);
      Broker broker;
      Client a(broker, version, "a");
      const std::string properties = version == Version::V5 ? "00 " : "";
      a.send_hex((version == Version::V5 ? "30 08 00 04 " : "30 07 00 04 ") + std::string(v.topic) +
                 " " + properties + "78");
      a.expect_disconnect(ReasonCode::MalformedPacket);
    }
  }
}

TEST_CASE("the edges of UTF-8 are characters like others [MQTT-1.5.4-1] [MQTT-1.5.3-1@3.1.1]") {
  constexpr const char* kTopics[] = {
      "\xC2\x80",          // U+0080
      "\xDF\xBF",          // U+07FF
      "\xE0\xA0\x80",      // U+0800
      "\xED\x9F\xBF",      // U+D7FF, before the surrogates
      "\xEE\x80\x80",      // U+E000, behind them
      "\xF0\x90\x80\x80",  // U+10000
      "\xF4\x8F\xBF\xBD",  // U+10FFFD, the last one that is a character
  };
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client a(broker, version, "a");
    for (const char* topic : kTopics) {
      CAPTURE(topic);
      a.must_subscribe(topic);
      a.publish(topic, "x");
      a.expect_publish(topic, "x");
    }
  }
}

const std::string kMark = "\xEF\xBB\xBF";  // U+FEFF, a byte-order mark elsewhere

TEST_CASE("EF BB BF is a character and never stripped [MQTT-1.5.4-3] [MQTT-1.5.3-3@3.1.1]") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client with(broker, version, "with");
    Client without(broker, version, "without");
    with.must_subscribe(kMark + "t");
    without.must_subscribe("t");

    Client publisher(broker, version, "publisher");
    publisher.publish(kMark + "t", "marked");
    with.expect_publish(kMark + "t", "marked");
    without.expect_nothing();
    publisher.publish("t", "plain");
    without.expect_publish("t", "plain");
    with.expect_nothing();
  }
}

TEST_CASE("EF BB BF stays in the strings that are forwarded [MQTT-1.5.4-3]") {
  Broker broker;
  Client a(broker, Version::V5, "a");
  a.must_subscribe("t");
  const Properties props{
      .content_type = kMark + "c", .response_topic = kMark + "r", .user = {{kMark + "k", kMark}}};
  a.publish("t", "x", kQoS0, {.props = props});
  CHECK(a.expect_publish("t", "x").props == props);
}

TEST_CASE("integers are big-endian") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client a(broker, version, "a");
    a.must_subscribe("t");
    // PUBLISH at QoS 1 with Packet Identifier 0x0102 on a topic that nobody else has.
    a.send_hex(version == Version::V5 ? "32 07 00 01 75 01 02 00 78" : "32 06 00 01 75 01 02 78");
    a.expect_bytes(version == Version::V5 ? "40 03 01 02 10" : "40 02 01 02");
  }
  Broker broker;
  Client a(broker, Version::V5, "a");
  a.must_subscribe("t");
  // Message Expiry Interval 0x01020304.
  a.send_hex("30 0a 00 01 74 05 02 01 02 03 04 78");
  a.expect_bytes("30 0a 00 01 74 05 02 01 02 03 04 78");
}

TEST_CASE("binary data may hold anything") {
  std::string every_byte;
  for (int byte = 0; byte < 256; ++byte) every_byte += static_cast<char>(byte);
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    broker.authorizer.user("ada", every_byte);
    Client a(broker, version, "a", {.user_name = "ada", .password = every_byte});
    a.must_subscribe("t");
    PublishOptions options;
    if (version == Version::V5) options.props.correlation_data = every_byte;
    a.publish("t", every_byte, kQoS0, options);
    const Packet p = a.expect_publish("t", every_byte);
    CHECK(p.props.correlation_data == options.props.correlation_data);
  }
}

TEST_CASE("a Remaining Length has the shortest form that holds it [MQTT-1.5.5-1]") {
  struct Vector {
    std::uint32_t remaining_length;
    const char* header;
  };
  constexpr Vector kVectors[] = {
      {127, "30 7f"},          {128, "30 80 01"},          {16'383, "30 ff 7f"},
      {16'384, "30 80 80 01"}, {2'097'151, "30 ff ff 7f"}, {2'097'152, "30 80 80 80 01"},
  };
  for (const Version version : kBothVersions) {
    for (const Vector& v : kVectors) {
      CAPTURE(version);
      CAPTURE(v.remaining_length);
      Broker broker;
      broker.limits.packet_bytes = 3'000'000;
      Client a(broker, version, "a");
      a.must_subscribe("t");
      const std::size_t head_bytes = version == Version::V5 ? 4 : 3;
      const std::string payload(v.remaining_length - head_bytes, 'x');
      a.publish("t", payload);
      const Packet p = a.expect(PacketType::Publish);
      CHECK(p.payload == payload);
      const ByteVector header = hex(v.header);
      REQUIRE(p.bytes.size() == header.size() + v.remaining_length);
      CHECK(ByteVector(p.bytes.begin(), p.bytes.begin() + static_cast<long>(header.size())) ==
            header);
    }
  }
}

TEST_CASE("a variable byte integer that is too long is malformed") {
  struct Vector {
    const char* name;
    const char* bytes;
    bool only_v5;
  };
  constexpr Vector kVectors[] = {
      {"a Remaining Length of five bytes [MQTT-1.5.5-1]", "c0 80 80 80 80 01", false},
      {"a Remaining Length of two bytes for 0 [MQTT-1.5.5-1]", "c0 80 00", true},
      {"a Property Length of two bytes for 0 [MQTT-1.5.5-1]", "30 06 00 01 74 80 00 78", true},
      {"a Subscription Identifier of two bytes for 1 [MQTT-1.5.5-1]",
       "82 0a 00 01 03 0b 81 00 00 01 74 00", true},
      {"a Property Length of five bytes [MQTT-1.5.5-1]", "30 09 00 01 74 80 80 80 80 01 78", true},
  };
  for (const Version version : kBothVersions) {
    for (const Vector& v : kVectors) {
      if (v.only_v5 && version != Version::V5) continue;
      CAPTURE(version);
      CAPTURE(v.name);
      Broker broker;
      Client a(broker, version, "a");
      a.send_hex(v.bytes);
      a.expect_disconnect(ReasonCode::MalformedPacket);
    }
  }
}

}  // namespace
}  // namespace midge::test
