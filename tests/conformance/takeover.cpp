// A second connection with the same Client Identifier (MQTT 5.0 and 3.1.1, section 3.1.4).
#include "tests/conformance/session_options.hpp"
#include "tests/support/client.hpp"

namespace midge::test {
namespace {

TEST_CASE("the older connection gets 0x8E and is closed [MQTT-3.1.4-3] [MQTT-3.1.4-2@3.1.1]") {
  for (const Version older : kAllVersions) {
    for (const Version newer : kAllVersions) {
      CAPTURE(older);
      CAPTURE(newer);
      Broker broker;
      Client bystander(broker, older, "b");
      Client first(broker, older, "a");
      Client second(broker, newer, "a");
      if (older == Version::V5) first.expect_bytes("e0 01 8e");
      first.expect_closed();
      second.ping();
      second.expect(PacketType::Pingresp);
      second.expect_nothing();
      bystander.expect_nothing();
      CHECK(broker.metrics.clients_connected == 2);
      CHECK(broker.metrics.clients_total == 2);
      CHECK(broker.metrics.open_connections == 2);
      CHECK(broker.metrics[Cause::TakenOver] == 1);
    }
  }
}

TEST_CASE("a session is taken over with all it has") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client first(broker, version, "a", kept_session(version));
    first.must_subscribe("t", kQoS2);
    Client other(broker, version, "other");
    other.must_publish("t", "one", kQoS1);
    other.must_publish("t", "two", kQoS2);
    const Packet one = first.expect_publish("t", "one");
    const Packet two = first.expect_publish("t", "two");

    Client second(broker, version);
    CHECK(second.must_connect("a", kept_session(version)).session_present);
    first.expect_disconnect(ReasonCode::SessionTakenOver);
    const Packet one_again = second.expect_publish("t", "one");
    CHECK(one_again.dup);
    CHECK(one_again.packet_id == one.packet_id);
    const Packet two_again = second.expect_publish("t", "two");
    CHECK(two_again.dup);
    CHECK(two_again.packet_id == two.packet_id);
    second.answer(one_again);
    second.answer(two_again);
    second.expect_nothing();
    CHECK(broker.metrics.queued_messages == 0);
  }
}

TEST_CASE("a session without expiry ends when it is taken over") {
  for (const Version older : kBothVersions) {
    for (const Version newer : kBothVersions) {
      CAPTURE(older);
      CAPTURE(newer);
      Broker broker;
      Client first(broker, older, "a", {.clean_start = true});
      first.must_subscribe("t", kQoS1);
      Client second(broker, newer);
      CHECK_FALSE(second.must_connect("a", kept_session(newer)).session_present);
      second.publish("t", "x");
      second.expect_nothing();
      CHECK(broker.metrics.subscriptions == 0);
    }
  }
}

TEST_CASE("Clean Start 1 takes nothing over but the id [MQTT-3.1.2-4] [MQTT-3.1.2-6@3.1.1]") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client first(broker, version, "a", kept_session(version));
    first.must_subscribe("t", kQoS1);
    first.must_publish("t", "x", kQoS1);
    ConnectOptions clean = kept_session(version);
    clean.clean_start = true;
    Client second(broker, version);
    CHECK_FALSE(second.must_connect("a", clean).session_present);
    second.expect_nothing();
    CHECK(broker.metrics.queued_messages == 0);
    CHECK(broker.metrics.subscriptions == 0);
  }
}

// The old will is sent if its delay is 0, if its session ends with its connection, or if the new
// connection has no use for the session.
TEST_CASE("a take-over and the old connection's will [MQTT-3.1.2-8] [MQTT-3.1.3-9]") {
  for (const std::uint32_t delay : {0U, 10U}) {
    for (const std::uint32_t expiry : {0U, 60U}) {
      for (const bool clean_start : {false, true}) {
        for (const Version newer : kBothVersions) {
          CAPTURE(delay);
          CAPTURE(expiry);
          CAPTURE(clean_start);
          CAPTURE(newer);
          Broker broker;
          Client watcher(broker, Version::V5, "watcher");
          watcher.must_subscribe("w");
          ConnectOptions old = kept_session(Version::V5, expiry);
          old.will = Will{.topic = "w", .payload = "old", .props = {.will_delay_interval = delay}};
          Client first(broker, Version::V5, "a", old);
          ConnectOptions now = kept_session(newer);
          now.clean_start = clean_start;
          Client second(broker, newer, "a", now);
          first.expect_disconnect(ReasonCode::SessionTakenOver);
          if (delay == 0 || expiry == 0 || clean_start) watcher.expect_publish("w", "old");
          watcher.expect_nothing();
          broker.advance(1h);
          watcher.expect_nothing();
          second.drop();
          broker.advance(1h);
          watcher.expect_nothing();
        }
      }
    }
  }
}

TEST_CASE("before 5.0 a take-over always sends the old will [MQTT-3.1.2-8@3.1.1]") {
  for (const Version version : {Version::V31, Version::V311}) {
    for (const bool old_clean : {false, true}) {
      for (const bool new_clean : {false, true}) {
        CAPTURE(version);
        CAPTURE(old_clean);
        CAPTURE(new_clean);
        Broker broker;
        Client watcher(broker, version, "watcher");
        watcher.must_subscribe("w");
        Client first(broker, version, "a",
                     {.clean_start = old_clean, .will = Will{.topic = "w", .payload = "old"}});
        Client second(broker, version, "a",
                      {.clean_start = new_clean, .will = Will{.topic = "w", .payload = "new"}});
        watcher.expect_publish("w", "old");
        watcher.expect_nothing();
        second.drop();
        watcher.expect_publish("w", "new");
        watcher.expect_nothing();
      }
    }
  }
}

TEST_CASE("a will that nobody kept is forgotten: the new connection's counts") {
  Broker broker;
  Client watcher(broker, Version::V5, "watcher");
  watcher.must_subscribe("w");
  ConnectOptions options = kept_session(Version::V5);
  options.will = Will{.topic = "w", .payload = "old", .props = {.will_delay_interval = 10}};
  Client first(broker, Version::V5, "a", options);
  options.will->payload = "new";
  Client second(broker, Version::V5, "a", options);
  watcher.expect_nothing();
  second.drop();
  broker.advance(11s);
  watcher.expect_publish("w", "new");
  broker.advance(1h);
  watcher.expect_nothing();
}

TEST_CASE("the old connection is not heard any more") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client watcher(broker, version, "watcher");
    watcher.must_subscribe("t");
    Client first(broker, version, "a");
    Client second(broker, version);
    // What reaches the broker behind the new CONNECT.
    broker.at_once([&] {
      second.connect("a");
      first.publish("t", "too late");
    });
    second.expect_connack();
    first.publish("t", "much too late");
    first.expect_disconnect(ReasonCode::SessionTakenOver);
    watcher.expect_nothing();
    second.publish("t", "x");
    watcher.expect_publish("t", "x");
  }
}

TEST_CASE("the end of the old connection does not touch the new one") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    broker.link.close_delay_ms = {5'000, 5'000};
    Client watcher(broker, version, "watcher");
    watcher.must_subscribe("w");
    Client first(broker, version, "a", kept_session(version));
    ConnectOptions options = kept_session(version);
    options.will = Will{.topic = "w"};
    Client second(broker, version, "a", options);
    second.must_subscribe("t");
    first.drop();
    broker.advance(1min);
    watcher.expect_nothing();
    second.publish("t", "x");
    second.expect_publish("t", "x");
    CHECK(broker.metrics.clients_connected == 2);
    CHECK(broker.metrics.open_connections == 2);
  }
}

TEST_CASE("two clients that fight for an id: each take-over is one") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client a(broker, version, "same", kept_session(version));
    Client b(broker, version, "same", kept_session(version));
    for (int i = 0; i < 20; ++i) {
      CHECK(a.reconnect(kept_session(version)).session_present);
      b.expect_disconnect(ReasonCode::SessionTakenOver);
      CHECK(b.reconnect(kept_session(version)).session_present);
      a.expect_disconnect(ReasonCode::SessionTakenOver);
    }
    CHECK(broker.metrics.clients_total == 1);
    CHECK(broker.metrics.clients_connected == 1);
    CHECK(broker.metrics[Cause::TakenOver] == 41);
  }
}

TEST_CASE("many connections with one id in one turn leave one") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    std::vector<std::unique_ptr<Client>> clients;
    for (int i = 0; i < 10; ++i) clients.push_back(std::make_unique<Client>(broker, version));
    broker.at_once([&] {
      for (const auto& client : clients) client->connect("same");
    });
    int open = 0;
    for (const auto& client : clients) {
      client->expect_connack();
      if (client->closed()) {
        client->expect_disconnect(ReasonCode::SessionTakenOver);
      } else {
        client->expect_nothing();
        ++open;
      }
    }
    CHECK(open == 1);
    CHECK(broker.metrics.clients_connected == 1);
  }
}

}  // namespace
}  // namespace midge::test
