// Session Expiry Interval: in CONNECT, shortened by the server, changed by DISCONNECT (MQTT 5.0
// sections 3.1.2.11.2, 3.2.2.3.2 and 3.14.2.2.2).
#include "tests/conformance/session_options.hpp"
#include "tests/support/client.hpp"

namespace midge::test {
namespace {

// The session of "a", whose connection ended just now, ends after `expiry`: not a moment earlier,
// at most a second later.
void check_ends_after(Broker& broker, std::chrono::seconds expiry) {
  const std::uint32_t others = broker.metrics.clients_total - 1;
  broker.advance(Duration(expiry) - 1ms);
  CHECK(broker.metrics.clients_total == others + 1);
  broker.advance(1'001ms);
  CHECK(broker.metrics.clients_total == others);
  Client a(broker, Version::V5);
  CHECK_FALSE(a.must_connect("a", {.clean_start = false}).session_present);
}

TEST_CASE("a session ends its expiry after its connection [MQTT-4.1.0-2] [MQTT-3.1.2-23]") {
  for (const std::uint32_t expiry : {1U, 2U, 60U, 86'400U, 86'400U * 365}) {
    CAPTURE(expiry);
    Broker broker;
    Client a(broker, Version::V5, "a", kept_session(Version::V5, expiry));
    a.must_subscribe("t", kQoS1);
    a.drop();
    Client other(broker, Version::V5, "other");
    other.must_publish("t", "x", kQoS1);
    CHECK(broker.metrics.queued_messages == 1);
    check_ends_after(broker, std::chrono::seconds(expiry));
    CHECK(broker.metrics.clients_expired == 1);
    CHECK(broker.metrics.subscriptions == 0);
    CHECK(broker.metrics.queued_messages == 0);
    CHECK(broker.metrics.stored_messages == 0);
  }
}

TEST_CASE("within its expiry a session is found again [MQTT-3.1.2-23]") {
  Broker broker;
  Client a(broker, Version::V5, "a", kept_session(Version::V5, 10));
  for (int i = 0; i < 5; ++i) {
    a.drop();
    broker.advance(9'900ms);
    CHECK(a.reconnect(kept_session(Version::V5, 10)).session_present);
    broker.advance(30s);  // does not run while connected
  }
}

TEST_CASE("an expiry of 0, or none, ends the session with its connection [MQTT-4.1.0-2]") {
  for (const auto expiry : {std::optional<std::uint32_t>{}, std::optional<std::uint32_t>{0}}) {
    for (const bool in_order : {false, true}) {
      CAPTURE(expiry);
      CAPTURE(in_order);
      Broker broker;
      const ConnectOptions options{.clean_start = false,
                                   .props = {.session_expiry_interval = expiry}};
      Client a(broker, Version::V5, "a", options);
      a.must_subscribe("t", kQoS1);
      in_order ? a.disconnect() : a.drop();
      CHECK(broker.metrics.clients_total == 0);
      CHECK(broker.metrics.subscriptions == 0);
      CHECK_FALSE(a.reconnect(options).session_present);
    }
  }
}

TEST_CASE("an expiry of 0xFFFFFFFF has no end [MQTT-3.1.2-23]") {
  Broker broker;
  Client a(broker, Version::V5, "a", kept_session(Version::V5, 0xFFFF'FFFF));
  a.drop();
  broker.advance(24h * 365 * 16);
  CHECK(a.reconnect({.clean_start = false}).session_present);
}

// A hundred and thirty-six years: more than can be waited for, and not to be taken for less.
TEST_CASE("the longest expiry that has an end is long [MQTT-3.1.2-23]") {
  Broker broker;
  Client a(broker, Version::V5, "a", kept_session(Version::V5, 0xFFFF'FFFE));
  a.drop();
  broker.advance(24h * 365 * 16);
  CHECK(a.reconnect({.clean_start = false}).session_present);
}

TEST_CASE("before 5.0 a session without Clean Session has no end of its own") {
  for (const Version version : {Version::V31, Version::V311}) {
    CAPTURE(version);
    Broker broker;
    Client a(broker, version, "a", {.clean_start = false});
    a.must_subscribe("t", kQoS1);
    a.disconnect();
    broker.advance(24h * 365 * 10);
    Client other(broker, version, "other");
    other.must_publish("t", "x", kQoS1);
    a.reconnect({.clean_start = false});
    a.expect_publish("t", "x");
  }
}

TEST_CASE("each connection sets the expiry anew") {
  Broker broker;
  Client a(broker, Version::V5, "a", kept_session(Version::V5, 1'000));
  a.drop();
  a.reconnect(kept_session(Version::V5, 5));
  a.drop();
  check_ends_after(broker, 5s);
}

TEST_CASE("persistent_client_expiration shortens the expiry and CONNACK says so") {
  struct Vector {
    std::optional<std::uint32_t> asked;
    std::optional<std::uint32_t> told;
    std::uint32_t used;
  };
  constexpr Vector kVectors[] = {
      {std::nullopt, std::nullopt, 0}, {0U, std::nullopt, 0}, {1U, std::nullopt, 1},
      {100U, std::nullopt, 100},       {101U, 100U, 100},     {0xFFFF'FFFEU, 100U, 100},
      {0xFFFF'FFFFU, 100U, 100},
  };
  for (const Vector& v : kVectors) {
    CAPTURE(v.asked);
    Broker broker;
    broker.settings.persistent_client_expiration = std::chrono::seconds(100);
    Client a(broker, Version::V5);
    const Packet connack =
        a.must_connect("a", {.clean_start = false, .props = {.session_expiry_interval = v.asked}});
    CHECK(connack.props.session_expiry_interval == v.told);
    a.drop();
    if (v.used == 0) {
      CHECK(broker.metrics.clients_total == 0);
    } else {
      check_ends_after(broker, std::chrono::seconds(v.used));
    }
  }
}

TEST_CASE("persistent_client_expiration ends sessions of older versions") {
  for (const Version version : {Version::V31, Version::V311}) {
    CAPTURE(version);
    Broker broker;
    broker.settings.persistent_client_expiration = std::chrono::seconds(100);
    Client a(broker, version, "a", {.clean_start = false});
    a.disconnect();
    check_ends_after(broker, 100s);
  }
}

TEST_CASE("DISCONNECT changes the expiry") {
  struct Vector {
    std::uint32_t connect;
    std::uint32_t disconnect;
    std::uint32_t used;
  };
  constexpr Vector kVectors[] = {
      {60, 0, 0}, {60, 5, 5}, {60, 60, 60}, {60, 500, 500}, {0xFFFF'FFFF, 7, 7}, {0, 0, 0},
  };
  for (const Vector& v : kVectors) {
    for (const ReasonCode reason :
         {ReasonCode::NormalDisconnection, ReasonCode::DisconnectWithWill}) {
      CAPTURE(v.connect);
      CAPTURE(v.disconnect);
      CAPTURE(reason);
      Broker broker;
      Client a(broker, Version::V5, "a", kept_session(Version::V5, v.connect));
      a.disconnect(reason, {.session_expiry_interval = v.disconnect});
      a.expect_closed();
      if (v.used == 0) {
        CHECK(broker.metrics.clients_total == 0);
      } else {
        check_ends_after(broker, std::chrono::seconds(v.used));
      }
    }
  }
}

TEST_CASE("DISCONNECT can make a session eternal, within persistent_client_expiration") {
  {
    Broker broker;
    Client a(broker, Version::V5, "a", kept_session(Version::V5, 5));
    a.disconnect(ReasonCode::NormalDisconnection, {.session_expiry_interval = 0xFFFF'FFFF});
    broker.advance(24h * 365);
    CHECK(a.reconnect({.clean_start = false}).session_present);
  }
  Broker broker;
  broker.settings.persistent_client_expiration = std::chrono::seconds(50);
  Client a(broker, Version::V5, "a", kept_session(Version::V5, 5));
  a.disconnect(ReasonCode::NormalDisconnection, {.session_expiry_interval = 0xFFFF'FFFF});
  check_ends_after(broker, 50s);
}

TEST_CASE("DISCONNECT can't raise the expiry from 0: 0x82") {
  for (const auto connect : {std::optional<std::uint32_t>{}, std::optional<std::uint32_t>{0}}) {
    for (const std::uint32_t expiry : {1U, 0xFFFF'FFFFU}) {
      CAPTURE(connect);
      CAPTURE(expiry);
      Broker broker;
      Client a(broker, Version::V5, "a", {.props = {.session_expiry_interval = connect}});
      a.disconnect(ReasonCode::NormalDisconnection, {.session_expiry_interval = expiry});
      a.expect_disconnect(ReasonCode::ProtocolError);
      CHECK(broker.metrics.clients_total == 0);
    }
  }
}

// The server set the expiry to 0 by its limit; the client had asked for one, so this is no error.
TEST_CASE("an expiry that the server shortened to 0 is told, and stays 0") {
  for (const bool in_order : {false, true}) {
    CAPTURE(in_order);
    Broker broker;
    broker.settings.persistent_client_expiration = std::chrono::seconds(0);
    Client a(broker, Version::V5);
    CHECK(a.must_connect("a", kept_session(Version::V5, 60)).props.session_expiry_interval == 0U);
    if (in_order) {
      a.disconnect(ReasonCode::NormalDisconnection, {.session_expiry_interval = 30});
      a.expect_closed();
    } else {
      a.drop();
    }
    CHECK(broker.metrics.clients_total == 0);
  }
}

TEST_CASE("very many sessions end in their order") {
  Broker broker;
  for (std::uint32_t i = 0; i < 200; ++i) {
    Client a(broker, Version::V5, "a" + std::to_string(i),
             kept_session(Version::V5, 1 + (i * 37) % 200));
    a.drop();
  }
  for (std::uint32_t seconds = 1; seconds <= 200; ++seconds) {
    broker.advance(999ms);
    CHECK(broker.metrics.clients_total >= 200 - seconds + 1);
    broker.advance(1ms);
    CHECK(broker.metrics.clients_total <= 200 - seconds + 1);
  }
  broker.advance(1s);
  CHECK(broker.metrics.clients_total == 0);
}

}  // namespace
}  // namespace midge::test
