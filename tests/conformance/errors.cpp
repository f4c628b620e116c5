// Handling errors (MQTT 5.0 section 4.13; 3.1.1 section 4.8).
#include "tests/support/client.hpp"

namespace midge::test {
namespace {

// One wrong packet on an open connection, and what it is called.
struct Wrong {
  const char* name;
  const char* v311;  // null: nothing wrong in 3.1.1
  const char* v5;    // null: nothing wrong in 5.0
  ReasonCode reason;
};
constexpr Wrong kWrong[] = {
    {"a packet type that does not exist", "00 00", "00 00", ReasonCode::MalformedPacket},
    {"a Remaining Length that does not end", "c0 ff ff ff ff", "c0 ff ff ff ff",
     ReasonCode::MalformedPacket},
    {"a reserved flag", "a0 05 00 07 00 01 74", "a0 06 00 07 00 00 01 74",
     ReasonCode::MalformedPacket},
    {"QoS 3", "36 06 00 01 74 00 07 78", "36 07 00 01 74 00 07 00 78", ReasonCode::MalformedPacket},
    {"a topic beyond the end of its packet", "30 03 00 05 74", "30 04 00 05 74 00",
     ReasonCode::MalformedPacket},
    {"a topic with a wildcard", "30 04 00 01 23 78", "30 05 00 01 23 00 78",
     ReasonCode::MalformedPacket},
    {"an empty topic", "30 03 00 00 78", "30 04 00 00 00 78", ReasonCode::ProtocolError},
    {"a second CONNECT", "10 0d 00 04 4d 51 54 54 04 02 00 00 00 01 61",
     "10 0e 00 04 4d 51 54 54 05 02 00 00 00 00 01 61", ReasonCode::ProtocolError},
    {"a CONNACK", "20 02 00 00", "20 03 00 00 00", ReasonCode::ProtocolError},
    {"a SUBACK", "90 03 00 07 00", "90 04 00 07 00 00", ReasonCode::ProtocolError},
    {"an UNSUBACK", "b0 02 00 07", "b0 04 00 07 00 00", ReasonCode::ProtocolError},
    {"a PINGRESP", "d0 00", "d0 00", ReasonCode::ProtocolError},
    {"an AUTH outside of an exchange", nullptr, "f0 02 18 00", ReasonCode::ProtocolError},
    {"a SUBSCRIBE without a filter", "82 02 00 07", "82 03 00 07 00", ReasonCode::ProtocolError},
    {"an UNSUBSCRIBE without a filter", "a2 02 00 07", "a2 03 00 07 00", ReasonCode::ProtocolError},
    {"a SUBSCRIBE with reserved option bits", "82 06 00 07 00 01 74 04",
     "82 07 00 07 00 00 01 74 40", ReasonCode::MalformedPacket},
    {"a filter with # in the middle", "82 08 00 07 00 03 23 2f 61 00",
     "82 09 00 07 00 00 03 23 2f 61 00", ReasonCode::MalformedPacket},
    {"packet identifier 0", "82 06 00 00 00 01 74 00", "82 07 00 00 00 00 01 74 00",
     ReasonCode::ProtocolError},
    {"an acknowledgement that is cut off", "40 01 00", "40 01 00", ReasonCode::MalformedPacket},
    {"an acknowledgement with something behind it", "40 03 00 07 00", "40 05 00 07 00 00 00",
     ReasonCode::MalformedPacket},
    {"a reason code that PUBACK does not have", nullptr, "40 03 00 07 18",
     ReasonCode::ProtocolError},
    {"a property that does not exist", nullptr, "30 07 00 01 74 02 7f 00 78",
     ReasonCode::MalformedPacket},
    {"a property twice", nullptr, "30 09 00 01 74 04 01 00 01 00 78", ReasonCode::ProtocolError},
    {"a topic alias above the maximum", nullptr, "30 08 00 01 74 03 23 00 0b 78",
     ReasonCode::TopicAliasInvalid},
};

TEST_CASE(
    "a malformed packet or protocol error ends the connection, in 5.0 with its reason code "
    "[MQTT-4.13.1-1] [MQTT-4.13.2-1] [MQTT-4.8.0-1@3.1.1]") {
  for (const Version version : kBothVersions) {
    for (const Wrong& wrong : kWrong) {
      const char* const bytes = version == Version::V5 ? wrong.v5 : wrong.v311;
      if (bytes == nullptr) continue;
      CAPTURE(version);
      CAPTURE(wrong.name);
      Broker broker;
      Client watcher(broker, version, "watcher");
      watcher.must_subscribe("#", kQoS2);
      Client a(broker, version, "a");
      // What came before is answered and what comes behind is not.
      a.send([&] {
        ByteVector all = ping_bytes();
        const ByteVector middle = hex(bytes);
        all.insert(all.end(), middle.begin(), middle.end());
        const ByteVector tail = publish_bytes(version, "t", "behind");
        all.insert(all.end(), tail.begin(), tail.end());
        return all;
      }());
      a.expect(PacketType::Pingresp);
      a.expect_disconnect(wrong.reason);
      watcher.expect_nothing();
      // The broker is none the worse.
      Client again(broker, version, "a");
      again.must_publish("t", "x", kQoS1);
      watcher.expect_publish("t", "x");
    }
  }
}

TEST_CASE("an error publishes the will [MQTT-4.13.1-1] [MQTT-4.8.0-1@3.1.1]") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client watcher(broker, version, "watcher");
    watcher.must_subscribe("will");
    Client a(broker, version, "a", {.will = Will{.topic = "will", .payload = "gone"}});
    a.send_hex("00 00");
    a.expect_disconnect(ReasonCode::MalformedPacket);
    watcher.expect_publish("will", "gone");
  }
}

TEST_CASE("a session outlives an error of its client [MQTT-4.13.2-1]") {
  const ConnectOptions persistent{.clean_start = false,
                                  .props = {.session_expiry_interval = 3'600}};
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client a(broker, version, "a", persistent);
    a.must_subscribe("t", kQoS1);
    a.send_hex("00 00");
    a.expect_disconnect(ReasonCode::MalformedPacket);
    Client publisher(broker, version, "publisher");
    publisher.must_publish("t", "x", kQoS1);
    CHECK(a.reconnect(persistent).session_present);
    a.expect_publish("t", "x");
  }
}

TEST_CASE("CONNACK with 0x80 or above ends the connection [MQTT-4.13.2-1] [MQTT-4.13.1-1]") {
  struct Vector {
    const char* name;
    const char* bytes;
    ReasonCode reason;
  };
  constexpr Vector kVectors[] = {
      {"a reserved connect flag", "10 0e 00 04 4d 51 54 54 05 03 00 00 00 00 01 61",
       ReasonCode::MalformedPacket},
      {"a property twice", "10 12 00 04 4d 51 54 54 05 02 00 00 04 17 01 17 01 00 01 61",
       ReasonCode::ProtocolError},
      {"a protocol level of the future", "10 0e 00 04 4d 51 54 54 06 02 00 00 00 00 01 61",
       ReasonCode::UnsupportedProtocolVersion},
      {"an authentication method", "10 13 00 04 4d 51 54 54 05 02 00 00 05 15 00 02 78 78 00 01 61",
       ReasonCode::BadAuthenticationMethod},
  };
  for (const Vector& v : kVectors) {
    CAPTURE(v.name);
    Broker broker;
    const bool v5 = v.reason != ReasonCode::UnsupportedProtocolVersion;  // answered as by 3.1.1
    Client a(broker, v5 ? Version::V5 : Version::V311);
    a.send(hex(std::string(v.bytes) + "c0 00"));  // what follows is not handled
    a.expect_refused(v.reason, ReturnCode::UnacceptableProtocolVersion);
  }
}

TEST_CASE(
    "the connection is closed even if the DISCONNECT can't be sent [MQTT-4.13.2-1] "
    "[MQTT-4.13.1-1]") {
  Broker broker;
  Client watcher(broker, Version::V5, "watcher");
  watcher.must_subscribe("will");
  {
    // The client takes no more bytes.
    Client a(broker, Version::V5, "a", {.will = Will{.topic = "will", .payload = "stuck"}});
    a.must_subscribe("t");
    a.link().stop_reading();
    a.link().options().client_window = 100;
    a.link().options().send_buffer = 1'000;
    Client publisher(broker, Version::V5, "publisher");
    for (int i = 0; i < 10; ++i) publisher.publish("t", std::string(1'000, 'x'));
    a.send_hex("00 00");
    watcher.expect_publish("will", "stuck");
    broker.advance(60s);
    CHECK(a.link().broker_is_done());
  }
  {
    // The DISCONNECT is larger than the client allows.
    Client a(broker, Version::V5, "b",
             {.will = Will{.topic = "will", .payload = "small"},
              .props = {.topic_alias_maximum = 0, .maximum_packet_size = 20}});
    a.send_hex("00 00");
    a.expect_disconnect(ReasonCode::MalformedPacket);  // 3 bytes do fit
    watcher.expect_publish("will", "small");
  }
}

TEST_CASE(
    "what can't be carried out for lack of memory closes the connection that asked for it "
    "[MQTT-4.8.0-2@3.1.1]") {
  Broker broker;
  broker.limits.memory_bytes = std::size_t{1} << 20;
  broker.limits.queued_messages = settings::kUnlimited;
  broker.settings.backpressure_time = 2s;
  const ConnectOptions persistent{.clean_start = false};
  Client away(broker, Version::V311, "away", persistent);
  away.must_subscribe("t", kQoS1);
  away.drop();
  Client a(broker, Version::V311, "a");
  const std::string payload(10'000, 'x');
  int accepted = 0;
  for (; accepted < 1'000; ++accepted) {
    a.publish("t", payload, kQoS1);
    if (!a.next()) break;  // no PUBACK: there is no room
  }
  REQUIRE(accepted > 10);
  REQUIRE(accepted < 1'000);
  broker.advance(3s);
  a.expect_closed();
  // All that was acknowledged is there, and no more.
  away.reconnect(persistent);
  for (int i = 0; i < accepted; ++i) away.answer(away.expect_publish("t", payload));
  away.expect_nothing();
}

}  // namespace
}  // namespace midge::test
