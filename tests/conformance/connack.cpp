// CONNACK: its bytes, Session Present, refusals (MQTT 5.0 and 3.1.1, section 3.2).
#include <algorithm>

#include "tests/conformance/connect_bytes.hpp"
#include "tests/conformance/session_options.hpp"
#include "tests/support/client.hpp"

namespace midge::test {
namespace {

TEST_CASE("CONNACK of 5.0, byte by byte") {
  struct Vector {
    const char* name;
    void (*prepare)(Broker& broker);
    ConnectOptions options;
    const char* connack;
  };
  const Vector vectors[] = {
      {"Topic Alias Maximum 10, Maximum Packet Size 2,000,000, Receive Maximum 20",
       [](Broker&) {},
       {},
       "20 0e 00 00 0b 22 00 0a 27 00 1e 84 80 21 00 14"},
      {"Server Keep Alive in front",
       [](Broker& broker) { broker.settings.max_keepalive = 30; },
       {.keep_alive = 31},
       "20 11 00 00 0e 13 00 1e 22 00 0a 27 00 1e 84 80 21 00 14"},
      {"no aliases",
       [](Broker& broker) { broker.listener.max_topic_alias = 0; },
       {},
       "20 0b 00 00 08 27 00 1e 84 80 21 00 14"},
      {"no Receive Maximum where it is the highest",
       [](Broker& broker) { broker.limits.inflight_messages = 65'535; },
       {},
       "20 0b 00 00 08 22 00 0a 27 00 1e 84 80"},
      {"0 in flight means the highest",
       [](Broker& broker) { broker.limits.inflight_messages = 0; },
       {},
       "20 0b 00 00 08 22 00 0a 27 00 1e 84 80"},
      {"no Maximum Packet Size where the protocol has no larger packet",
       [](Broker& broker) { broker.limits.packet_bytes = settings::kUnlimited; },
       {},
       "20 09 00 00 06 22 00 0a 21 00 14"},
      {"Retain Available 0, Maximum QoS 1",
       [](Broker& broker) {
         broker.settings.retain_available = false;
         broker.listener.max_qos = kQoS1;
       },
       {},
       "20 12 00 00 0f 22 00 0a 25 00 27 00 1e 84 80 21 00 14 24 01"},
      {"everything that is switched off",
       [](Broker& broker) {
         broker.settings.max_keepalive = 10;
         broker.settings.retain_available = false;
         broker.listener.max_qos = kQoS0;
         broker.settings.wildcard_subscriptions_available = false;
         broker.settings.subscription_identifiers_available = false;
         broker.settings.shared_subscriptions_available = false;
       },
       {},
       "20 1b 00 00 18 13 00 0a 22 00 0a 25 00 27 00 1e 84 80 21 00 14 24 00 28 00 29 00 2a 00"},
      {"other numbers",
       [](Broker& broker) {
         broker.listener.max_topic_alias = 0x0102;
         broker.limits.packet_bytes = 0x0304'0506;
         broker.limits.inflight_messages = 0x0708;
       },
       {},
       "20 0e 00 00 0b 22 01 02 27 03 04 05 06 21 07 08"},
  };
  for (const Vector& v : vectors) {
    CAPTURE(v.name);
    Broker broker;
    v.prepare(broker);
    Client a(broker, Version::V5);
    a.connect("a", v.options);
    a.expect_bytes(v.connack);
    a.expect_nothing();
  }
}

TEST_CASE("an Assigned Client Identifier stands behind Topic Alias Maximum") {
  Broker broker;
  Client a(broker, Version::V5);
  const Packet connack = a.must_connect("");
  // 41 bytes of id, 3 in front of it, 11 for the others.
  ByteVector expected = hex("20 3a 00 00 37 22 00 0a 12 00 29");
  REQUIRE(connack.props.assigned_client_identifier);
  const std::string& id = *connack.props.assigned_client_identifier;
  expected.insert(expected.end(), id.begin(), id.end());
  for (const std::uint8_t byte : hex("27 00 1e 84 80 21 00 14")) expected.push_back(byte);
  CHECK(connack.bytes == expected);
}

TEST_CASE("Session Present tells whether there was a session [MQTT-3.2.2-2] [MQTT-3.2.2-3]") {
  Broker broker;
  const ConnectOptions keep = kept_session(Version::V5);
  Client a(broker, Version::V5);
  CHECK(a.must_connect("a", keep).bytes[2] == 0x00);
  a.drop();
  CHECK(a.reconnect(keep).bytes[2] == 0x01);
  a.drop();
  ConnectOptions clean = keep;
  clean.clean_start = true;
  CHECK(a.reconnect(clean).bytes[2] == 0x00);
  a.drop();
  CHECK(a.reconnect(keep).bytes[2] == 0x01);
  a.disconnect(ReasonCode::NormalDisconnection, {.session_expiry_interval = 0});
  CHECK(a.reconnect(keep).bytes[2] == 0x00);
}

TEST_CASE(
    "Session Present tells whether there was a session [MQTT-3.2.2-1@3.1.1] [MQTT-3.2.2-2@3.1.1] "
    "[MQTT-3.2.2-3@3.1.1]") {
  Broker broker;
  Client a(broker, Version::V311);
  a.connect("a", {.clean_start = false});
  a.expect_bytes("20 02 00 00");
  a.drop();
  Client b(broker, Version::V311);
  b.connect("a", {.clean_start = false});
  b.expect_bytes("20 02 01 00");
  b.disconnect();
  Client c(broker, Version::V311);
  c.connect("a", {.clean_start = true});
  c.expect_bytes("20 02 00 00");
  c.disconnect();
  Client d(broker, Version::V311);
  d.connect("a", {.clean_start = false});
  d.expect_bytes("20 02 00 00");
}

// Refusals, one for each way to be refused.
struct Refusal {
  const char* name;
  ReasonCode reason;
  std::optional<ReturnCode> return_code;
  void (*prepare)(Broker& broker);
  const char* client_id;
  ConnectOptions options;
};

// Someone has the session "kept" and is away.
void keep_a_session(Broker& broker, Version version) {
  ConnectOptions owner = kept_session(version);
  owner.user_name = "owner";
  owner.password = "right";
  Client kept(broker, version, "kept", owner);
  kept.close();
}

const std::vector<Refusal>& refusals() {
  using enum ReasonCode;
  static const std::vector<Refusal> kRefusals = {
      {"user name or password",
       BadUserNameOrPassword,
       ReturnCode::BadUserNameOrPassword,
       [](Broker&) {},
       "kept",
       {.clean_start = false, .user_name = "owner", .password = "wrong"}},
      {"anonymous",
       NotAuthorized,
       ReturnCode::NotAuthorized,
       [](Broker& broker) { broker.listener.allow_anonymous = false; },
       "kept",
       {.clean_start = false}},
      {"another user's session",
       NotAuthorized,
       ReturnCode::NotAuthorized,
       [](Broker&) {},
       "kept",
       {.clean_start = false, .user_name = "other", .password = "right"}},
      {"banned",
       Banned,
       ReturnCode::NotAuthorized,
       [](Broker& broker) { broker.authorizer.deny_connect("kept", Banned); },
       "kept",
       {.clean_start = false}},
      {"full",
       QuotaExceeded,
       ReturnCode::ServerUnavailable,
       [](Broker& broker) { broker.limits.connections = 0; },
       "kept",
       {.clean_start = false, .user_name = "owner", .password = "right"}},
      {"protocol version",
       UnsupportedProtocolVersion,
       ReturnCode::UnacceptableProtocolVersion,
       [](Broker& broker) { broker.listener.accept_v311 = broker.listener.accept_v5 = false; },
       "kept",
       {.clean_start = false, .user_name = "owner", .password = "right"}},
      {"client id",
       ClientIdentifierNotValid,
       ReturnCode::IdentifierRejected,
       [](Broker& broker) { broker.listener.allow_zero_length_clientid = false; },
       "",
       {}},
      {"will topic that may not be published to",
       NotAuthorized,
       ReturnCode::NotAuthorized,
       [](Broker& broker) { broker.authorizer.deny_publish("w"); },
       "kept",
       {.clean_start = false,
        .user_name = "owner",
        .password = "right",
        .will = Will{.topic = "w"}}},
  };
  return kRefusals;
}

TEST_CASE(
    "a refusal has Session Present 0 and closes [MQTT-3.2.2-6] [MQTT-3.2.2-7] "
    "[MQTT-3.2.2-4@3.1.1] [MQTT-3.2.2-5@3.1.1]") {
  for (const Refusal& refusal : refusals()) {
    for (const Version version : kBothVersions) {
      CAPTURE(refusal.name);
      CAPTURE(version);
      Broker broker;
      broker.authorizer.user("owner", "right");
      broker.authorizer.user("other", "right");
      keep_a_session(broker, version);
      refusal.prepare(broker);
      Client a(broker, version);
      a.connect(refusal.client_id, refusal.options);
      const Packet connack = a.expect(PacketType::Connack);
      CHECK(connack.bytes[2] == 0x00);
      CHECK(connack.bytes[3] == (version == Version::V5
                                     ? static_cast<std::uint8_t>(refusal.reason)
                                     : static_cast<std::uint8_t>(refusal.return_code.value())));
      a.expect_closed();
      CHECK(broker.metrics.clients_total == 1);
    }
  }
}

TEST_CASE("a refusing CONNACK has a reason that CONNACK has [MQTT-3.2.2-8] [MQTT-3.2.2-1]") {
  // Section 3.2.2.2, table 3-1.
  const ByteVector listed =
      hex("00 80 81 82 83 84 85 86 87 88 89 8a 8c 90 95 97 99 9a 9b 9c 9d 9f");
  const auto check = [&](Client& a) {
    const Packet connack = a.expect(PacketType::Connack);
    CHECK((connack.bytes[2] & 0xfe) == 0);
    CHECK(std::count(listed.begin(), listed.end(), connack.bytes[3]) == 1);
    // At most a Reason String.
    Properties others = connack.props;
    others.reason_string.reset();
    CHECK(others == Properties{});
    a.expect_closed();
  };
  for (const Refusal& refusal : refusals()) {
    CAPTURE(refusal.name);
    Broker broker;
    broker.authorizer.user("owner", "right");
    broker.authorizer.user("other", "right");
    keep_a_session(broker, Version::V5);
    refusal.prepare(broker);
    Client a(broker, Version::V5);
    a.connect(refusal.client_id, refusal.options);
    check(a);
  }
  for (const char* const properties : {"21 00 00", "7f 00", "15 00 01 6d", "11 00", "01 01"}) {
    CAPTURE(properties);
    Broker broker;
    Client a(broker, Version::V5);
    a.send(raw_connect(Version::V5, 0x02, "00 01 61", properties));
    check(a);
  }
}

// The refusal with the longest text that there is: another user's session.
TEST_CASE("a Reason String that does not fit is left out [MQTT-3.2.2-19] [MQTT-3.2.2-20]") {
  std::size_t whole = 0;
  for (const std::uint32_t most : {1'000U, 0U, 1U, 4U, 5U, 6U, 10U}) {
    Broker broker;
    Client owner(broker, Version::V5, "a", {.user_name = "owner"});
    Client a(broker, Version::V5);
    const auto sized = [&](std::uint32_t bytes) {
      return ConnectOptions{.user_name = "other", .props = {.maximum_packet_size = bytes}};
    };
    if (most == 1'000) {
      a.connect("a", sized(most));
      const Packet connack = a.expect_connack(ReasonCode::NotAuthorized);
      CHECK(connack.props.reason_string);
      whole = connack.bytes.size();
      CHECK(whole > 10);
      continue;
    }
    const std::uint32_t limit =
        most == 0 ? static_cast<std::uint32_t>(whole) - 1 : most;  // 0: one byte too small
    CAPTURE(limit);
    a.connect("a", sized(limit));
    if (limit >= 5) a.expect_bytes("20 03 00 87 00");
    a.expect_closed();
    owner.expect_nothing();
  }
}

TEST_CASE("CONNACK has no User Properties that could be too large [MQTT-3.2.2-20]") {
  for (std::uint32_t most = 16; most < 200; ++most) {
    CAPTURE(most);
    Broker broker;
    Client a(broker, Version::V5);
    const Packet connack =
        a.must_connect("a", {.props = {.maximum_packet_size = most, .user = {{"name", "value"}}}});
    CHECK(connack.bytes.size() <= most);
    CHECK(connack.props.user.empty());
  }
}

TEST_CASE("without Request Problem Information a refusal says no more than its code") {
  Broker broker;
  Client owner(broker, Version::V5, "a", {.user_name = "owner"});
  Client a(broker, Version::V5);
  a.connect("a", {.user_name = "other", .props = {.request_problem_information = 0}});
  a.expect_bytes("20 03 00 87 00");
  a.expect_closed();
}

TEST_CASE("there is one CONNACK, whatever the client does [MQTT-3.2.0-2]") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client a(broker, version, "a", {.keep_alive = 60});
    a.must_subscribe("t", kQoS2);
    a.must_publish("t", "x", kQoS2);
    a.answer(a.take(PacketType::Publish));
    broker.advance(59s);
    a.ping();
    a.expect(PacketType::Pingresp);
    a.expect_nothing();
    a.connect("a");
    a.expect_disconnect(ReasonCode::ProtocolError);
  }
}

TEST_CASE("CONNACK waits for what must be durable first") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    broker.journal.durable = true;
    broker.journal.hold = true;
    Client a(broker, version);
    a.connect("a", kept_session(version));
    a.expect_nothing();
    broker.journal.release();
    a.expect_connack();
    a.expect_nothing();
  }
}

}  // namespace
}  // namespace midge::test
