// What the broker may hold at most (broker/settings/limits.hpp): each limit is kept, refuses by the
// spec's own code, counts what it refused, and may be zero. Queues are in limits_queue.cpp,
// connections and sessions in connect_limits.cpp.
#include "tests/support/client.hpp"

namespace midge::test {
namespace {

// What a PUBLISH with QoS 1 is answered when it is refused by `reason`; before 5.0 it is
// acknowledged and dropped.
void check_refused(Client& client, std::string_view topic, std::string_view payload,
                   const PublishOptions& options, ReasonCode reason, Where where = Where::here()) {
  const PacketIdentifier id = client.publish(topic, payload, kQoS1, options);
  const Packet puback = client.expect(PacketType::Puback, where);
  CHECK(puback.packet_id == id);
  CHECK(puback.reason == (client.version() == Version::V5 ? reason : ReasonCode::Success));
  client.expect_nothing(where);
}

ReasonCode failure(Version version, ReasonCode reason) {
  return version == Version::V5 ? reason : static_cast<ReasonCode>(0x80);
}

// ---- sessions, connections

TEST_CASE("with a limit of no sessions nobody comes in") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    broker.limits.sessions = 0;
    Client a(broker, version);
    a.connect("a");
    a.expect_refused(ReasonCode::QuotaExceeded, ReturnCode::ServerUnavailable);
    CHECK(broker.metrics[Cause::SessionLimit] == 1);
    CHECK(broker.metrics.clients_connected == 0);
  }
}

TEST_CASE("a session that waits for its client counts against the limit of sessions") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    broker.limits.sessions = 1;
    ConnectOptions keeps{.clean_start = false};
    if (version == Version::V5) keeps.props.session_expiry_interval = 10;
    Client a(broker, version, "a", keeps);
    a.disconnect();
    Client b(broker, version);
    b.connect("b");
    b.expect_refused(ReasonCode::QuotaExceeded, ReturnCode::ServerUnavailable);
    CHECK(broker.metrics[Cause::SessionLimit] == 1);
    a.reconnect();  // its own place, even for a new session
    a.disconnect();
    b.reconnect();
  }
}

// ---- subscriptions

TEST_CASE("a subscription beyond the limit is refused alone with 97 and counted") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    broker.limits.subscriptions = 3;
    Client other(broker, version, "other");
    other.must_subscribe("o");  // all sessions share the limit
    Client a(broker, version, "a");
    const ReasonCode refused = failure(version, ReasonCode::QuotaExceeded);
    a.subscribe({{.filter = "1"}, {.filter = "$share/g/2"}, {.filter = "3"}, {.filter = "1"}});
    // The last one replaces, which takes no place.
    CHECK(a.expect(PacketType::Suback).codes ==
          std::vector{ReasonCode::Success, ReasonCode::Success, refused, ReasonCode::Success});
    a.subscribe("$share/g/3");
    CHECK(a.expect(PacketType::Suback).codes == std::vector{refused});
    CHECK(broker.metrics[Cause::SubscriptionLimit] == 2);
    CHECK(broker.metrics.subscriptions == 3);
    other.publish("3", "x");
    a.expect_nothing();

    a.must_unsubscribe("1");  // each way to end a subscription gives its place back
    a.must_subscribe("4");
    other.disconnect();
    a.must_subscribe("5");
    CHECK(broker.metrics.subscriptions == 3);
  }
}

TEST_CASE("with a limit of no subscriptions all are refused") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    broker.limits.subscriptions = 0;
    Client a(broker, version, "a");
    const ReasonCode refused = failure(version, ReasonCode::QuotaExceeded);
    a.subscribe({{.filter = "t"}, {.filter = "#"}, {.filter = "$share/g/t"}});
    CHECK(a.expect(PacketType::Suback).codes == std::vector(3, refused));
    CHECK(broker.metrics[Cause::SubscriptionLimit] == 3);
    a.must_publish("t", "x", kQoS1);
    a.expect_nothing();
  }
}

// ---- retained messages

TEST_CASE("a retained message beyond the limit is refused with 97 and counted") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    broker.limits.retained_messages = 2;
    ConnectOptions quiet;
    if (version == Version::V5) quiet.props.request_problem_information = 0;
    Client a(broker, version, "a", quiet);
    Client watcher(broker, version, "watcher");
    watcher.must_subscribe("+");
    a.must_publish("1", "x", kQoS1, {.retain = true});
    a.must_publish("2", "x", kQoS1, {.retain = true});
    CHECK(watcher.all().size() == 2);
    check_refused(a, "3", "x", {.retain = true}, ReasonCode::QuotaExceeded);
    watcher.expect_nothing();  // a refused PUBLISH goes to nobody
    a.publish("3", "x", kQoS0, {.retain = true});
    a.expect_nothing();
    watcher.expect_publish("3", "x");  // QoS 0 can't be refused: it is not kept
    CHECK(broker.metrics[Cause::RetainedLimit] == 2);
    CHECK(broker.metrics.retained_messages == 2);

    a.must_publish("1", "new", kQoS1, {.retain = true});  // replaces
    a.must_publish("2", "", kQoS1, {.retain = true});     // makes room
    a.must_publish("3", "x", kQoS1, {.retain = true});
    CHECK(broker.metrics.retained_messages == 2);
    CHECK(broker.metrics[Cause::RetainedLimit] == 2);
  }
}

TEST_CASE("a retained message that expires makes room for another") {
  Broker broker;
  broker.limits.retained_messages = 1;
  Client a(broker, Version::V5, "a", {.props = {.request_problem_information = 0}});
  a.must_publish("1", "x", kQoS1, {.retain = true, .props = {.message_expiry_interval = 10}});
  check_refused(a, "2", "x", {.retain = true}, ReasonCode::QuotaExceeded);
  broker.advance(12s);
  CHECK(broker.metrics.retained_messages == 0);
  a.must_publish("2", "x", kQoS1, {.retain = true});
}

TEST_CASE("with a limit of no retained messages they are not available: CONNACK says so, then 9A") {
  for (const Version version : kBothVersions) {
    for (const char* payload : {"x", ""}) {
      CAPTURE(version);
      CAPTURE(std::string(payload));
      Broker broker;
      broker.limits.retained_messages = 0;
      Client a(broker, version);
      const Packet connack = a.must_connect("a");
      if (version == Version::V5) CHECK(connack.props.retain_available == std::uint8_t{0});
      a.must_publish("t", "x", kQoS1);
      a.publish("t", payload, kQoS1, {.retain = true});
      a.expect_disconnect(ReasonCode::RetainNotSupported);
      CHECK(broker.metrics[Cause::RetainNotSupported] == 1);
      Client b(broker, version);
      b.connect("b", {.will = Will{.topic = "t", .payload = "x", .retain = true}});
      b.expect_refused(ReasonCode::RetainNotSupported, ReturnCode::NotAuthorized);
    }
  }
}

TEST_CASE("a will larger than the payload limit is refused with 95") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    broker.limits.payload_bytes = 2;
    Client a(broker, version, "a", {.will = Will{.topic = "t", .payload = "12"}});
    Client b(broker, version);
    b.connect("b", {.will = Will{.topic = "t", .payload = "123"}});
    b.expect_refused(ReasonCode::PacketTooLarge, std::nullopt);
    CHECK(broker.metrics[Cause::PayloadTooLarge] == 1);
  }
}

// ---- topic levels

TEST_CASE("a topic name with too many levels is refused alone with 90 and counted") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    broker.limits.topic_levels = 3;
    ConnectOptions quiet;
    if (version == Version::V5) quiet.props.request_problem_information = 0;
    Client a(broker, version, "a", quiet);
    a.must_subscribe("#");
    a.publish("a/b/c", "x");
    a.expect_publish("a/b/c", "x");
    a.publish("//", "x");
    a.expect_publish("//", "x");
    for (const char* topic : {"a/b/c/d", "///", "a/b/c/"}) {
      CAPTURE(topic);
      check_refused(a, topic, "x", {}, ReasonCode::TopicNameInvalid);
      check_refused(a, topic, "x", {.retain = true}, ReasonCode::TopicNameInvalid);
      a.publish(topic, "x");
      a.expect_nothing();
    }
    CHECK(broker.metrics[Cause::TopicInvalid] == 9);
    CHECK(broker.metrics.retained_messages == 0);
    const PacketIdentifier id = a.publish("a/b/c/d", "x", kQoS2);
    const Packet pubrec = a.expect(PacketType::Pubrec);
    CHECK(pubrec.packet_id == id);
    CHECK(pubrec.reason ==
          (version == Version::V5 ? ReasonCode::TopicNameInvalid : ReasonCode::Success));
  }
}

TEST_CASE("a will with too many levels in its topic is refused with 90") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    broker.limits.topic_levels = 3;
    Client a(broker, version);
    a.connect("a", {.will = Will{.topic = "a/b/c/d", .payload = "x"}});
    a.expect_refused(ReasonCode::TopicNameInvalid, std::nullopt);
    Client b(broker, version, "b", {.will = Will{.topic = "a/b/c", .payload = "x"}});
    CHECK(broker.metrics[Cause::TopicInvalid] == 1);
  }
}

TEST_CASE("a filter with too many levels is refused alone with 8F and counted") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    broker.limits.topic_levels = 3;
    Client a(broker, version, "a");
    const ReasonCode refused = failure(version, ReasonCode::TopicFilterInvalid);
    a.subscribe({{.filter = "a/b/c"},
                 {.filter = "a/b/c/d"},
                 {.filter = "a/+/#"},
                 {.filter = "+/+/+/#"},
                 {.filter = "$share/g/a/b/c"},  // the share name is no level
                 {.filter = "$share/g/a/b/c/d"}});
    CHECK(a.expect(PacketType::Suback).codes == std::vector{ReasonCode::Success, refused,
                                                            ReasonCode::Success, refused,
                                                            ReasonCode::Success, refused});
    CHECK(broker.metrics[Cause::FilterInvalid] == 3);
    CHECK(broker.metrics.subscriptions == 3);
    a.unsubscribe("a/b/c/d");
    const Packet unsuback = a.expect(PacketType::Unsuback);
    if (version == Version::V5)
      CHECK(unsuback.codes == std::vector{ReasonCode::NoSubscriptionExisted});
    a.expect_nothing();
  }
}

TEST_CASE("with a limit of no topic levels every topic is refused, and the connection lives") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    broker.limits.topic_levels = 0;
    ConnectOptions quiet;
    if (version == Version::V5) quiet.props.request_problem_information = 0;
    Client a(broker, version, "a", quiet);
    a.subscribe({{.filter = "t"}, {.filter = "#"}});
    CHECK(a.expect(PacketType::Suback).codes ==
          std::vector(2, failure(version, ReasonCode::TopicFilterInvalid)));
    check_refused(a, "t", "x", {}, ReasonCode::TopicNameInvalid);
    a.ping();
    a.expect(PacketType::Pingresp);
  }
}

// ---- sizes

TEST_CASE("a packet of the maximum size passes, one byte more ends the connection with 95") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    broker.limits.packet_bytes = 40;
    Client a(broker, version, "a");
    a.must_subscribe("t");
    const std::string fitting(version == Version::V5 ? 34 : 35, 'x');  // 40 bytes in all
    a.publish("t", fitting);
    a.expect_publish("t", fitting);
    // Its fixed header is enough to know.
    a.send_hex("30 27");
    a.expect_disconnect(ReasonCode::PacketTooLarge);
    CHECK(broker.metrics[Cause::PacketTooLarge] == 1);

    // Every type counts.
    Client b(broker, version, "b");
    b.subscribe(std::string(40, 'x'));
    b.expect_disconnect(ReasonCode::PacketTooLarge);
    CHECK(broker.metrics[Cause::PacketTooLarge] == 2);
    Client c(broker, version);
    c.connect(std::string(40, 'c'));
    c.expect_closed();
    CHECK(broker.metrics[Cause::PacketTooLarge] == 3);
  }
}

TEST_CASE("with a packet size of 0 nothing is read, CONNECT included") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    broker.limits.packet_bytes = 0;
    Client a(broker, version);
    a.connect("a");
    a.expect_closed();
    CHECK(broker.metrics[Cause::PacketTooLarge] == 1);
  }
}

TEST_CASE("with a payload size of 0 only empty payloads pass") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    broker.limits.payload_bytes = 0;
    ConnectOptions quiet;
    if (version == Version::V5) quiet.props.request_problem_information = 0;
    Client a(broker, version, "a", quiet);
    a.must_subscribe("t");
    a.publish("t", "");
    a.expect_publish("t", "");
    a.publish("t", "x");
    a.expect_nothing();
    check_refused(a, "t", "x", {}, ReasonCode::QuotaExceeded);
    CHECK(broker.metrics[Cause::PayloadTooLarge] == 2);
  }
}

// ---- topic aliases, in flight

TEST_CASE("with no topic aliases CONNACK offers none, using one ends the connection with 94") {
  Broker broker;
  broker.listener.max_topic_alias = 0;
  broker.listener.max_topic_alias_broker = 0;
  Client a(broker, Version::V5);
  a.connect("a", {.props = {.topic_alias_maximum = 10}});
  CHECK_FALSE(a.expect_connack().props.topic_alias_maximum);
  a.must_subscribe("topic/long/enough");
  for (int i = 0; i < 3; ++i) {
    a.publish("topic/long/enough", "x");
    CHECK_FALSE(a.expect_publish("topic/long/enough", "x").props.topic_alias);
  }
  a.publish("t", "x", kQoS0, {.props = {.topic_alias = 1}});
  a.expect_disconnect(ReasonCode::TopicAliasInvalid);
  CHECK(broker.metrics[Cause::TopicAliasInvalid] == 1);
}

TEST_CASE("a limit of 0 messages in flight stands for 65,535") {
  Broker broker;
  broker.limits.inflight_messages = 0;
  broker.limits.queued_messages = 10;
  Client a(broker, Version::V5);
  a.connect("a");
  CHECK_FALSE(a.expect_connack().props.receive_maximum);  // as 65,535 is written
  a.must_subscribe("t", kQoS1);
  Client publisher(broker, Version::V5, "publisher");
  for (int i = 0; i < 500; ++i) publisher.must_publish("t", "x", kQoS1);
  CHECK(a.all().size() == 500);
}

TEST_CASE("with 0 payload bytes in flight one message is on its way at a time") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    broker.limits.inflight_bytes = 0;
    Client a(broker, version, "a");
    a.must_subscribe("t", kQoS1);
    Client publisher(broker, version, "publisher");
    for (const char* payload : {"1", "2", "3"}) publisher.must_publish("t", payload, kQoS1);
    for (const char* payload : {"1", "2", "3"}) {
      const Packet p = a.expect_publish("t", payload);
      a.expect_nothing();
      a.answer(p);
    }
  }
}

}  // namespace
}  // namespace midge::test
