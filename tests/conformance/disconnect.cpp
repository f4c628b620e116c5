// DISCONNECT from the client and from the broker (MQTT 5.0 and 3.1.1, section 3.14).
#include "tests/support/client.hpp"

namespace midge::test {
namespace {

// A client with a will, and one that watches for it.
struct WithWill {
  WithWill(Broker& broker, Version version)
      : watcher(broker, version, "watcher"), a(broker, version) {
    watcher.must_subscribe("will", kQoS1);
    a.must_connect("a", {.will = Will{.topic = "will", .payload = "gone"}});
  }
  Client watcher;
  Client a;
};

TEST_CASE("there is no DISCONNECT before an accepting CONNACK [MQTT-3.14.0-1]") {
  struct Vector {
    const char* name;
    const char* sent;
    const char* answer;
  };
  constexpr Vector kVectors[] = {
      {"a packet that is not CONNECT", "c0 00", ""},
      {"DISCONNECT instead of CONNECT", "e0 00", ""},
      {"AUTH instead of CONNECT", "f0 00", ""},
      {"no packet at all", "00 00", ""},
      {"a CONNECT with flag bits", "11 0e 00 04 4d 51 54 54 05 02 00 00 00 00 01 61", ""},
      {"a CONNECT with its reserved flag", "10 0e 00 04 4d 51 54 54 05 03 00 00 00 00 01 61",
       "20 03 00 81 00"},
      {"Receive Maximum 0", "10 11 00 04 4d 51 54 54 05 02 00 00 03 21 00 00 00 01 61",
       "20 03 00 82 00"},
      {"an unknown authentication method",
       "10 12 00 04 4d 51 54 54 05 02 00 00 04 15 00 01 78 00 01 61", "20 03 00 8c 00"},
      {"a refused CONNECT and a PINGREQ behind it",
       "10 12 00 04 4d 51 54 54 05 02 00 00 04 15 00 01 78 00 01 61 c0 00", "20 03 00 8c 00"},
  };
  for (const Vector& v : kVectors) {
    CAPTURE(v.name);
    Broker broker;
    Client a(broker, Version::V5);
    a.send_hex(v.sent);
    const ByteVector bytes = a.received();
    CHECK(a.closed());
    if (v.sent[0] == '1' && v.sent[1] == '1' && !bytes.empty()) {
      CHECK(bytes == hex("20 03 00 81 00"));  // said or not, but never as DISCONNECT
    } else {
      CHECK(bytes == hex(v.answer));
    }
  }
}

TEST_CASE("a client that never connected gets no DISCONNECT at shutdown [MQTT-3.14.0-1]") {
  Broker broker;
  Client silent(broker, Version::V5);
  Client half(broker, Version::V5);
  half.send_hex("10 0e 00 04 4d 51");
  Client connected(broker, Version::V5, "a");
  broker.shut_down();
  silent.expect_closed();
  half.expect_closed();
  connected.expect_bytes("e0 01 8b");
  CHECK(connected.closed());
}

TEST_CASE("the broker's DISCONNECT is its reason and nothing else [MQTT-3.14.2-2]") {
  struct Vector {
    const char* name;
    const char* sent;
    const char* answer;
  };
  constexpr Vector kVectors[] = {
      {"a malformed packet", "c0 01 00", "e0 01 81"},
      {"a protocol error", "d0 00", "e0 01 82"},
      {"a packet that is too large", "30 ff ff 7a", "e0 01 95"},
      {"a topic alias that is too high", "30 08 00 01 74 03 23 00 0b 78", "e0 01 94"},
  };
  for (const Vector& v : kVectors) {
    CAPTURE(v.name);
    Broker broker;
    Client a(broker, Version::V5, "a", {.props = {.session_expiry_interval = 77}});
    a.send_hex(v.sent);
    a.expect_bytes(v.answer);
    CHECK(a.closed());
  }
  Broker broker;
  Client a(broker, Version::V5, "a", {.keep_alive = 10, .props = {.session_expiry_interval = 77}});
  Client b(broker, Version::V5, "a", {.keep_alive = 10});
  a.expect_bytes("e0 01 8e");  // taken over
  CHECK(a.closed());
  broker.advance(20s);
  b.expect_bytes("e0 01 8d");  // keep alive
  CHECK(b.closed());
}

TEST_CASE(
    "the broker's DISCONNECT fits the client's Maximum Packet Size "
    "[MQTT-3.14.2-3] [MQTT-3.14.2-4]") {
  // As small as a client's limit can be: its CONNACK must fit.
  Broker broker;
  Client a(broker, Version::V5, "a");
  Client narrow(broker, Version::V5, "narrow", {.props = {.maximum_packet_size = 16}});
  for (Client* client : {&a, &narrow}) {
    client->publish("t", "x", kQoS0, {.props = {.topic_alias = 100}});
    const Packet disconnect = client->expect_disconnect(ReasonCode::TopicAliasInvalid);
    CHECK(disconnect.bytes.size() <= 16);
    CHECK_FALSE(disconnect.props.reason_string);
    CHECK(disconnect.props.user.empty());
  }
}

TEST_CASE(
    "the broker closes after its DISCONNECT and sends nothing behind it "
    "[MQTT-3.14.4-1] [MQTT-3.14.4-2]") {
  Broker broker;
  Client a(broker, Version::V5, "a");
  Client publisher(broker, Version::V5, "publisher");
  a.must_subscribe("t", kQoS1);
  broker.at_once([&] {
    publisher.publish("t", "1", kQoS1);
    a.send_hex("c0 00 82 00 c0 00");  // a PINGREQ, a malformed SUBSCRIBE, a PINGREQ
    publisher.publish("t", "2", kQoS1);
  });
  const auto got = a.all();
  REQUIRE_FALSE(got.empty());
  CHECK(got.back().type == PacketType::Disconnect);
  CHECK(got.back().reason == ReasonCode::MalformedPacket);
  std::size_t disconnects = 0;
  std::size_t pings = 0;
  for (const Packet& p : got) {
    disconnects += p.type == PacketType::Disconnect ? 1U : 0U;
    pings += p.type == PacketType::Pingresp ? 1U : 0U;
  }
  CHECK(disconnects == 1);
  CHECK(pings <= 1);
  a.expect_closed();
  a.send_hex("c0 00");
  a.expect_closed();
}

TEST_CASE("a client is closed after its own DISCONNECT, without a word") {
  for (const Version version : kAllVersions) {
    CAPTURE(version);
    Broker broker;
    Client a(broker, version, "a");
    Client watcher(broker, version, "watcher");
    watcher.must_subscribe("#");
    a.must_subscribe("t");
    a.together([&] {
      a.disconnect();
      a.publish("t", "behind");  // not the broker's business any more
      a.ping();
    });
    a.expect_closed();
    watcher.expect_nothing();
    CHECK(broker.metrics.clients_connected == 1);
    CHECK(broker.metrics.clients_total == 1);
    CHECK(broker.metrics[Cause::ProtocolError] == 0);
  }
}

TEST_CASE("a DISCONNECT that comes byte by byte is handled when it is whole") {
  Broker broker;
  Client a(broker, Version::V5, "a");
  for (const char* byte : {"e0", "02", "00"}) {
    a.send_hex(byte);
    a.expect_nothing();
  }
  a.send_hex("00");
  a.expect_closed();
}

TEST_CASE(
    "a DISCONNECT with flag bits is malformed, and the will is published "
    "[MQTT-3.14.1-1] [MQTT-3.14.1-1@3.1.1]") {
  for (const Version version : kBothVersions) {
    for (const char* packet : {"e1 00", "e2 00", "e3 00", "e4 00", "e8 00", "ef 00"}) {
      CAPTURE(version);
      CAPTURE(packet);
      Broker broker;
      WithWill clients(broker, version);
      clients.a.send_hex(packet);
      clients.a.expect_disconnect(ReasonCode::MalformedPacket);
      clients.watcher.expect_publish("will", "gone");
    }
  }
}

TEST_CASE(
    "a normal DISCONNECT deletes the will unpublished [MQTT-3.14.4-3] [MQTT-3.14.4-3@3.1.1]") {
  struct Vector {
    Version version;
    const char* bytes;
  };
  constexpr Vector kVectors[] = {
      {Version::V31, "e0 00"},
      {Version::V311, "e0 00"},
      {Version::V5, "e0 00"},
      {Version::V5, "e0 01 00"},
      {Version::V5, "e0 02 00 00"},
      {Version::V5, "e0 06 00 04 1f 00 01 78"},  // with a Reason String
  };
  for (const Vector& v : kVectors) {
    CAPTURE(v.version);
    CAPTURE(v.bytes);
    Broker broker;
    WithWill clients(broker, v.version);
    clients.a.send_hex(v.bytes);
    clients.a.expect_closed();
    broker.advance(10s);
    clients.watcher.expect_nothing();
  }
}

TEST_CASE(
    "a DISCONNECT with any other listed reason leaves the will to be published "
    "[MQTT-3.14.4-3] [MQTT-3.14.2-1]") {
  // What clients may send, section 3.14.2.1.
  for (const int code :
       {0x04, 0x80, 0x81, 0x82, 0x83, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99}) {
    CAPTURE(code);
    Broker broker;
    WithWill clients(broker, Version::V5);
    clients.a.disconnect(static_cast<ReasonCode>(code));
    clients.a.expect_closed();
    clients.watcher.expect_publish("will", "gone");
  }
}

TEST_CASE("a reason that is not listed for DISCONNECT is a protocol error [MQTT-3.14.2-1]") {
  for (const int code : {0x01, 0x02, 0x03, 0x05, 0x10, 0x11, 0x18, 0x7f, 0x84, 0x85, 0x86, 0x88,
                         0x8a, 0x91, 0x92, 0xa3, 0xff}) {
    CAPTURE(code);
    Broker broker;
    WithWill clients(broker, Version::V5);
    const ByteVector packet = {0xE0, 0x01, static_cast<std::uint8_t>(code)};
    clients.a.send(packet);
    clients.a.expect_disconnect(ReasonCode::ProtocolError);
    clients.watcher.expect_publish("will", "gone");
  }
}

TEST_CASE("a DISCONNECT that breaks a rule ends the connection with its reason") {
  struct Vector {
    const char* name;
    Version version;
    const char* bytes;
    ReasonCode reason;
  };
  using enum ReasonCode;
  constexpr Vector kVectors[] = {
      {"Session Expiry Interval twice", Version::V5, "e0 0c 00 0a 11 00 00 00 01 11 00 00 00 01",
       ProtocolError},
      {"Reason String twice", Version::V5, "e0 0a 00 08 1f 00 01 61 1f 00 01 62", ProtocolError},
      {"Receive Maximum, a property of CONNECT", Version::V5, "e0 05 00 03 21 00 01",
       MalformedPacket},
      {"Topic Alias, a property of PUBLISH", Version::V5, "e0 05 00 03 23 00 01", MalformedPacket},
      {"Subscription Identifier, a property of SUBSCRIBE", Version::V5, "e0 04 00 02 0b 01",
       MalformedPacket},
      {"Authentication Data, a property of AUTH", Version::V5, "e0 06 00 04 16 00 01 78",
       MalformedPacket},
      {"a property that does not exist", Version::V5, "e0 04 00 02 04 00", MalformedPacket},
      {"a property cut off", Version::V5, "e0 05 00 03 11 00 00", MalformedPacket},
      {"a Property Length behind the end", Version::V5, "e0 02 00 05", MalformedPacket},
      {"a byte behind the properties", Version::V5, "e0 03 00 00 00", MalformedPacket},
      {"a body", Version::V311, "e0 01 00", MalformedPacket},
      {"a body", Version::V31, "e0 01 00", MalformedPacket},
  };
  for (const Vector& v : kVectors) {
    CAPTURE(v.version);
    CAPTURE(v.name);
    Broker broker;
    WithWill clients(broker, v.version);
    clients.a.send_hex(v.bytes);
    clients.a.expect_disconnect(v.reason);
    clients.watcher.expect_publish("will", "gone");
  }
}

// ---- Session Expiry Interval

TEST_CASE("a DISCONNECT may not raise a Session Expiry Interval of 0") {
  Broker broker;
  WithWill clients(broker, Version::V5);
  clients.a.send_hex("e0 07 00 05 11 00 00 00 01");
  clients.a.expect_bytes("e0 01 82");
  CHECK(clients.a.closed());
  clients.watcher.expect_publish("will", "gone");
  CHECK_FALSE(clients.a.reconnect({.clean_start = false}).session_present);
  // 0 again raises nothing.
  clients.a.send_hex("e0 07 00 05 11 00 00 00 00");
  clients.a.expect_closed();
}

TEST_CASE("a DISCONNECT may change a Session Expiry Interval above 0") {
  struct Vector {
    std::uint32_t interval;
    Duration away;
    bool present;
  };
  constexpr Vector kVectors[] = {
      {0, 0s, false},   {5, 4s, true},      {5, 7s, false},  // the CONNECT said 20
      {100, 90s, true}, {100, 102s, false}, {0xFFFFFFFF, std::chrono::hours(24 * 400), true},
  };
  for (const Vector& v : kVectors) {
    CAPTURE(v.interval);
    CAPTURE(v.away.count());
    Broker broker;
    Client a(broker, Version::V5, "a", {.props = {.session_expiry_interval = 20}});
    a.disconnect(ReasonCode::NormalDisconnection, {.session_expiry_interval = v.interval});
    a.expect_closed();
    broker.advance(v.away);
    CHECK(a.reconnect({.clean_start = false}).session_present == v.present);
  }
}

TEST_CASE("persistent_client_expiration bounds what a DISCONNECT asks for") {
  Broker broker;
  broker.settings.persistent_client_expiration = 30s;
  Client a(broker, Version::V5, "a", {.props = {.session_expiry_interval = 20}});
  a.disconnect(ReasonCode::NormalDisconnection, {.session_expiry_interval = 1'000});
  broker.advance(25s);
  CHECK(a.reconnect({.clean_start = false, .props = {.session_expiry_interval = 20}})
            .session_present);
  a.disconnect(ReasonCode::NormalDisconnection, {.session_expiry_interval = 1'000});
  broker.advance(32s);
  CHECK_FALSE(a.reconnect({.clean_start = false}).session_present);
}

}  // namespace
}  // namespace midge::test
