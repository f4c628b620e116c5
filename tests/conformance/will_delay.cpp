// Will Delay Interval and its end: time, the session's end, a client that comes back (MQTT 5.0
// sections 3.1.2.5 and 3.1.3.2.2).
#include "tests/conformance/session_options.hpp"
#include "tests/support/client.hpp"

namespace midge::test {
namespace {

ConnectOptions delayed(std::uint32_t delay_seconds, std::uint32_t expiry_seconds) {
  ConnectOptions options = kept_session(Version::V5, expiry_seconds);
  options.will =
      Will{.topic = "w", .payload = "gone", .props = {.will_delay_interval = delay_seconds}};
  return options;
}

// The will comes `after` the connection's end: not a moment earlier, at most a second later.
void check_will_after(Broker& broker, Client& watcher, Duration after) {
  if (after > Duration{0}) {
    broker.advance(after - 1ms);
    watcher.expect_nothing();
    broker.advance(1'001ms);
  }
  watcher.expect_publish("w", "gone");
  broker.advance(240h);
  watcher.expect_nothing();
}

TEST_CASE("the will waits for its delay or the session's end [MQTT-3.1.2-7] [MQTT-3.1.2-8]") {
  struct Vector {
    std::uint32_t delay;
    std::uint32_t expiry;
    std::uint32_t sent_after;
  };
  constexpr Vector kVectors[] = {
      {0, 0, 0},           {0, 60, 0},          {0, 0xFFFF'FFFF, 0},
      {1, 60, 1},          {10, 60, 10},        {60, 60, 60},
      {61, 60, 60},  // a delay longer than the session ends with it
      {10, 0, 0},    // and a session without expiry ends at once
      {0xFFFF'FFFF, 5, 5}, {0xFFFF'FFFF, 0, 0}, {86'400, 0xFFFF'FFFF, 86'400},
  };
  for (const Vector& v : kVectors) {
    CAPTURE(v.delay);
    CAPTURE(v.expiry);
    Broker broker;
    Client watcher(broker, Version::V5, "watcher");
    watcher.must_subscribe("w");
    Client a(broker, Version::V5, "a", delayed(v.delay, v.expiry));
    broker.advance(5min);  // a connection that stands lets no time run
    watcher.expect_nothing();
    a.drop();
    check_will_after(broker, watcher, std::chrono::seconds(v.sent_after));
    CHECK(broker.metrics.stored_messages == 0);
  }
}

TEST_CASE("a will with the longest delay waits as long as its session, without end") {
  Broker broker;
  Client watcher(broker, Version::V5, "watcher");
  watcher.must_subscribe("w");
  Client a(broker, Version::V5, "a", delayed(0xFFFF'FFFF, 0xFFFF'FFFF));
  a.drop();
  broker.advance(24h * 365);
  watcher.expect_nothing();
  CHECK(broker.metrics.clients_total == 2);
}

TEST_CASE("persistent_client_expiration ends the delay with the session") {
  Broker broker;
  broker.settings.persistent_client_expiration = std::chrono::seconds(20);
  Client watcher(broker, Version::V5, "watcher");
  watcher.must_subscribe("w");
  Client a(broker, Version::V5, "a", delayed(100, 0xFFFF'FFFF));
  a.drop();
  check_will_after(broker, watcher, 20s);
}

TEST_CASE("who is back within the delay has no will sent [MQTT-3.1.3-9]") {
  for (const Version version : kBothVersions) {  // of the client that comes back
    CAPTURE(version);
    Broker broker;
    Client watcher(broker, Version::V5, "watcher");
    watcher.must_subscribe("w");
    Client a(broker, Version::V5, "a", delayed(10, 60));
    a.drop();
    broker.advance(9'900ms);
    Client again(broker, version);
    CHECK(again.must_connect("a", kept_session(version)).session_present);
    broker.advance(1h);
    watcher.expect_nothing();
    CHECK(broker.metrics.stored_messages == 0);
  }
}

TEST_CASE("the will of the connection that is back counts, not the old one [MQTT-3.1.3-9]") {
  Broker broker;
  Client watcher(broker, Version::V5, "watcher");
  watcher.must_subscribe("w");
  Client a(broker, Version::V5, "a", delayed(10, 60));
  a.drop();
  broker.advance(5s);
  ConnectOptions next = delayed(20, 60);
  next.will->payload = "second";
  a.reconnect(next);
  a.drop();
  broker.advance(19'999ms);
  watcher.expect_nothing();
  broker.advance(1'001ms);
  watcher.expect_publish("w", "second");
  broker.advance(1h);
  watcher.expect_nothing();
}

TEST_CASE("Clean Start 1 ends the session and sends its will at once [MQTT-3.1.2-8]") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client watcher(broker, Version::V5, "watcher");
    watcher.must_subscribe("w");
    Client a(broker, Version::V5, "a", delayed(10, 60));
    a.drop();
    broker.advance(5s);
    watcher.expect_nothing();
    Client again(broker, version);
    CHECK_FALSE(again.must_connect("a", {.clean_start = true}).session_present);
    watcher.expect_publish("w", "gone");
    broker.advance(1h);
    watcher.expect_nothing();
  }
}

TEST_CASE("who comes back after the will was sent doesn't bring it back") {
  Broker broker;
  Client watcher(broker, Version::V5, "watcher");
  watcher.must_subscribe("w");
  Client a(broker, Version::V5, "a", delayed(10, 60));
  a.drop();
  broker.advance(11s);
  watcher.expect_publish("w", "gone");
  CHECK(a.reconnect(kept_session(Version::V5)).session_present);
  a.drop();
  broker.advance(1h);
  watcher.expect_nothing();
}

TEST_CASE("a refused CONNECT leaves a delayed will alone [MQTT-3.1.3-9]") {
  Broker broker;
  broker.authorizer.user("ada", "secret");
  Client watcher(broker, Version::V5, "watcher");
  watcher.must_subscribe("w");
  ConnectOptions options = delayed(10, 60);
  options.user_name = "ada";
  options.password = "secret";
  Client a(broker, Version::V5, "a", options);
  a.drop();
  broker.advance(5s);
  options.password = "guess";
  Client wrong(broker, Version::V5);
  wrong.connect("a", options);
  wrong.expect_refused(ReasonCode::BadUserNameOrPassword, std::nullopt);
  check_will_after(broker, watcher, 5s);
}

TEST_CASE("DISCONNECT with and without will, with a delay [MQTT-3.1.2-8] [MQTT-3.1.2-10]") {
  struct Vector {
    const char* name;
    ReasonCode reason;
    std::optional<std::uint32_t> expiry;
    std::optional<std::uint32_t> sent_after;
  };
  constexpr Vector kVectors[] = {
      {"normal", ReasonCode::NormalDisconnection, std::nullopt, std::nullopt},
      {"normal, the session ends at once", ReasonCode::NormalDisconnection, 0U, std::nullopt},
      {"normal, the session ends before the delay", ReasonCode::NormalDisconnection, 3U,
       std::nullopt},
      {"with will", ReasonCode::DisconnectWithWill, std::nullopt, 10U},
      {"with will, the session ends at once", ReasonCode::DisconnectWithWill, 0U, 0U},
      {"with will, the session ends before the delay", ReasonCode::DisconnectWithWill, 3U, 3U},
      {"with will, the session ends later", ReasonCode::DisconnectWithWill, 300U, 10U},
      {"an error", ReasonCode::UnspecifiedError, std::nullopt, 10U},
  };
  for (const Vector& v : kVectors) {
    CAPTURE(v.name);
    Broker broker;
    Client watcher(broker, Version::V5, "watcher");
    watcher.must_subscribe("w");
    Client a(broker, Version::V5, "a", delayed(10, 60));
    a.disconnect(v.reason, {.session_expiry_interval = v.expiry});
    if (v.sent_after) {
      check_will_after(broker, watcher, std::chrono::seconds(*v.sent_after));
    } else {
      broker.advance(1h);
      watcher.expect_nothing();
    }
    CHECK(broker.metrics.stored_messages == 0);
  }
}

TEST_CASE("delayed wills of several clients come each in its time") {
  Broker broker;
  Client watcher(broker, Version::V5, "watcher");
  watcher.must_subscribe("w/#");
  for (const std::uint32_t delay : {30U, 10U, 20U, 40U}) {
    ConnectOptions options = delayed(delay, 3'600);
    options.will->topic = "w/" + std::to_string(delay);
    Client a(broker, Version::V5, "a" + std::to_string(delay), options);
    a.drop();
  }
  Duration passed{0};
  for (const std::uint32_t delay : {10U, 20U, 30U, 40U}) {
    const Duration due = std::chrono::seconds(delay);
    broker.advance(due - 1ms - passed);
    watcher.expect_nothing();
    broker.advance(1'001ms);
    watcher.expect_publish("w/" + std::to_string(delay), "gone");
    passed = due + 1s;
  }
  watcher.expect_nothing();
}

}  // namespace
}  // namespace midge::test
