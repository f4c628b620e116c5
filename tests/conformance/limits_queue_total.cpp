// What bounds queues beside a number of messages: max_queued_bytes for a session, and the limit of
// all queues together.
#include "tests/conformance/limits_queue.hpp"

namespace midge::test {
namespace {

using settings::QueueFull;

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

}  // namespace
}  // namespace midge::test
