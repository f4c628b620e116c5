// The broker ends in order: DISCONNECT 0x8B to those who have their CONNACK, wills go out.
#include "tests/conformance/session_options.hpp"
#include "tests/support/client.hpp"

namespace midge::test {
namespace {

TEST_CASE("at shutdown clients get 0x8B, older ones are closed") {
  Broker broker;
  Client v5(broker, Version::V5, "v5");
  Client v311(broker, Version::V311, "v311");
  Client v31(broker, Version::V31, "v31");
  broker.shut_down();
  v5.expect_bytes("e0 01 8b");
  v5.expect_closed();
  v311.expect_closed();
  v31.expect_closed();
  broker.advance(5s);
  CHECK(broker.drained());
  CHECK(broker.metrics[Cause::Shutdown] == 3);
}

TEST_CASE("at shutdown nothing is sent to who has no CONNACK yet") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client silent(broker, version);
    Client half(broker, version);
    half.send_hex("10 0d 00 04");
    broker.authorizer.pending = true;
    Client waiting(broker, version);
    waiting.connect("a", {.will = Will{.topic = "w"}});
    broker.shut_down();
    silent.expect_closed();
    half.expect_closed();
    waiting.expect_closed();
    broker.authorizer.decide();
    broker.advance(5s);
    CHECK(broker.drained());
  }
}

TEST_CASE("wills of connected clients go out at shutdown, before 0x8B") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    broker.journal.active = false;
    Client watcher(broker, version, "watcher");
    watcher.must_subscribe("w/#", kQoS1);
    Client a(broker, version, "a", {.will = Will{.topic = "w/a", .payload = "x", .qos = kQoS1}});
    ConnectOptions kept = kept_session(version);
    kept.will = Will{.topic = "w/b", .payload = "y"};
    Client b(broker, version, "b", kept);
    Client without(broker, version, "without");
    broker.shut_down();
    std::vector<std::string> topics{watcher.expect_publish().topic, watcher.expect_publish().topic};
    std::sort(topics.begin(), topics.end());
    CHECK(topics == std::vector<std::string>{"w/a", "w/b"});
    watcher.expect_disconnect(ReasonCode::ServerShuttingDown);
    a.expect_disconnect(ReasonCode::ServerShuttingDown);
    b.expect_disconnect(ReasonCode::ServerShuttingDown);
    broker.advance(5s);
    CHECK(broker.drained());
  }
}

TEST_CASE("without persistence delayed wills go out at shutdown too") {
  Broker broker;
  broker.journal.active = false;
  Client watcher(broker, Version::V5, "watcher");
  watcher.must_subscribe("w/#");
  ConnectOptions online = kept_session(Version::V5);
  online.will = Will{.topic = "w/online", .props = {.will_delay_interval = 30}};
  Client a(broker, Version::V5, "a", online);
  ConnectOptions away = kept_session(Version::V5);
  away.will = Will{.topic = "w/away", .props = {.will_delay_interval = 30}};
  Client b(broker, Version::V5, "b", away);
  b.drop();
  watcher.expect_nothing();
  broker.shut_down();
  std::vector<std::string> topics{watcher.expect_publish().topic, watcher.expect_publish().topic};
  std::sort(topics.begin(), topics.end());
  CHECK(topics == std::vector<std::string>{"w/away", "w/online"});
  watcher.expect_disconnect(ReasonCode::ServerShuttingDown);
}

TEST_CASE("wills are sent once, also when the broker ends") {
  Broker broker;
  broker.journal.active = false;
  Client watcher(broker, Version::V5, "watcher");
  watcher.must_subscribe("w");
  Client a(broker, Version::V5, "a", {.will = Will{.topic = "w", .payload = "x"}});
  a.drop();
  watcher.expect_publish("w", "x");
  Client c(broker, Version::V5, "c", {.will = Will{.topic = "w", .payload = "y"}});
  c.disconnect();
  broker.shut_down();
  watcher.expect_disconnect(ReasonCode::ServerShuttingDown);
}

TEST_CASE("who comes while the broker ends is not served") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client early(broker, version);
    Client a(broker, version, "a");
    broker.shut_down();
    early.connect("b");
    early.expect_closed();
    Client late(broker, version);
    late.connect("c");
    late.expect_closed();
    a.expect_disconnect(ReasonCode::ServerShuttingDown);
    broker.advance(5s);
    CHECK(broker.drained());
    CHECK(broker.metrics.connections == 1);
  }
}

TEST_CASE("a client that does not read does not hold the shutdown up") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    broker.link.client_window = 1'000;
    broker.link.send_buffer = 1'000;
    Client slow(broker, version, "slow");
    slow.must_subscribe("t", kQoS1);
    slow.link().stop_reading();
    Client other(broker, version, "other");
    for (int i = 0; i < 15; ++i) other.must_publish("t", std::string(500, 'x'), kQoS1);
    broker.shut_down();
    other.expect_disconnect(ReasonCode::ServerShuttingDown);
    broker.advance(30s);
    CHECK(broker.drained());
  }
}

}  // namespace
}  // namespace midge::test
