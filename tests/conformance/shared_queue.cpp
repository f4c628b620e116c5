// The queue of a shared subscription's group (DESIGN.md: "The exchange of the seed story is the
// shared group"): what no online member can take waits in it, in order and within its limits.
#include "tests/support/client.hpp"

namespace midge::test {
namespace {

ConnectOptions kept_session(Version version) {
  ConnectOptions keeps{.clean_start = false};
  if (version == Version::V5) keeps.props.session_expiry_interval = 1'000;
  return keeps;
}

// A client with a session that outlives its connection and a subscription to `filter`, gone again.
void leave_member(Broker& broker, Version version, std::string_view client_id,
                  std::string_view filter = "$share/g/t", QoS qos = kQoS2) {
  Client member(broker, version, client_id, kept_session(version));
  member.must_subscribe(filter, qos);
  member.disconnect();
}

TEST_CASE("what comes while no member is online goes in order to the first that comes") {
  for (const Version version : kAllVersions) {
    CAPTURE(version);
    Broker broker;
    leave_member(broker, version, "a");
    leave_member(broker, version, "b");
    Client publisher(broker, version, "publisher");
    for (int i = 0; i < 10; ++i)
      publisher.must_publish("t", std::to_string(i), i % 2 == 0 ? kQoS1 : kQoS2);
    CHECK(broker.metrics.queued_messages == 10);

    Client b(broker, version, "b", kept_session(version));
    Client a(broker, version, "a", kept_session(version));
    for (int i = 0; i < 10; ++i) {
      const Packet p = b.expect_publish("t", std::to_string(i));
      CHECK(p.qos == (i % 2 == 0 ? kQoS1 : kQoS2));
      CHECK_FALSE(p.dup);
      b.answer(p);
    }
    b.expect_nothing();
    a.expect_nothing();
    CHECK(broker.metrics.queued_messages == 0);
    // And turns are taken again.
    publisher.must_publish("t", "x", kQoS1);
    publisher.must_publish("t", "y", kQoS1);
    CHECK(a.all().size() == 1);
    CHECK(b.all().size() == 1);
  }
}

TEST_CASE("a queue longer than any window goes out whole and in order") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    leave_member(broker, version, "a", "$share/g/t", kQoS1);
    Client publisher(broker, version, "publisher");
    for (int i = 0; i < 500; ++i) publisher.must_publish("t", std::to_string(i), kQoS1);
    ConnectOptions small = kept_session(version);
    if (version == Version::V5) small.props.receive_maximum = 3;
    Client a(broker, version, "a", small);
    for (int i = 0; i < 500; ++i) {
      const Packet p = a.expect_publish("t", std::to_string(i));
      a.answer(p);
    }
    a.expect_nothing();
    CHECK(broker.metrics.queued_messages == 0);
  }
}

TEST_CASE("QoS 0 does not wait for a member, unless queue_qos0_messages says so") {
  for (const bool queues : {false, true}) {
    for (const Version version : kBothVersions) {
      CAPTURE(queues);
      CAPTURE(version);
      Broker broker;
      broker.settings.queue_qos0_messages = queues;
      leave_member(broker, version, "a");
      Client publisher(broker, version, "publisher");
      publisher.publish("t", "zero");
      publisher.must_publish("t", "one", kQoS1);
      CHECK(broker.metrics[Cause::Offline] == (queues ? 0 : 1));
      Client a(broker, version, "a", kept_session(version));
      if (queues) CHECK(a.expect_publish("t", "zero").qos == kQoS0);
      a.answer(a.expect_publish("t", "one"));
      a.expect_nothing();
    }
  }
}

TEST_CASE("a new member that subscribes while the others are away gets what waits") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    leave_member(broker, version, "a");
    Client publisher(broker, version, "publisher");
    publisher.must_publish("t", "1", kQoS1);
    publisher.must_publish("t", "2", kQoS1);
    Client b(broker, version, "b");
    b.must_subscribe("$share/g/t", kQoS1);
    b.answer(b.expect_publish("t", "1"));
    b.answer(b.expect_publish("t", "2"));
    b.expect_nothing();
    Client a(broker, version, "a", kept_session(version));
    a.expect_nothing();
  }
}

TEST_CASE("what waits is delivered as the member that takes it has subscribed [MQTT-4.8.2-3]") {
  Broker broker;
  leave_member(broker, Version::V5, "a", "$share/g/t", kQoS2);
  Client publisher(broker, Version::V5, "publisher");
  publisher.must_publish("t", "1", kQoS2);
  Client b(broker, Version::V5, "b");
  b.must_subscribe("$share/g/t", kQoS1, {.props = {.subscription_identifier = 9}});
  const Packet p = b.expect_publish("t", "1");
  CHECK(p.qos == kQoS1);
  CHECK(p.props.subscription_ids == std::vector<std::uint32_t>{9});
}

TEST_CASE("what waits expires as elsewhere, and the remaining time is told") {
  Broker broker;
  leave_member(broker, Version::V5, "a");
  Client publisher(broker, Version::V5, "publisher");
  publisher.must_publish("t", "short", kQoS1, {.props = {.message_expiry_interval = 5}});
  publisher.must_publish("t", "long", kQoS1, {.props = {.message_expiry_interval = 50}});
  broker.advance(20s);
  Client a(broker, Version::V5, "a", kept_session(Version::V5));
  CHECK(a.expect_publish("t", "long").props.message_expiry_interval == 30);
  a.expect_nothing();
  CHECK(broker.metrics[Cause::Expired] == 1);
}

TEST_CASE("a message too large for the member that takes it is dropped and counted") {
  Broker broker;
  leave_member(broker, Version::V5, "a");
  Client publisher(broker, Version::V5, "publisher");
  publisher.must_publish("t", std::string(100, 'x'), kQoS1);
  publisher.must_publish("t", "small", kQoS1);
  ConnectOptions narrow = kept_session(Version::V5);
  narrow.props.maximum_packet_size = 50;
  Client a(broker, Version::V5, "a", narrow);
  a.expect_publish("t", "small");
  a.expect_nothing();
  CHECK(broker.metrics[Cause::TooLargeForClient] == 1);
}

// ---- its limits

TEST_CASE("drop_new: a full group queue drops what comes and counts it") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    broker.limits.group_queued_messages = 2;
    leave_member(broker, version, "a");
    Client publisher(broker, version, "publisher");
    for (const char* payload : {"1", "2", "3", "4"}) publisher.must_publish("t", payload, kQoS1);
    CHECK(broker.metrics[Cause::QueueMessages] == 2);
    CHECK(broker.metrics.publish_dropped == 2);
    Client a(broker, version, "a", kept_session(version));
    a.answer(a.expect_publish("t", "1"));
    a.answer(a.expect_publish("t", "2"));
    a.expect_nothing();
  }
}

TEST_CASE("drop_old: a full group queue drops its oldest message and counts it") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    broker.limits.group_queued_messages = 2;
    broker.settings.queue_full = settings::QueueFull::DropOld;
    leave_member(broker, version, "a");
    Client publisher(broker, version, "publisher");
    for (const char* payload : {"1", "2", "3", "4"}) publisher.must_publish("t", payload, kQoS1);
    CHECK(broker.metrics[Cause::QueueMessages] == 2);
    Client a(broker, version, "a", kept_session(version));
    a.answer(a.expect_publish("t", "3"));
    a.answer(a.expect_publish("t", "4"));
    a.expect_nothing();
  }
}

TEST_CASE("refuse: the publisher is told of a full group queue") {
  Broker broker;
  broker.limits.group_queued_messages = 1;
  broker.settings.queue_full = settings::QueueFull::Refuse;
  leave_member(broker, Version::V5, "a");
  Client publisher(broker, Version::V5, "publisher", {.props = {.request_problem_information = 0}});
  publisher.must_publish("t", "1", kQoS1);
  publisher.publish("t", "2", kQoS1);
  publisher.expect_bytes("40 03 00 02 97");
  publisher.publish("t", "3", kQoS2);
  publisher.expect_bytes("50 03 00 03 97");
  Client a(broker, Version::V5, "a", kept_session(Version::V5));
  a.answer(a.expect_publish("t", "1"));
  publisher.must_publish("t", "4", kQoS1);
  a.expect_publish("t", "4");
  a.expect_nothing();
}

TEST_CASE("with a group queue limit of 0 nothing waits, and online members are served") {
  for (const auto full :
       {settings::QueueFull::DropNew, settings::QueueFull::DropOld, settings::QueueFull::Refuse}) {
    CAPTURE(static_cast<int>(full));
    Broker broker;
    broker.limits.group_queued_messages = 0;
    broker.settings.queue_full = full;
    Client a(broker, Version::V5, "a", kept_session(Version::V5));
    a.must_subscribe("$share/g/t", kQoS1);
    Client publisher(broker, Version::V5, "publisher",
                     {.props = {.request_problem_information = 0}});
    publisher.must_publish("t", "there", kQoS1);
    a.answer(a.expect_publish("t", "there"));
    a.disconnect();
    publisher.publish("t", "away", kQoS1);
    publisher.expect_bytes(full == settings::QueueFull::Refuse ? "40 03 00 02 97" : "40 02 00 02");
    CHECK(broker.metrics.queued_messages == 0);
    if (full != settings::QueueFull::Refuse) CHECK(broker.metrics[Cause::QueueMessages] == 1);
    a.reconnect(kept_session(Version::V5));
    a.expect_nothing();
  }
}

TEST_CASE("what waits in groups counts against the limit of all queues together") {
  Broker broker;
  broker.limits.total_queued_messages = 2;
  leave_member(broker, Version::V5, "a", "$share/g/t");
  leave_member(broker, Version::V5, "b", "$share/h/t");
  Client publisher(broker, Version::V5, "publisher");
  publisher.must_publish("t", "1", kQoS1);  // one for each group
  publisher.must_publish("t", "2", kQoS1);
  CHECK(broker.metrics.queued_messages == 2);
  CHECK(broker.metrics[Cause::QueueTotal] == 2);
  for (const char* member : {"a", "b"}) {
    Client back(broker, Version::V5, member, kept_session(Version::V5));
    back.answer(back.expect_publish("t", "1"));
    back.expect_nothing();
  }
}

// ---- its end

TEST_CASE("the queue lives while any session is subscribed") {
  Broker broker;
  ConnectOptions short_lived = kept_session(Version::V5);
  short_lived.props.session_expiry_interval = 10;
  Client a(broker, Version::V5, "a", short_lived);
  a.must_subscribe("$share/g/t", kQoS1);
  a.disconnect();
  leave_member(broker, Version::V5, "b");
  Client publisher(broker, Version::V5, "publisher");
  publisher.must_publish("t", "x", kQoS1);
  broker.advance(60s);  // the session of a is over
  CHECK(broker.metrics.shared_subscriptions == 1);
  CHECK(broker.metrics.queued_messages == 1);
  Client b(broker, Version::V5, "b", kept_session(Version::V5));
  b.expect_publish("t", "x");
}

TEST_CASE("when the last member leaves, its group's queue goes with it and is counted") {
  for (const char* how : {"unsubscribe", "clean start", "expiry"}) {
    CAPTURE(how);
    Broker broker;
    ConnectOptions options = kept_session(Version::V5);
    options.props.session_expiry_interval = 10;
    Client a(broker, Version::V5, "a", options);
    a.must_subscribe("$share/g/t", kQoS1);
    a.disconnect();
    Client publisher(broker, Version::V5, "publisher");
    for (const char* payload : {"1", "2", "3"}) publisher.must_publish("t", payload, kQoS1);
    CHECK(broker.metrics.queued_messages == 3);
    if (how == std::string_view("expiry")) {
      broker.advance(30s);
      CHECK(broker.metrics[Cause::SessionEnded] == 3);
    } else if (how == std::string_view("clean start")) {
      a.reconnect({.clean_start = true});
      a.expect_nothing();
      CHECK(broker.metrics[Cause::SessionEnded] == 3);
    } else {
      // The member comes, takes what waits, and leaves the group: it keeps what it was given.
      a.reconnect(options);
      a.must_unsubscribe("$share/g/t");
      CHECK(a.all().size() == 3);
      a.drop();
      broker.advance(30s);
    }
    CHECK(broker.metrics.queued_messages == 0);
    CHECK(broker.metrics.shared_subscriptions == 0);
    CHECK(broker.metrics.subscriptions == 0);
    // A new group of that name begins empty.
    Client b(broker, Version::V5, "b");
    b.must_subscribe("$share/g/t", kQoS1);
    b.expect_nothing();
    publisher.must_publish("t", "new", kQoS1);
    b.expect_publish("t", "new");
  }
}

}  // namespace
}  // namespace midge::test
