// A session belongs to the user name that made it: session_owner_check.
#include "tests/conformance/session_options.hpp"
#include "tests/support/client.hpp"

namespace midge::test {
namespace {

ConnectOptions as_user(Version version, const char* user_name) {
  ConnectOptions options = kept_session(version);
  if (user_name != nullptr) options.user_name = user_name;
  return options;
}

struct Pair {
  const char* owner;
  const char* other;  // null: anonymous
};
constexpr Pair kStrangers[] = {
    {"ada", "bob"}, {"ada", "ad"}, {"ada", "Ada"}, {"ada", nullptr}, {nullptr, "ada"},
};

TEST_CASE("another user can't take a session that is online: 0x87, code 5") {
  for (const Pair& pair : kStrangers) {
    for (const Version version : kAllVersions) {
      for (const bool clean_start : {false, true}) {
        CAPTURE(pair.owner);
        CAPTURE(pair.other);
        CAPTURE(version);
        CAPTURE(clean_start);
        Broker broker;
        ConnectOptions owner = as_user(version, pair.owner);
        owner.will = Will{.topic = "w"};
        Client a(broker, version, "a", owner);
        a.must_subscribe("#", kQoS1);
        ConnectOptions other = as_user(version, pair.other);
        other.clean_start = clean_start;
        other.will = Will{.topic = "theirs"};
        Client b(broker, version);
        b.connect("a", other);
        b.expect_refused(ReasonCode::NotAuthorized, ReturnCode::NotAuthorized);
        CHECK(broker.metrics[Cause::NotAuthorized] == 1);
        CHECK(broker.metrics[Cause::TakenOver] == 0);
        // Nothing of the session was touched.
        a.expect_nothing();
        a.publish("t", "x");
        a.expect_publish("t", "x");
        CHECK(broker.metrics.clients_total == 1);
      }
    }
  }
}

TEST_CASE("another user can't take a session whose client is away") {
  for (const Pair& pair : kStrangers) {
    for (const Version version : kBothVersions) {
      for (const bool clean_start : {false, true}) {
        CAPTURE(pair.owner);
        CAPTURE(pair.other);
        CAPTURE(version);
        CAPTURE(clean_start);
        Broker broker;
        ConnectOptions owner = as_user(version, pair.owner);
        if (version == Version::V5) {
          owner.will = Will{.topic = "w", .props = {.will_delay_interval = 30}};
        }
        Client watcher(broker, version, "watcher");
        watcher.must_subscribe("w");
        Client a(broker, version, "a", owner);
        a.must_subscribe("t", kQoS1);
        a.drop();
        watcher.must_publish("t", "secret", kQoS1);
        broker.advance(20s);

        ConnectOptions other = as_user(version, pair.other);
        other.clean_start = clean_start;
        Client b(broker, version);
        b.connect("a", other);
        b.expect_refused(ReasonCode::NotAuthorized, ReturnCode::NotAuthorized);
        // Will and expiry go on as if nothing had been.
        broker.advance(9s);
        watcher.expect_nothing();
        broker.advance(2s);
        if (version == Version::V5) watcher.expect_publish("w", "");
        watcher.expect_nothing();
        CHECK(a.reconnect(owner).session_present);
        a.expect_publish("t", "secret");
      }
    }
  }
}

TEST_CASE("the owner has its session back, with another password too") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    ConnectOptions owner = as_user(version, "ada");
    owner.password = "old";
    Client a(broker, version, "a", owner);
    a.drop();
    owner.password = "new";
    CHECK(a.reconnect(owner).session_present);
  }
}

TEST_CASE("when a session has ended its id is anybody's") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client a(broker, version, "a", {.user_name = "ada"});
    a.disconnect();
    Client b(broker, version);
    CHECK_FALSE(b.must_connect("a", as_user(version, "bob")).session_present);
    // And bob's from now on.
    Client again(broker, version);
    again.connect("a", as_user(version, "ada"));
    again.expect_refused(ReasonCode::NotAuthorized, ReturnCode::NotAuthorized);
  }
}

TEST_CASE("session_owner_check false lets everybody take every session") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    broker.settings.session_owner_check = false;
    Client a(broker, version, "a", as_user(version, "ada"));
    a.must_subscribe("t", kQoS1);
    Client b(broker, version);
    CHECK(b.must_connect("a", as_user(version, "bob")).session_present);
    a.expect_disconnect(ReasonCode::SessionTakenOver);
    b.must_publish("t", "x", kQoS1);
    b.expect_publish("t", "x");
  }
}

TEST_CASE("a 5.0 client is told why") {
  Broker broker;
  Client a(broker, Version::V5, "a", {.user_name = "ada"});
  Client b(broker, Version::V5);
  b.connect("a", {.user_name = "bob"});
  const Packet connack = b.expect_connack(ReasonCode::NotAuthorized);
  CHECK(connack.props.reason_string.value_or("").find("another user") != std::string::npos);
  b.expect_closed();
}

}  // namespace
}  // namespace midge::test
