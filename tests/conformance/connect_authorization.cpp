// CONNECT and the authorizer: denied, allowed, and answered later (MQTT 5.0 section 3.1.4).
#include "tests/support/client.hpp"

namespace midge::test {
namespace {

TEST_CASE("a refusal by the authorizer has its code and closes [MQTT-3.1.4-2] [MQTT-3.2.2-7]") {
  struct Vector {
    ReasonCode reason;
    std::optional<ReturnCode> return_code;
  };
  constexpr Vector kVectors[] = {
      {ReasonCode::NotAuthorized, ReturnCode::NotAuthorized},
      {ReasonCode::BadUserNameOrPassword, ReturnCode::BadUserNameOrPassword},
      {ReasonCode::Banned, ReturnCode::NotAuthorized},
      {ReasonCode::ClientIdentifierNotValid, ReturnCode::IdentifierRejected},
      {ReasonCode::ServerUnavailable, ReturnCode::ServerUnavailable},
      {ReasonCode::ServerBusy, ReturnCode::ServerUnavailable},
      // No return code says this: closed without a word [MQTT-3.2.2-6@3.1.1].
      {ReasonCode::UnspecifiedError, std::nullopt},
      {ReasonCode::ImplementationSpecificError, std::nullopt},
  };
  for (const Vector& v : kVectors) {
    for (const Version version : kAllVersions) {
      CAPTURE(v.reason);
      CAPTURE(version);
      Broker broker;
      broker.authorizer.deny_connect("mallory", v.reason);
      Client ada(broker, version, "ada");
      Client mallory(broker, version);
      mallory.connect("mallory");
      if (version == Version::V5) {
        CHECK(mallory.expect_connack(v.reason).bytes ==
              ByteVector{0x20, 0x03, 0x00, static_cast<std::uint8_t>(v.reason), 0x00});
        mallory.expect_closed();
      } else {
        mallory.expect_refused(v.reason, v.return_code);
      }
      CHECK(broker.metrics.clients_total == 1);
      CHECK(broker.metrics[Cause::NotAuthorized] == 1);
      ada.expect_nothing();
    }
  }
}

TEST_CASE("a refusal that no return code tells closes silently [MQTT-3.2.2-6@3.1.1]") {
  Broker broker;
  broker.authorizer.deny_connect("mallory", ReasonCode::UnspecifiedError);
  Client mallory(broker, Version::V311);
  mallory.connect("mallory");
  mallory.expect_closed();
}

TEST_CASE("anonymous clients need a listener that allows them [MQTT-3.1.4-2]") {
  for (const Version version : kAllVersions) {
    CAPTURE(version);
    Broker broker;
    broker.listener.allow_anonymous = false;
    broker.authorizer.user("ada", "secret");
    Client nobody(broker, version);
    nobody.connect("a");
    nobody.expect_refused(ReasonCode::NotAuthorized, ReturnCode::NotAuthorized);
    Client wrong(broker, version);
    wrong.connect("a", {.user_name = "ada", .password = "secre"});
    wrong.expect_refused(ReasonCode::BadUserNameOrPassword, ReturnCode::BadUserNameOrPassword);
    Client without(broker, version);
    without.connect("a", {.user_name = "ada"});
    without.expect_refused(ReasonCode::BadUserNameOrPassword, ReturnCode::BadUserNameOrPassword);
    Client right(broker, version);
    right.must_connect("a", {.user_name = "ada", .password = "secret"});
    CHECK(broker.metrics[Cause::NotAuthorized] == 3);
  }
}

TEST_CASE("a refused client takes nobody over and touches no session [MQTT-3.1.4-6]") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    broker.authorizer.user("ada", "secret");
    Client ada(broker, version, "a",
               {.user_name = "ada", .password = "secret", .will = Will{.topic = "w"}});
    ada.must_subscribe("#");
    Client wrong(broker, version);
    wrong.connect("a", {.user_name = "ada", .password = "guess"});
    wrong.expect_refused(ReasonCode::BadUserNameOrPassword, ReturnCode::BadUserNameOrPassword);
    ada.expect_nothing();
    ada.publish("t", "x");
    ada.expect_publish("t", "x");
  }
}

TEST_CASE("while a decision is pending nothing is answered or read") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    broker.authorizer.pending = true;
    Client a(broker, version);
    a.together([&] {
      a.connect("a");
      a.subscribe("t");
      a.publish("t", "1");
    });
    a.publish("t", "2");
    a.expect_nothing();
    broker.advance(5s);
    a.expect_nothing();
    CHECK(broker.authorizer.waiting() == 1);
    CHECK(broker.metrics.clients_total == 0);

    broker.authorizer.decide();
    a.expect_connack();
    a.expect(PacketType::Suback);
    a.expect_publish("t", "1");
    a.expect_publish("t", "2");
    a.expect_nothing();
    CHECK(broker.authorizer.asked() == 1);
  }
}

TEST_CASE("a decision that comes late may be a refusal [MQTT-3.1.4-2] [MQTT-3.1.4-5@3.1.1]") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client watcher(broker, version, "watcher");
    watcher.must_subscribe("#");
    broker.authorizer.pending = true;
    broker.authorizer.deny_connect("mallory", ReasonCode::Banned);
    Client a(broker, version);
    a.together([&] {
      a.connect("mallory", {.will = Will{.topic = "w"}});
      a.publish("t", "x");
    });
    a.expect_nothing();
    broker.authorizer.decide();
    a.expect_refused(ReasonCode::Banned, ReturnCode::NotAuthorized);
    watcher.expect_nothing();
    CHECK(broker.metrics[Cause::NotAuthorized] == 1);
  }
}

TEST_CASE("several pending decisions are told apart") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    broker.authorizer.pending = true;
    broker.authorizer.deny_connect("b");
    Client a(broker, version);
    Client b(broker, version);
    Client c(broker, version);
    broker.at_once([&] {
      a.connect("a");
      b.connect("b");
      c.connect("c");
    });
    b.expect_nothing();
    broker.authorizer.decide();
    a.expect_connack();
    b.expect_refused(ReasonCode::NotAuthorized, ReturnCode::NotAuthorized);
    c.expect_connack();
  }
}

TEST_CASE("a CONNECT in pieces, long and pending, keeps its fields") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    const std::string password(5'000, 'p');
    broker.authorizer.user("ada", password);
    broker.authorizer.pending = true;
    Client watcher(broker, version);
    watcher.connect("watcher", {.user_name = "ada", .password = password});
    broker.authorizer.decide();
    watcher.expect_connack();
    watcher.must_subscribe("w");

    Client a(broker, version);
    const ByteVector connect = connect_bytes(
        version, "a",
        {.user_name = "ada", .password = password, .will = Will{.topic = "w", .payload = "x"}});
    for (std::size_t at = 0; at < connect.size(); at += 700) {
      a.send(Bytes(connect).subspan(at, std::min<std::size_t>(700, connect.size() - at)));
    }
    a.expect_nothing();
    broker.authorizer.decide();
    a.expect_connack();
    a.drop();
    watcher.expect_publish("w", "x");
  }
}

TEST_CASE("who leaves before the decision is forgotten") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client watcher(broker, version, "watcher");
    watcher.must_subscribe("#");
    broker.authorizer.pending = true;
    {
      Client warm_up(broker, version);
      warm_up.connect("w");
      warm_up.drop();
    }
    const std::size_t pages = broker.sim.arena().used_pages();
    Client a(broker, version);
    a.connect("a", {.will = Will{.topic = "w", .payload = "x"}});
    Client b(broker, version);
    b.connect("b");
    a.drop();
    broker.authorizer.decide();
    b.expect_connack();
    b.disconnect();
    watcher.expect_nothing();
    CHECK(broker.metrics.clients_total == 1);
    CHECK(broker.metrics.open_connections == 1);
    CHECK(broker.sim.arena().used_pages() <= pages);
  }
}

TEST_CASE("a decision that never comes ends with the CONNECT time") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    broker.settings.connect_timeout = std::chrono::seconds(10);
    broker.authorizer.pending = true;
    Client a(broker, version);
    a.connect("a");
    broker.advance(9'900ms);
    a.expect_nothing();
    broker.advance(1'200ms);
    a.expect_closed();
    CHECK(broker.metrics[Cause::ConnectTimeout] == 1);
    // And is of no use later.
    broker.authorizer.decide();
    broker.settle();
    CHECK(broker.metrics.clients_total == 0);
  }
}

TEST_CASE("two clients with the same id wait together: the later one takes over") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    broker.authorizer.pending = true;
    Client first(broker, version);
    first.connect("a");
    Client second(broker, version);
    second.connect("a");
    broker.authorizer.decide();
    first.expect_connack();
    first.expect_disconnect(ReasonCode::SessionTakenOver);
    second.expect_connack();
    second.expect_nothing();
    CHECK(broker.metrics.clients_connected == 1);
  }
}

}  // namespace
}  // namespace midge::test
