// Shared subscriptions (MQTT 5.0 section 4.8.2): their filters, and who gets what while members are
// there. 3.1 and 3.1.1 clients may have them too.
#include <algorithm>
#include <memory>

#include "tests/support/client.hpp"

namespace midge::test {
namespace {

using Clients = std::vector<std::unique_ptr<Client>>;

// Clients "m0", "m1", ... with a subscription to `filter`.
Clients members(Broker& broker, Version version, int count, std::string_view filter,
                QoS qos = kQoS0) {
  Clients clients;
  for (int i = 0; i < count; ++i) {
    clients.push_back(std::make_unique<Client>(broker, version, "m" + std::to_string(i)));
    clients.back()->must_subscribe(filter, qos);
  }
  return clients;
}

TEST_CASE("a shared filter without a proper share name or filter is malformed") {
  struct Vector {
    const char* name;
    const char* filter;
  };
  constexpr Vector kVectors[] = {
      {"nothing behind $share/ [MQTT-4.8.2-1]", "$share/"},
      {"an empty share name [MQTT-4.8.2-1]", "$share//t"},
      {"an empty share name and no filter [MQTT-4.8.2-1]", "$share//"},
      {"no filter and no slash [MQTT-4.8.2-2]", "$share/g"},
      {"no filter [MQTT-4.8.2-2]", "$share/g/"},
      {"+ as the share name [MQTT-4.8.2-2]", "$share/+/t"},
      {"# as the share name [MQTT-4.8.2-2]", "$share/#/t"},
      {"# as the share name, at the end [MQTT-4.8.2-2]", "$share/#"},
      {"+ in the share name [MQTT-4.8.2-2]", "$share/g+/t"},
      {"# in the share name [MQTT-4.8.2-2]", "$share/g#h/t"},
      {"a filter with # in the middle [MQTT-4.7.1-1]", "$share/g/#/t"},
      {"a filter with + in a level [MQTT-4.7.1-2]", "$share/g/t+"},
  };
  for (const Version version : kBothVersions) {
    for (const Vector& v : kVectors) {
      CAPTURE(version);
      CAPTURE(v.name);
      Broker broker;
      Client a(broker, version, "a");
      a.subscribe(v.filter);
      a.expect_disconnect(ReasonCode::MalformedPacket);
      Client b(broker, version, "b");
      b.unsubscribe(v.filter);
      b.expect_disconnect(ReasonCode::MalformedPacket);
    }
  }
}

TEST_CASE("what only looks like a shared filter is a plain one [MQTT-4.8.2-1]") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client a(broker, version, "a");
    for (const char* filter : {"$share", "$shared/g/t", "$Share/g/t", "/$share/g/t", "$sharex"})
      a.must_subscribe(filter);
    CHECK(broker.metrics.shared_subscriptions == 0);
    for (const char* filter : {"$share/g/t", "$share/g//", "$share/g/#", "$share/$SYS/+/x",
                               "$share/ /t", "$share/\xC3\xA9/t"})
      a.must_subscribe(filter);
    CHECK(broker.metrics.shared_subscriptions == 6);
  }
}

TEST_CASE("No Local on a shared subscription is a protocol error [MQTT-3.8.3-4]") {
  Broker broker;
  Client a(broker, Version::V5, "a");
  a.send_hex("82 10 00 01 00 00 0a 24 73 68 61 72 65 2f 67 2f 74 04");  // $share/g/t
  a.expect_disconnect(ReasonCode::ProtocolError);
  // Behind a filter that is in order, too.
  Client b(broker, Version::V5, "b");
  b.subscribe({{.filter = "t"}, {.filter = "$share/g/t", .no_local = true}});
  b.expect_disconnect(ReasonCode::ProtocolError);
  CHECK(broker.metrics.subscriptions == 0);
}

TEST_CASE("the members of a group take turns, each message goes to one of them") {
  for (const Version version : kAllVersions) {
    for (const QoS qos : kEveryQoS) {
      CAPTURE(version);
      CAPTURE(qos);
      Broker broker;
      const Clients clients = members(broker, version, 3, "$share/g/t/+", qos);
      Client publisher(broker, version, "publisher");
      std::vector<std::size_t> order;
      for (int i = 0; i < 9; ++i) {
        const std::string payload = std::to_string(i);
        publisher.must_publish("t/1", payload, qos);
        for (std::size_t m = 0; m < clients.size(); ++m) {
          const auto p = clients[m]->next();
          if (!p) continue;
          CHECK(p->topic == "t/1");
          CHECK(p->payload == payload);
          CHECK(p->qos == qos);
          clients[m]->answer(*p);
          order.push_back(m);
        }
      }
      REQUIRE(order.size() == 9);
      CHECK(order[0] != order[1]);
      CHECK(order[1] != order[2]);
      CHECK(order[2] != order[0]);
      for (std::size_t i = 3; i < order.size(); ++i) CHECK(order[i] == order[i - 3]);
    }
  }
}

TEST_CASE("members take turns within one turn of the broker as well") {
  Broker broker;
  const Clients clients = members(broker, Version::V5, 4, "$share/g/t");
  Client publisher(broker, Version::V5, "publisher");
  publisher.together([&] {
    for (int i = 0; i < 40; ++i) publisher.publish("t", std::to_string(i));
  });
  for (const auto& client : clients) {
    const auto got = client->all();
    REQUIRE(got.size() == 10);
    for (std::size_t i = 1; i < got.size(); ++i)  // in order, every fourth
      CHECK(std::stoi(got[i].payload) == std::stoi(got[i - 1].payload) + 4);
  }
}

TEST_CASE("absent members are passed by while another one is online") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    ConnectOptions keeps{.clean_start = false};
    if (version == Version::V5) keeps.props.session_expiry_interval = 100;
    Client a(broker, version, "a", keeps);
    Client b(broker, version, "b", keeps);
    Client c(broker, version, "c", keeps);
    for (Client* member : {&a, &b, &c}) member->must_subscribe("$share/g/t", kQoS1);
    a.disconnect();
    c.disconnect();
    Client publisher(broker, version, "publisher");
    for (int i = 0; i < 4; ++i) {
      publisher.must_publish("t", std::to_string(i), kQoS1);
      b.answer(b.expect_publish("t", std::to_string(i)));
    }
    for (Client* member : {&a, &c}) {
      CHECK(member->reconnect(keeps).session_present);
      member->expect_nothing();
    }
    CHECK(broker.metrics.queued_messages == 0);
  }
}

TEST_CASE(
    "each member gets its own granted QoS, Subscription Identifier and Retain As Published "
    "[MQTT-4.8.2-3]") {
  Broker broker;
  Client a(broker, Version::V5, "a");
  Client b(broker, Version::V5, "b");
  Client c(broker, Version::V311, "c");
  a.must_subscribe("$share/g/t", kQoS0,
                   {.retain_as_published = true, .props = {.subscription_identifier = 11}});
  b.must_subscribe("$share/g/t", kQoS2, {.props = {.subscription_identifier = 12}});
  c.must_subscribe("$share/g/t", kQoS1);
  Client publisher(broker, Version::V5, "publisher");
  for (int i = 0; i < 6; ++i) publisher.must_publish("t", "x", kQoS2, {.retain = true});
  for (int i = 0; i < 2; ++i) {
    Packet p = a.expect_publish("t", "x");
    CHECK(p.qos == kQoS0);
    CHECK(p.retain);
    CHECK(p.props.subscription_ids == std::vector<std::uint32_t>{11});
    p = b.expect_publish("t", "x");
    CHECK(p.qos == kQoS2);
    CHECK_FALSE(p.retain);
    CHECK(p.props.subscription_ids == std::vector<std::uint32_t>{12});
    b.answer(p);
    p = c.expect_publish("t", "x");
    CHECK(p.qos == kQoS1);
    CHECK_FALSE(p.retain);
    c.answer(p);
  }
  for (Client* member : {&a, &b, &c}) member->expect_nothing();
}

TEST_CASE("several groups and plain subscriptions get one copy each") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    const Clients first = members(broker, version, 2, "$share/g/t");
    Client other(broker, version, "other");
    other.must_subscribe("$share/h/t");
    Client wide(broker, version, "wide");
    wide.must_subscribe("$share/g/#");  // same name, other filter: another group
    Client plain(broker, version, "plain");
    plain.must_subscribe("t");
    Client publisher(broker, version, "publisher");
    for (int i = 0; i < 4; ++i) publisher.publish("t", "x");
    CHECK(first[0]->all().size() == 2);
    CHECK(first[1]->all().size() == 2);
    CHECK(other.all().size() == 4);
    CHECK(wide.all().size() == 4);
    CHECK(plain.all().size() == 4);
  }
}

TEST_CASE("a client in several groups, with a plain subscription too, gets one copy for each") {
  Broker broker;
  Client a(broker, Version::V5, "a");
  const auto with = [](std::uint32_t identifier) {
    return SubscribeOptions{.props = {.subscription_identifier = identifier}};
  };
  a.must_subscribe("$share/g/t", kQoS1, with(1));
  a.must_subscribe("t", kQoS0, with(2));
  a.must_subscribe("$share/h/t", kQoS2, with(3));
  a.must_subscribe("#", kQoS1, with(4));  // overlaps the other plain one
  a.must_subscribe("$share/g/+", kQoS0, with(5));
  Client publisher(broker, Version::V5, "publisher");
  publisher.must_publish("t", "x", kQoS2);
  std::vector<std::vector<std::uint32_t>> identifiers;
  for (int i = 0; i < 4; ++i) {
    const Packet p = a.expect_publish("t", "x");
    identifiers.push_back(p.props.subscription_ids);
    std::sort(identifiers.back().begin(), identifiers.back().end());
    a.answer(p);
  }
  a.expect_nothing();
  std::sort(identifiers.begin(), identifiers.end());
  CHECK(identifiers == std::vector<std::vector<std::uint32_t>>{{1}, {2, 4}, {3}, {5}});
}

TEST_CASE("a shared subscription gets no retained messages when it is made") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client publisher(broker, version, "publisher");
    publisher.publish("t", "kept", kQoS0, {.retain = true});
    Client a(broker, version, "a");
    a.must_subscribe("$share/g/t");
    a.must_subscribe("$share/g/t");  // nor when it is made again
    a.expect_nothing();
    a.must_subscribe("t");
    a.expect_publish("t", "kept");
    a.expect_nothing();
  }
}

TEST_CASE("$share/g/# matches no $ topic, $share/g/$x/# does [MQTT-4.7.2-1]") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client a(broker, version, "a");
    a.must_subscribe("$share/g/#");
    a.must_subscribe("$share/g/+/t");
    Client b(broker, version, "b");
    b.must_subscribe("$share/g/$x/#");
    Client publisher(broker, version, "publisher");
    publisher.publish("$x/t", "x");
    a.expect_nothing();
    b.expect_publish("$x/t", "x");
  }
}

TEST_CASE("a client that subscribes twice is one member, with the newer options") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client a(broker, version, "a");
    Client b(broker, version, "b");
    a.must_subscribe("$share/g/t", kQoS0);
    b.must_subscribe("$share/g/t", kQoS0);
    a.must_subscribe("$share/g/t", kQoS1);
    CHECK(broker.metrics.shared_subscriptions == 2);
    Client publisher(broker, version, "publisher");
    for (int i = 0; i < 4; ++i) publisher.must_publish("t", "x", kQoS1);
    const auto got = a.all();
    REQUIRE(got.size() == 2);
    CHECK(got[0].qos == kQoS1);
    CHECK(b.all().size() == 2);
  }
}

TEST_CASE("UNSUBSCRIBE with the shared filter leaves that group and nothing else") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client a(broker, version, "a");
    Client b(broker, version, "b");
    for (const char* filter : {"$share/g/t", "$share/h/t", "t"}) a.must_subscribe(filter);
    b.must_subscribe("$share/g/t");
    a.must_unsubscribe("$share/g/t");
    a.unsubscribe("$share/g/t");
    const Packet unsuback = a.expect(PacketType::Unsuback);
    if (version == Version::V5)
      CHECK(unsuback.codes == std::vector{ReasonCode::NoSubscriptionExisted});
    CHECK(broker.metrics.shared_subscriptions == 2);
    Client publisher(broker, version, "publisher");
    for (int i = 0; i < 2; ++i) publisher.publish("t", "x");
    CHECK(a.all().size() == 4);
    CHECK(b.all().size() == 2);
  }
}

TEST_CASE("a publisher that is a member may get its own message") {
  Broker broker;
  Client a(broker, Version::V5, "a");
  a.must_subscribe("$share/g/t");
  a.must_subscribe("t", kQoS0, {.no_local = true});
  a.publish("t", "x");
  a.expect_publish("t", "x");
  a.expect_nothing();
}

TEST_CASE("a group counts as a matching subscriber, members or not") {
  Broker broker;
  const ConnectOptions keeps{.clean_start = false, .props = {.session_expiry_interval = 100}};
  Client a(broker, Version::V5, "a", keeps);
  a.must_subscribe("$share/g/t", kQoS1);
  a.disconnect();
  Client publisher(broker, Version::V5, "publisher");
  publisher.publish("t", "x", kQoS1);
  publisher.expect_bytes("40 02 00 01");
  publisher.publish("u", "x", kQoS1);
  publisher.expect_bytes("40 03 00 02 10");
}

}  // namespace
}  // namespace midge::test
