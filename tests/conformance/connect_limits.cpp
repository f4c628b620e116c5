// CONNECT beyond what the broker may hold: connections, sessions; and in the order in which it may
// come: behind others in one piece, in the middle of a shutdown.
#include <memory>
#include <vector>

#include "tests/conformance/session_options.hpp"
#include "tests/support/client.hpp"

namespace midge::test {
namespace {

TEST_CASE("one connection too many is refused: 0x97, code 3 [MQTT-3.1.4-2]") {
  for (const Version version : kAllVersions) {
    CAPTURE(version);
    Broker broker;
    broker.limits.connections = 2;
    Client a(broker, version, "a");
    Client b(broker, version, "b");
    Client c(broker, version);
    c.connect("c");
    c.expect_bytes(version == Version::V5 ? "20 03 00 97 00" : "20 02 00 03");
    c.expect_closed();
    CHECK(broker.metrics.clients_connected == 2);
    CHECK(broker.metrics.clients_total == 2);
    CHECK(broker.metrics[Cause::ConnectionLimit] == 1);
    a.expect_nothing();
    b.expect_nothing();
    // A place that becomes free is given away.
    a.disconnect();
    c.reconnect();
    CHECK(broker.metrics[Cause::ConnectionLimit] == 1);
  }
}

TEST_CASE("a limit of no connections refuses them all") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    broker.limits.connections = 0;
    Client a(broker, version);
    a.connect("a");
    a.expect_refused(ReasonCode::QuotaExceeded, ReturnCode::ServerUnavailable);
  }
}

TEST_CASE("at the limit a client may still take its own session over") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    broker.limits.connections = 2;
    Client a(broker, version, "a");
    Client b(broker, version, "b");
    Client again(broker, version, "a");
    a.expect_disconnect(ReasonCode::SessionTakenOver);
    again.expect_nothing();
    b.expect_nothing();
    CHECK(broker.metrics.clients_connected == 2);
    CHECK(broker.metrics[Cause::ConnectionLimit] == 0);
  }
}

TEST_CASE("a listener has its own limit of connections") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    broker.settings.listener_count = 2;
    broker.settings.listeners[1].max_connections = 1;
    Client a(broker, version, "a");
    Client b(broker, version, std::uint16_t{1});
    b.must_connect("b");
    Client c(broker, version, std::uint16_t{1});
    c.connect("c");
    c.expect_refused(ReasonCode::QuotaExceeded, ReturnCode::ServerUnavailable);
    CHECK(broker.metrics[Cause::ListenerLimit] == 1);
    CHECK(broker.metrics[Cause::ConnectionLimit] == 0);
    Client d(broker, version, "d");  // the other listener is not full

    // Who comes from the other listener brings no place along; who comes from this one does.
    Client moving(broker, version, std::uint16_t{1});
    moving.connect("a");
    moving.expect_refused(ReasonCode::QuotaExceeded, ReturnCode::ServerUnavailable);
    a.expect_nothing();
    Client again(broker, version, std::uint16_t{1});
    again.must_connect("b");
    b.expect_disconnect(ReasonCode::SessionTakenOver);

    again.disconnect();
    c.reconnect();
  }
}

TEST_CASE("one session too many is refused") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    broker.limits.sessions = 2;
    const ConnectOptions kept = kept_session(version);
    Client a(broker, version, "a", kept);
    a.close();  // a session without connection counts too
    Client b(broker, version, "b");
    Client c(broker, version);
    c.connect("c");
    c.expect_refused(ReasonCode::QuotaExceeded, ReturnCode::ServerUnavailable);
    CHECK(broker.metrics[Cause::SessionLimit] == 1);
    CHECK(broker.metrics.clients_total == 2);
    a.reconnect(kept);
    b.disconnect();
    c.reconnect();
  }
}

TEST_CASE("refused clients leave nothing behind") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    broker.limits.connections = 1;
    Client a(broker, version, "a");
    {
      Client first(broker, version);
      first.connect("first", {.will = Will{.topic = "w", .payload = "x"}});
    }
    const std::size_t pages = broker.sim.arena().used_pages();
    for (int i = 0; i < 500; ++i) {
      Client b(broker, version);
      b.connect(
          "b" + std::to_string(i),
          {.user_name = "ada", .will = Will{.topic = "w", .payload = std::string(2'000, 'x')}});
      b.expect_refused(ReasonCode::QuotaExceeded, ReturnCode::ServerUnavailable);
    }
    CHECK(broker.sim.arena().used_pages() == pages);
    CHECK(broker.metrics.open_connections == 1);
    CHECK(broker.metrics.stored_messages == 0);
    CHECK(broker.metrics[Cause::ConnectionLimit] == 501);
  }
}

TEST_CASE("connections that never send CONNECT don't crowd out those that do") {
  Broker broker;
  broker.limits.connections = 4;
  std::vector<std::unique_ptr<Client>> silent;
  for (int i = 0; i < 40; ++i) {
    silent.push_back(std::make_unique<Client>(broker, Version::V5));
    silent.back()->expect_nothing();
  }
  for (const char* const id : {"a", "b", "c", "d"}) Client(broker, Version::V5, id);
  CHECK(broker.metrics.clients_connected == 4);
  CHECK(broker.metrics.clients_maximum == 4);
}

TEST_CASE("counters of connections go up and down") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    {
      Client a(broker, version, "a");
      Client b(broker, version, "b");
      Client c(broker, version);
      CHECK(broker.metrics.sockets == 3);
      CHECK(broker.metrics.open_connections == 3);
      CHECK(broker.metrics.connections == 2);
      CHECK(broker.metrics.clients_connected == 2);
      a.disconnect();
      b.drop();
      c.drop();
    }
    broker.settle();
    CHECK(broker.metrics.sockets == 3);
    CHECK(broker.metrics.open_connections == 0);
    CHECK(broker.metrics.connections == 2);
    CHECK(broker.metrics.clients_connected == 0);
    CHECK(broker.metrics.clients_total == 0);
    CHECK(broker.metrics.clients_maximum == 2);
  }
}

}  // namespace
}  // namespace midge::test
