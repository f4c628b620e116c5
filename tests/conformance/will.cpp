// The Will: when it is published and when it is not (MQTT 5.0 section 3.1.2.5, 3.1.1 section
// 3.1.2.5).
#include "tests/conformance/session_options.hpp"
#include "tests/support/client.hpp"

namespace midge::test {
namespace {

const Will kWill{.topic = "w", .payload = "gone"};

// A way for the connection of `a` to end.
struct Ending {
  const char* name;
  bool will;
  bool only_v5;
  void (*end)(Broker& broker, Client& a);
};

constexpr Ending kEndings[] = {
    {"the connection breaks", true, false, [](Broker&, Client& a) { a.drop(); }},
    {"the client closes without DISCONNECT", true, false, [](Broker&, Client& a) { a.close(); }},
    {"the link is cut", true, false,
     [](Broker& broker, Client& a) {
       a.link().cut();
       broker.settle();
     }},
    {"silence", true, false, [](Broker& broker, Client&) { broker.advance(16s); }},
    {"a malformed packet", true, false, [](Broker&, Client& a) { a.send_hex("c1 00"); }},
    {"a second CONNECT", true, false, [](Broker&, Client& a) { a.connect("a"); }},
    {"a packet that only a server sends", true, false,
     [](Broker&, Client& a) { a.send_hex("d0 00"); }},
    {"a packet that is too large", true, false,
     [](Broker&, Client& a) { a.send_hex("30 ff ff ff 7f"); }},
    {"a DISCONNECT with a flag in its header", true, false,
     [](Broker&, Client& a) { a.send_hex("e1 00"); }},
    {"half a DISCONNECT", true, false,
     [](Broker&, Client& a) {
       a.send_hex("e0");
       a.drop();
     }},
    {"DISCONNECT", false, false, [](Broker&, Client& a) { a.disconnect(); }},
    {"DISCONNECT, and then the connection breaks", false, false,
     [](Broker& broker, Client& a) {
       a.disconnect();
       a.drop();
       broker.advance(1min);
     }},
    {"DISCONNECT 0x00 in full", false, true, [](Broker&, Client& a) { a.send_hex("e0 02 00 00"); }},
    {"DISCONNECT 0x04, with will", true, true,
     [](Broker&, Client& a) { a.disconnect(ReasonCode::DisconnectWithWill); }},
    {"DISCONNECT 0x80", true, true,
     [](Broker&, Client& a) { a.disconnect(ReasonCode::UnspecifiedError); }},
    {"DISCONNECT 0x82", true, true,
     [](Broker&, Client& a) { a.disconnect(ReasonCode::ProtocolError); }},
    {"DISCONNECT that raises the session expiry from 0", true, true,
     [](Broker&, Client& a) {
       a.disconnect(ReasonCode::NormalDisconnection, {.session_expiry_interval = 1});
     }},
};

TEST_CASE(
    "the will is published unless DISCONNECT takes it back [MQTT-3.1.2-8] [MQTT-3.1.2-10] "
    "[MQTT-3.1.2-8@3.1.1] [MQTT-3.1.2-10@3.1.1]") {
  for (const Ending& ending : kEndings) {
    for (const Version version : kAllVersions) {
      if (ending.only_v5 && version != Version::V5) continue;
      CAPTURE(ending.name);
      CAPTURE(version);
      Broker broker;
      Client watcher(broker, version, "watcher");
      watcher.must_subscribe("#");
      Client a(broker, version, "a", {.keep_alive = 10, .will = kWill});
      watcher.expect_nothing();
      ending.end(broker, a);
      if (ending.will) watcher.expect_publish("w", "gone");
      watcher.expect_nothing();
      CHECK(broker.metrics.clients_total == 1);
      broker.advance(1h);
      watcher.expect_nothing();
      CHECK(broker.metrics.stored_messages == 0);
    }
  }
}

TEST_CASE("without a will flag nothing is published [MQTT-3.1.2-12@3.1.1]") {
  for (const Ending& ending : kEndings) {
    for (const Version version : kBothVersions) {
      if (ending.only_v5 && version != Version::V5) continue;
      CAPTURE(ending.name);
      CAPTURE(version);
      Broker broker;
      Client watcher(broker, version, "watcher");
      watcher.must_subscribe("#");
      Client a(broker, version, "a", {.keep_alive = 10});
      ending.end(broker, a);
      broker.advance(1min);
      watcher.expect_nothing();
    }
  }
}

TEST_CASE("a will that was published is gone [MQTT-3.1.2-10] [MQTT-3.1.2-10@3.1.1]") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client watcher(broker, version, "watcher");
    watcher.must_subscribe("#");
    ConnectOptions options = kept_session(version, 3'600);
    Client a(broker, version);
    options.will = kWill;
    a.must_connect("a", options);
    a.drop();
    watcher.expect_publish("w", "gone");
    // The session is still there, and has no will of an earlier connection.
    a.reconnect(kept_session(version, 3'600));
    a.drop();
    broker.advance(2h);
    watcher.expect_nothing();
    // Each connection has its own will.
    options.will = Will{.topic = "w", .payload = "second"};
    a.reconnect(options);
    a.drop();
    watcher.expect_publish("w", "second");
    watcher.expect_nothing();
  }
}

TEST_CASE("a will that DISCONNECT took back is gone [MQTT-3.1.2-10] [MQTT-3.1.2-10@3.1.1]") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client watcher(broker, version, "watcher");
    watcher.must_subscribe("#");
    ConnectOptions options = kept_session(version, 3'600);
    options.will = kWill;
    Client a(broker, version, "a", options);
    a.disconnect();
    a.reconnect(kept_session(version, 3'600));
    a.drop();
    broker.advance(2h);
    watcher.expect_nothing();
  }
}

TEST_CASE("a will of a CONNECT that was refused is never published") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    broker.authorizer.user("ada", "secret");
    Client watcher(broker, version, "watcher");
    watcher.must_subscribe("#");
    Client a(broker, version);
    a.connect("a", {.user_name = "ada", .password = "guess", .will = kWill});
    a.expect_refused(ReasonCode::BadUserNameOrPassword, ReturnCode::BadUserNameOrPassword);
    broker.advance(1h);
    watcher.expect_nothing();
    CHECK(broker.metrics.stored_messages == 0);
  }
}

TEST_CASE("permission for the will is asked at CONNECT: 0x87, code 5") {
  for (const Version version : kAllVersions) {
    CAPTURE(version);
    Broker broker;
    broker.authorizer.deny_publish("secret/#");
    Client watcher(broker, version, "watcher");
    watcher.must_subscribe("#");
    Client a(broker, version);
    a.connect("a", {.will = Will{.topic = "secret/x"}});
    a.expect_refused(ReasonCode::NotAuthorized, ReturnCode::NotAuthorized);
    CHECK(broker.metrics[Cause::PublishDenied] == 1);
    CHECK(broker.metrics.clients_total == 1);
    watcher.expect_nothing();
    Client b(broker, version, "b", {.will = Will{.topic = "open/x"}});
    b.drop();
    watcher.expect_publish("open/x", "");
  }
}

TEST_CASE("permission for the will is asked again when it is published") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client watcher(broker, version, "watcher");
    watcher.must_subscribe("#");
    Client a(broker, version, "a", {.will = kWill});
    broker.authorizer.deny_publish("w");
    a.drop();
    watcher.expect_nothing();
    CHECK(broker.metrics[Cause::PublishDenied] == 1);
    CHECK(broker.metrics.stored_messages == 0);
  }
}

TEST_CASE("a will topic that can't be published to is refused") {
  struct Vector {
    const char* name;
    std::string topic;
    ReasonCode reason;
    std::optional<ReturnCode> return_code;
  };
  const Vector vectors[] = {
      {"#", "w/#", ReasonCode::MalformedPacket, std::nullopt},
      {"+", "w/+/x", ReasonCode::MalformedPacket, std::nullopt},
      {"+ within a level", "w+", ReasonCode::MalformedPacket, std::nullopt},
      {"empty", "", ReasonCode::MalformedPacket, std::nullopt},
      {"the broker's own", "$SYS/broker/uptime", ReasonCode::NotAuthorized,
       ReturnCode::NotAuthorized},
  };
  for (const Vector& v : vectors) {
    for (const Version version : kBothVersions) {
      CAPTURE(v.name);
      CAPTURE(version);
      Broker broker;
      Client a(broker, version);
      a.connect("a", {.will = Will{.topic = v.topic}});
      a.expect_refused(v.reason, v.return_code);
      CHECK(broker.metrics.clients_total == 0);
    }
  }
}

TEST_CASE("bridges of others tell by their will that they are gone") {
  Broker broker;
  Client watcher(broker, Version::V5, "watcher");
  watcher.must_subscribe("$SYS/broker/connection/#");
  Client a(
      broker, Version::V311, "a",
      {.will = Will{.topic = "$SYS/broker/connection/site.a/state", .payload = "0", .retain = true},
       .bridge = true});
  a.drop();
  watcher.expect_publish("$SYS/broker/connection/site.a/state", "0");
}

TEST_CASE("many clients that are lost at once have all their wills sent") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client watcher(broker, version, "watcher");
    watcher.must_subscribe("w/#");
    std::vector<std::unique_ptr<Client>> clients;
    for (int i = 0; i < 100; ++i) {
      clients.push_back(std::make_unique<Client>(
          broker, version, "c" + std::to_string(i),
          ConnectOptions{.will = Will{.topic = "w/" + std::to_string(i), .payload = "gone"}}));
    }
    broker.at_once([&] {
      for (const auto& client : clients) client->drop();
    });
    for (int i = 0; i < 100; ++i) watcher.expect_publish("w/" + std::to_string(i), "gone");
    watcher.expect_nothing();
    CHECK(broker.metrics.clients_total == 1);
  }
}

}  // namespace
}  // namespace midge::test
