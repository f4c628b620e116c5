// The queue of a session and what becomes of messages beyond it: queue_full, max_queued_messages,
// max_queued_bytes, the limit of all queues together, queue_qos0_messages.
#include "tests/support/client.hpp"

namespace midge::test {
namespace {

using settings::QueueFull;

ConnectOptions kept_session(Version version) {
  ConnectOptions keeps{.clean_start = false};
  if (version == Version::V5) keeps.props.session_expiry_interval = 1'000;
  return keeps;
}

// A session of that name, away, with a subscription to "t".
void leave_session(Broker& broker, Version version, std::string_view client_id, QoS qos = kQoS2) {
  Client client(broker, version, client_id, kept_session(version));
  client.must_subscribe("t", qos);
  client.disconnect();
}

// Everything that waits for it, payloads one behind the other.
std::string collect(Broker& broker, Version version, std::string_view client_id) {
  Client client(broker, version, client_id, kept_session(version));
  std::string payloads;
  for (;;) {
    const auto packet = client.next();
    if (!packet) return payloads;
    REQUIRE(packet->type == PacketType::Publish);
    payloads += packet->payload + " ";
    client.answer(*packet);
  }
}

void publish_numbers(Broker& broker, Version version, int count, QoS qos = kQoS1) {
  Client publisher(broker, version, "publisher");
  for (int i = 1; i <= count; ++i) publisher.must_publish("t", std::to_string(i), qos);
}

TEST_CASE("drop_new: a full queue drops what comes and counts it") {
  for (const Version version : kAllVersions) {
    for (const QoS qos : {kQoS1, kQoS2}) {
      CAPTURE(version);
      CAPTURE(qos);
      Broker broker;
      broker.limits.queued_messages = 3;
      leave_session(broker, version, "a");
      publish_numbers(broker, version, 5, qos);
      CHECK(broker.metrics[Cause::QueueMessages] == 2);
      CHECK(broker.metrics.publish_dropped == 2);
      CHECK(collect(broker, version, "a") == "1 2 3 ");
    }
  }
}

TEST_CASE("drop_old: a full queue drops its oldest message and counts it") {
  for (const Version version : kAllVersions) {
    CAPTURE(version);
    Broker broker;
    broker.limits.queued_messages = 3;
    broker.settings.queue_full = QueueFull::DropOld;
    leave_session(broker, version, "a");
    publish_numbers(broker, version, 5);
    CHECK(broker.metrics[Cause::QueueMessages] == 2);
    CHECK(broker.metrics.publish_dropped == 2);
    CHECK(collect(broker, version, "a") == "3 4 5 ");
  }
}

TEST_CASE("refuse: a full queue refuses the publisher with 97, for all receivers, and counts it") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    broker.limits.queued_messages = 1;
    broker.settings.queue_full = QueueFull::Refuse;
    leave_session(broker, version, "a");
    Client other(broker, version, "other");
    other.must_subscribe("t", kQoS2);
    ConnectOptions quiet;
    if (version == Version::V5) quiet.props.request_problem_information = 0;
    Client publisher(broker, version, "publisher", quiet);
    publisher.must_publish("t", "1", kQoS1);
    other.answer(other.expect_publish("t", "1"));

    publisher.publish("t", "2", kQoS1);
    // Before 5.0 there is no refusal: acknowledged and dropped.
    publisher.expect_bytes(version == Version::V5 ? "40 03 00 02 97" : "40 02 00 02");
    publisher.publish("t", "3", kQoS2);
    publisher.expect_bytes(version == Version::V5 ? "50 03 00 03 97" : "50 02 00 03");
    CHECK(broker.metrics[Cause::QueueMessages] == 2);
    CHECK(broker.metrics.publish_dropped == 2);
    other.expect_nothing();
    // QoS 0 has no answer: it is for who can take it.
    publisher.publish("t", "4");
    other.expect_publish("t", "4");

    CHECK(collect(broker, version, "a") == "1 ");
    publisher.must_publish("t", "5", kQoS1);
    other.expect_publish("t", "5");
  }
}

TEST_CASE("refuse: a refused QoS 2 PUBLISH leaves its Packet Identifier free") {
  Broker broker;
  broker.limits.queued_messages = 1;
  broker.settings.queue_full = QueueFull::Refuse;
  leave_session(broker, Version::V5, "a");
  Client publisher(broker, Version::V5, "publisher");
  publisher.must_publish("t", "1", kQoS2);
  publisher.publish("t", "2", kQoS2, {.packet_id = 9});
  CHECK(publisher.expect(PacketType::Pubrec).reason == ReasonCode::QuotaExceeded);
  CHECK(collect(broker, Version::V5, "a") == "1 ");
  // The same identifier is a new message.
  publisher.must_publish("t", "3", kQoS2, {.packet_id = 9});
  CHECK(collect(broker, Version::V5, "a") == "3 ");
}

TEST_CASE("a queue holds what is beyond those in flight") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    broker.limits.inflight_messages = 2;
    broker.limits.queued_messages = 3;
    Client a(broker, version, "a");
    a.must_subscribe("t", kQoS1);
    publish_numbers(broker, version, 7);
    CHECK(broker.metrics[Cause::QueueMessages] == 2);
    for (const char* payload : {"1", "2", "3", "4", "5"}) {
      const Packet p = a.expect_publish("t", payload);
      a.answer(p);
    }
    a.expect_nothing();
    publish_numbers(broker, version, 1);
    a.expect_publish("t", "1");
  }
}

TEST_CASE("a client that keeps up loses nothing to a short queue") {
  struct Vector {
    const char* name;
    std::uint32_t messages;
    std::uint32_t bytes;
    std::uint32_t total;
  };
  constexpr std::uint32_t kNone = settings::kUnlimited;
  constexpr Vector kVectors[] = {
      {"no message waits", 0, kNone, kNone},   {"one message", 1, kNone, kNone},
      {"five messages", 5, kNone, kNone},      {"no byte waits", kNone, 0, kNone},
      {"1,000 bytes", kNone, 1'000, kNone},    {"no message of all", kNone, kNone, 0},
      {"one message of all", kNone, kNone, 1},
  };
  for (const Version version : kBothVersions) {
    for (const QoS qos : kEveryQoS) {
      for (const Vector& v : kVectors) {
        CAPTURE(version);
        CAPTURE(qos);
        CAPTURE(v.name);
        Broker broker;
        broker.limits.queued_messages = v.messages;
        broker.limits.queued_bytes = v.bytes;
        broker.limits.total_queued_messages = v.total;
        Client a(broker, version, "a");
        a.must_subscribe("t", kQoS1);
        Client publisher(broker, version, "publisher");
        // One at a time, and ten in one piece; 300 bytes and 900 alternate.
        for (int i = 0; i < 4; ++i) {
          const std::string payload(i % 2 == 0 ? 300 : 900, 'x');
          publisher.must_publish("t", payload, qos);
          a.answer(a.expect_publish("t", payload));
        }
        publisher.together([&] {
          for (int i = 0; i < 10; ++i)
            publisher.publish("t", std::string(i % 2 == 0 ? 300 : 900, 'x'), qos);
        });
        for (int i = 0; i < 10; ++i) a.answer(a.expect_publish());
        a.expect_nothing();
        CHECK(broker.metrics.publish_dropped == 0);
      }
    }
  }
}

TEST_CASE("with a queue of 0 messages nothing waits for an absent client, and it is counted") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    broker.limits.queued_messages = 0;
    leave_session(broker, version, "a");
    publish_numbers(broker, version, 2);
    CHECK(broker.metrics[Cause::QueueMessages] == 2);
    CHECK(broker.metrics.queued_messages == 0);
    CHECK(collect(broker, version, "a").empty());
  }
}

TEST_CASE("a client that does not read gets no more than its queue, QoS 0 included") {
  Broker broker;
  broker.limits.queued_messages = 10;
  Client a(broker, Version::V5, "a");
  a.must_subscribe("t");
  a.link().options().client_window = 100;
  a.link().options().send_buffer = 10'000;
  a.link().stop_reading();
  Client publisher(broker, Version::V5, "publisher");
  for (int i = 0; i < 100; ++i) publisher.publish("t", std::string(1'000, 'x'));
  const std::uint64_t dropped = broker.metrics[Cause::QueueMessages];
  CHECK(dropped >= 70);
  CHECK(broker.metrics.queued_messages <= 11);
  a.link().start_reading();
  CHECK(a.all().size() == 100 - dropped);
}

// ---- bytes

TEST_CASE("max_queued_bytes bounds the payloads that wait, and is counted as such") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    broker.limits.queued_bytes = 10;
    leave_session(broker, version, "a");
    Client publisher(broker, version, "publisher");
    for (const char* payload : {"aaaa", "bbbb", "ccc", "dd", "", "e"})
      publisher.must_publish("t", payload, kQoS1);
    CHECK(broker.metrics[Cause::QueueBytes] == 2);
    CHECK(broker.metrics[Cause::QueueMessages] == 0);
    CHECK(collect(broker, version, "a") == "aaaa bbbb dd  ");
  }
}

TEST_CASE("max_queued_bytes with drop_old: as many of the oldest go as it takes") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    broker.limits.queued_bytes = 10;
    broker.settings.queue_full = QueueFull::DropOld;
    leave_session(broker, version, "a");
    Client publisher(broker, version, "publisher");
    for (const char* payload : {"aaa", "bbb", "cc", "dddddd"})
      publisher.must_publish("t", payload, kQoS1);
    CHECK(broker.metrics[Cause::QueueBytes] == 2);
    CHECK(collect(broker, version, "a") == "cc dddddd ");
  }
}

TEST_CASE("a message that is larger than max_queued_bytes drives nothing out") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    broker.limits.queued_bytes = 10;
    broker.settings.queue_full = QueueFull::DropOld;
    leave_session(broker, version, "a");
    Client publisher(broker, version, "publisher");
    for (const char* payload : {"aaaa", "bbbb", "12345678901"})
      publisher.must_publish("t", payload, kQoS1);
    CHECK(broker.metrics[Cause::QueueBytes] == 1);
    CHECK(collect(broker, version, "a") == "aaaa bbbb ");
  }
}

TEST_CASE("with 0 queued bytes only empty payloads wait") {
  Broker broker;
  broker.limits.queued_bytes = 0;
  leave_session(broker, Version::V5, "a");
  Client publisher(broker, Version::V5, "publisher");
  for (const char* payload : {"", "x", ""}) publisher.must_publish("t", payload, kQoS1);
  CHECK(broker.metrics[Cause::QueueBytes] == 1);
  CHECK(collect(broker, Version::V5, "a") == "  ");
}

// ---- all queues together

TEST_CASE("the limit of all queues together is kept and counted as such") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    broker.limits.total_queued_messages = 3;
    leave_session(broker, version, "a");
    leave_session(broker, version, "b");
    publish_numbers(broker, version, 3);  // six deliveries
    CHECK(broker.metrics.queued_messages == 3);
    CHECK(broker.metrics[Cause::QueueTotal] == 3);
    const std::string at_a = collect(broker, version, "a");
    const std::string at_b = collect(broker, version, "b");
    CHECK(at_a.size() + at_b.size() == 6);  // "1 2 " and "1 "
    CHECK(at_a.substr(0, 2) == "1 ");
    CHECK(at_b.substr(0, 2) == "1 ");
    // What has left makes room.
    publish_numbers(broker, version, 1);
    CHECK(collect(broker, version, "a") == "1 ");
    CHECK(collect(broker, version, "b") == "1 ");
  }
}

TEST_CASE("what is in flight does not wait, so it takes no place of all queues together") {
  Broker broker;
  broker.limits.total_queued_messages = 2;
  Client busy(broker, Version::V5, "busy");
  busy.must_subscribe("busy", kQoS1);
  Client publisher(broker, Version::V5, "other publisher");
  for (int i = 0; i < 5; ++i) publisher.must_publish("busy", "x", kQoS1);
  CHECK(busy.all().size() == 5);  // and acknowledges none
  leave_session(broker, Version::V5, "a");
  publish_numbers(broker, Version::V5, 3);
  CHECK(broker.metrics[Cause::QueueTotal] == 1);
  CHECK(collect(broker, Version::V5, "a") == "1 2 ");
}

TEST_CASE("the limit of all queues together with drop_old: a session gives up its own oldest") {
  Broker broker;
  broker.limits.total_queued_messages = 3;
  broker.settings.queue_full = QueueFull::DropOld;
  leave_session(broker, Version::V5, "a");
  publish_numbers(broker, Version::V5, 5);
  CHECK(broker.metrics[Cause::QueueTotal] == 2);
  CHECK(collect(broker, Version::V5, "a") == "3 4 5 ");
}

TEST_CASE("the limit of all queues together with refuse: the publisher is told") {
  Broker broker;
  broker.limits.total_queued_messages = 1;
  broker.settings.queue_full = QueueFull::Refuse;
  leave_session(broker, Version::V5, "a");
  Client publisher(broker, Version::V5, "publisher", {.props = {.request_problem_information = 0}});
  publisher.must_publish("t", "1", kQoS1);
  publisher.publish("t", "2", kQoS1);
  publisher.expect_bytes("40 03 00 02 97");
  CHECK(broker.metrics[Cause::QueueTotal] == 1);
  CHECK(collect(broker, Version::V5, "a") == "1 ");
}

TEST_CASE("with a limit of 0 for all queues together nothing waits") {
  Broker broker;
  broker.limits.total_queued_messages = 0;
  leave_session(broker, Version::V5, "a");
  publish_numbers(broker, Version::V5, 2);
  CHECK(broker.metrics[Cause::QueueTotal] == 2);
  CHECK(collect(broker, Version::V5, "a").empty());
}

// ---- QoS 0

TEST_CASE("QoS 0 does not wait for an absent client, unless queue_qos0_messages says so") {
  for (const Version version : kBothVersions) {
    for (const bool queues : {false, true}) {
      CAPTURE(version);
      CAPTURE(queues);
      Broker broker;
      broker.settings.queue_qos0_messages = queues;
      leave_session(broker, version, "a");
      Client publisher(broker, version, "publisher");
      publisher.publish("t", "zero");
      publisher.must_publish("t", "one", kQoS1);
      publisher.publish("t", "more");
      CHECK(broker.metrics[Cause::Offline] == (queues ? 0 : 2));
      CHECK(collect(broker, version, "a") == (queues ? "zero one more " : "one "));
    }
  }
}

TEST_CASE("queue_qos0_messages: QoS 0 counts against the queue's limits as others do") {
  Broker broker;
  broker.settings.queue_qos0_messages = true;
  broker.limits.queued_messages = 2;
  leave_session(broker, Version::V5, "a");
  Client publisher(broker, Version::V5, "publisher");
  for (const char* payload : {"1", "2", "3"}) publisher.publish("t", payload);
  CHECK(broker.metrics[Cause::QueueMessages] == 1);
  CHECK(collect(broker, Version::V5, "a") == "1 2 ");
}

TEST_CASE("QoS 0 that waited for a slow client goes with its connection, QoS 1 does not") {
  for (const bool queues : {false, true}) {
    CAPTURE(queues);
    Broker broker;
    broker.settings.queue_qos0_messages = queues;
    broker.limits.inflight_messages = 1;
    Client a(broker, Version::V5, "a", kept_session(Version::V5));
    a.must_subscribe("t", kQoS1);
    Client publisher(broker, Version::V5, "publisher");
    publisher.must_publish("t", "1", kQoS1);
    publisher.must_publish("t", "2", kQoS1);  // the window is full: it waits
    publisher.publish("t", "3");              // and so does this, in order
    a.answer(a.expect_publish("t", "1"));
    a.expect_publish("t", "2");
    a.expect_publish("t", "3");
    publisher.must_publish("t", "4", kQoS1);
    publisher.publish("t", "5");
    a.expect_nothing();
    a.drop();
    CHECK(broker.metrics[Cause::Offline] == (queues ? 0 : 1));
    CHECK(collect(broker, Version::V5, "a") == (queues ? "2 4 5 " : "2 4 "));
  }
}

}  // namespace
}  // namespace midge::test
