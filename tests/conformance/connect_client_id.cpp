// CONNECT: the Client Identifier (MQTT 5.0 section 3.1.3.1, 3.1.1 section 3.1.3.1).
#include <set>

#include "tests/conformance/session_options.hpp"
#include "tests/support/client.hpp"

namespace midge::test {
namespace {

// "auto-" and a version 4 UUID as RFC 9562 writes it, with another prefix than "auto-" if told.
void check_generated(const std::string& id, const std::string& prefix = "auto-") {
  CAPTURE(id);
  REQUIRE(id.size() == prefix.size() + 36);
  CHECK(id.substr(0, prefix.size()) == prefix);
  const std::string uuid = id.substr(prefix.size());
  for (std::size_t i = 0; i < uuid.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    CHECK((uuid[i] == '-') == dash);
    if (!dash) CHECK(std::string("0123456789abcdef").find(uuid[i]) != std::string::npos);
  }
  CHECK(uuid[14] == '4');
  CHECK(std::string("89ab").find(uuid[19]) != std::string::npos);
}

TEST_CASE("ids of 1 to 23 letters and digits are accepted [MQTT-3.1.3-5] [MQTT-3.1.3-5@3.1.1]") {
  const std::string every = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  for (const Version version : kAllVersions) {
    CAPTURE(version);
    Broker broker;
    for (std::size_t bytes = 1; bytes <= 23; ++bytes) {
      Client a(broker, version);
      a.must_connect(every.substr(0, bytes));
    }
    for (const char character : every) {
      Client a(broker, version);
      a.must_connect(std::string("x") + character);
    }
    CHECK(broker.metrics.clients_connected == 23 + every.size());
  }
}

TEST_CASE("longer ids and other characters are accepted, up to 65,535 bytes") {
  for (const Version version : kAllVersions) {
    CAPTURE(version);
    Broker broker;
    for (const std::string& id :
         {std::string(24, 'i'), std::string(65'535, 'i'), std::string("sensor 7/+#$"),
          std::string("Z\xC3\xBCrich \xF0\x9F\x8C\xA1")}) {
      Client a(broker, version);
      a.must_connect(id, kept_session(version));
      a.drop();
      // It is the whole id that counts.
      Client almost(broker, version);
      almost.must_connect(id.substr(1), {.clean_start = true});
      CHECK(a.reconnect({.clean_start = false}).session_present == (version != Version::V31));
      a.disconnect();
      almost.disconnect();
    }
  }
}

TEST_CASE("the id is the key of the session [MQTT-3.1.3-2] [MQTT-3.1.3-2@3.1.1]") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    const ConnectOptions kept = kept_session(version);
    Client a(broker, version, "key", kept);
    a.must_subscribe("t", kQoS1);
    a.close();
    for (const char* const other : {"Key", "key ", "ke", "keyy"}) {
      CAPTURE(other);
      Client b(broker, version);
      CHECK_FALSE(b.must_connect(other, kept).session_present);
      b.publish("t", other, kQoS1);
      b.expect(PacketType::Puback);
      b.expect_nothing();
    }
    // From another address, and it is all there.
    Client again(broker, version);
    CHECK(again.must_connect("key", kept).session_present);
    for (const char* const other : {"Key", "key ", "ke", "keyy"}) again.expect_publish("t", other);
  }
}

TEST_CASE("a 5.0 client without id is told its new one [MQTT-3.1.3-6] [MQTT-3.1.3-7]") {
  Broker broker;
  Client a(broker, Version::V5);
  const Packet connack = a.must_connect("");
  REQUIRE(connack.props.assigned_client_identifier);
  check_generated(*connack.props.assigned_client_identifier);

  // It is this client's id as if it had sent it: the session is found by it.
  a.drop();
  Client kept(broker, Version::V5);
  const Packet first =
      kept.must_connect("", {.clean_start = false, .props = {.session_expiry_interval = 60}});
  CHECK_FALSE(first.session_present);
  REQUIRE(first.props.assigned_client_identifier);
  kept.must_subscribe("t", kQoS1);
  kept.drop();
  Client again(broker, Version::V5);
  const Packet second =
      again.must_connect(*first.props.assigned_client_identifier, {.clean_start = false});
  CHECK(second.session_present);
  CHECK_FALSE(second.props.assigned_client_identifier);
  again.publish("t", "x");
  again.expect_publish("t", "x");
}

TEST_CASE("a 3.1.1 client without id gets one of its own [MQTT-3.1.3-6@3.1.1]") {
  Broker broker;
  Client a(broker, Version::V311);
  Client b(broker, Version::V311);
  for (Client* const client : {&a, &b}) {
    client->connect("");
    client->expect_bytes("20 02 00 00");
    client->must_subscribe("t");
  }
  // Two different ids: neither took the other over.
  a.publish("t", "x");
  a.expect_publish("t", "x");
  b.expect_publish("t", "x");
  CHECK(broker.metrics.clients_connected == 2);
  CHECK(broker.log.count(" as auto-") == 2);
}

TEST_CASE("a new id is used by no other session [MQTT-3.2.2-16] [MQTT-3.1.3-6]") {
  Broker broker;
  std::set<std::string> ids;
  for (int i = 0; i < 200; ++i) {
    Client a(broker, Version::V5);
    const Packet connack = a.must_connect("", {.props = {.session_expiry_interval = 3'600}});
    REQUIRE(connack.props.assigned_client_identifier);
    CHECK(ids.insert(*connack.props.assigned_client_identifier).second);
    a.drop();
  }
  CHECK(broker.metrics.clients_total == 200);
}

// The simulator's random numbers are those of its seed, so the first id that is made is known.
TEST_CASE("a new id that is in use by chance is not given away [MQTT-3.2.2-16]") {
  const auto first_id_of = [](Broker& broker) {
    Client a(broker, Version::V5);
    return a.must_connect("").props.assigned_client_identifier.value_or("");
  };
  Broker known(7);
  const std::string id = first_id_of(known);
  check_generated(id);
  Broker same(7);
  CHECK(first_id_of(same) == id);

  Broker broker(7);
  Client owner(broker, Version::V5, id);
  const std::string other = first_id_of(broker);
  check_generated(other);
  CHECK(other != id);
  owner.expect_nothing();
}

TEST_CASE("auto_id_prefix stands in front of a new id, per listener") {
  Broker broker;
  broker.settings.listener_count = 2;
  broker.listener.auto_id_prefix = "gateway/";
  broker.settings.listeners[1].auto_id_prefix = "";
  Client a(broker, Version::V5);
  check_generated(a.must_connect("").props.assigned_client_identifier.value_or(""), "gateway/");
  Client b(broker, Version::V5, std::uint16_t{1});
  check_generated(b.must_connect("").props.assigned_client_identifier.value_or(""), "");
}

TEST_CASE("an empty id needs Clean Session in 3.1.1 [MQTT-3.1.3-8@3.1.1]") {
  Broker broker;
  Client a(broker, Version::V311);
  a.connect("", {.clean_start = false});
  a.expect_bytes("20 02 00 02");
  a.expect_closed();
  CHECK(broker.metrics.clients_total == 0);
  CHECK(broker.metrics[Cause::ClientIdentifier] == 1);
  // 5.0 lets it have a session.
  Client b(broker, Version::V5);
  CHECK(b.must_connect("", {.clean_start = false}).props.assigned_client_identifier);
}

TEST_CASE(
    "a refused id is 0x85 or return code 2, then closed [MQTT-3.1.3-8] [MQTT-3.1.3-9@3.1.1]") {
  for (const Version version : kAllVersions) {
    CAPTURE(version);
    Broker broker;
    broker.listener.allow_zero_length_clientid = false;
    Client a(broker, version);
    a.connect("");
    a.expect_bytes(version == Version::V5 ? "20 03 00 85 00" : "20 02 00 02");
    a.expect_closed();
    CHECK(broker.metrics.clients_total == 0);
    CHECK(broker.metrics[Cause::ClientIdentifier] == 1);
    Client b(broker, version);
    b.must_connect("b");
  }
}

TEST_CASE("use_username_as_clientid makes the user name the key of the session") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    broker.listener.use_username_as_clientid = true;
    Client a(broker, version, "one", {.user_name = "ada"});
    Client bob(broker, version, "one", {.user_name = "bob"});
    a.expect_nothing();  // the same id, another user: not taken over
    Client b(broker, version, "two", {.user_name = "ada"});
    a.expect_disconnect(ReasonCode::SessionTakenOver);
    bob.expect_nothing();
    CHECK(broker.log.has(" as ada ("));
  }
}

TEST_CASE("use_username_as_clientid refuses a client without user name") {
  for (const Version version : kAllVersions) {
    for (const bool empty : {false, true}) {
      CAPTURE(version);
      CAPTURE(empty);
      Broker broker;
      broker.listener.use_username_as_clientid = true;
      Client a(broker, version);
      a.connect("ada", {.user_name = empty ? std::optional<std::string>("") : std::nullopt});
      a.expect_refused(ReasonCode::NotAuthorized, ReturnCode::NotAuthorized);
      CHECK(broker.metrics.clients_total == 0);
      CHECK(broker.metrics[Cause::NotAuthorized] == 1);
    }
  }
}

TEST_CASE("use_username_as_clientid holds behind a pending decision too") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    broker.listener.use_username_as_clientid = true;
    broker.authorizer.pending = true;
    Client a(broker, version);
    a.connect("one", {.user_name = "ada"});
    broker.authorizer.decide();
    a.expect_connack();
    Client b(broker, version);
    b.connect("two", {.user_name = "ada"});
    broker.authorizer.decide();
    b.expect_connack();
    a.expect_disconnect(ReasonCode::SessionTakenOver);
  }
}

// The id that the client did not have is told, wherever it came from [MQTT-3.2.2-16]; and the user
// name does not make an empty id right where it is wrong [MQTT-3.1.3-8@3.1.1].
TEST_CASE("an empty id with use_username_as_clientid [MQTT-3.2.2-16] [MQTT-3.1.3-8@3.1.1]") {
  Broker broker;
  broker.listener.use_username_as_clientid = true;
  Client a(broker, Version::V5);
  CHECK(a.must_connect("", {.user_name = "ada"}).props.assigned_client_identifier == "ada");
  Client b(broker, Version::V311);
  b.connect("", {.clean_start = false, .user_name = "bob"});
  b.expect_bytes("20 02 00 02");
  b.expect_closed();
  Client c(broker, Version::V311);
  c.must_connect("", {.user_name = "bob"});
  CHECK(broker.log.has(" as bob ("));
}

}  // namespace
}  // namespace midge::test
