// The queue of a session and what becomes of messages beyond it: queue_full, max_queued_messages,
// queue_qos0_messages. Bytes and the limit of all queues together are in limits_queue_total.cpp.
#include "tests/conformance/limits_queue.hpp"

namespace midge::test {
namespace {

using settings::QueueFull;

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
