#include <doctest/doctest.h>

#include <array>
#include <chrono>
#include <optional>
#include <set>
#include <string>

#include "broker/sys/sys_topics.hpp"

using namespace std::chrono_literals;

namespace midge::sys {

namespace {

struct Broker {
  alignas(4096) std::array<std::uint8_t, 64 * 1024> memory{};
  NoBacking backing;
  Arena arena{memory, 4096, 0, backing};
  metrics::Metrics metrics;
  SysTopics topics{metrics, arena, "midge version 0.1.0", Instant(5'000ms)};

  std::optional<std::string> value(std::string_view name) const {
    for (std::size_t i = 0; i < topics.count(); ++i) {
      if (topics.name(i) != name) continue;
      char buffer[64];
      TextWriter out(buffer, sizeof buffer);
      topics.render(i, out);
      return std::string(out.view());
    }
    return {};
  }
};

}  // namespace

TEST_CASE("the names are those that Mosquitto's dashboards read") {
  constexpr const char* kNames[] = {
      "version",
      "uptime",
      "clients/connected",
      "clients/disconnected",
      "clients/total",
      "clients/maximum",
      "clients/expired",
      "clients/active",
      "clients/inactive",
      "messages/received",
      "messages/sent",
      "messages/stored",
      "publish/messages/received",
      "publish/messages/sent",
      "publish/messages/dropped",
      "publish/bytes/received",
      "publish/bytes/sent",
      "bytes/received",
      "bytes/sent",
      "subscriptions/count",
      "shared_subscriptions/count",
      "retained messages/count",
      "store/messages/count",
      "store/messages/bytes",
      "heap/current",
      "heap/maximum",
  };
  constexpr const char* kLoads[] = {
      "messages/received", "messages/sent", "publish/received", "publish/sent", "publish/dropped",
      "bytes/received",    "bytes/sent",    "connections",      "sockets",
  };
  const Broker broker;
  std::set<std::string> expected;
  for (const std::string name : kNames) expected.insert("$SYS/broker/" + name);
  for (const std::string load : kLoads) {
    for (const std::string window : {"1min", "5min", "15min"})
      expected.insert("$SYS/broker/load/" + load + "/" + window);
  }
  for (std::size_t i = 0; i < static_cast<std::size_t>(metrics::Cause::Count); ++i)
    expected.insert("$SYS/broker/refused/" +
                    std::string(metrics::cause_name(static_cast<metrics::Cause>(i))));

  std::set<std::string> names;
  for (std::size_t i = 0; i < broker.topics.count(); ++i)
    names.insert(std::string(broker.topics.name(i)));
  CHECK(names == expected);
  CHECK(names.size() == broker.topics.count());  // none twice
  CHECK(broker.topics.root() == "$SYS");
}

TEST_CASE("every counter is published under its own name") {
  Broker broker;
  metrics::Metrics& m = broker.metrics;
  m.bytes_received = 1;
  m.bytes_sent = 2;
  m.messages_received = 3;
  m.messages_sent = 4;
  m.publish_received = 5;
  m.publish_sent = 6;
  m.publish_dropped = 7;
  m.publish_bytes_received = 8;
  m.publish_bytes_sent = 18'446'744'073'709'551'615U;
  m.clients_connected = 10;
  m.clients_total = 21;
  m.clients_maximum = 12;
  m.clients_expired = 13;
  m.subscriptions = 14;
  m.shared_subscriptions = 15;
  m.retained_messages = 16;
  m.stored_messages = 17;
  m.stored_bytes = 18;
  REQUIRE(broker.arena.take(3) != nullptr);
  void* const page = broker.arena.take(1);
  broker.arena.give(page, 1);

  struct Vector {
    const char* name;
    const char* value;
  };
  constexpr Vector kVectors[] = {
      {"version", "midge version 0.1.0"},
      {"uptime", "0 seconds"},
      {"bytes/received", "1"},
      {"bytes/sent", "2"},
      {"messages/received", "3"},
      {"messages/sent", "4"},
      {"publish/messages/received", "5"},
      {"publish/messages/sent", "6"},
      {"publish/messages/dropped", "7"},
      {"publish/bytes/received", "8"},
      {"publish/bytes/sent", "18446744073709551615"},
      {"clients/connected", "10"},
      {"clients/active", "10"},
      {"clients/disconnected", "11"},
      {"clients/inactive", "11"},
      {"clients/total", "21"},
      {"clients/maximum", "12"},
      {"clients/expired", "13"},
      {"subscriptions/count", "14"},
      {"shared_subscriptions/count", "15"},
      {"retained messages/count", "16"},
      {"store/messages/count", "17"},
      {"messages/stored", "17"},
      {"store/messages/bytes", "18"},
      {"heap/current", "12288"},
      {"heap/maximum", "16384"},
      {"load/messages/received/1min", "0.00"},
  };
  for (const Vector& v : kVectors) {
    CAPTURE(v.name);
    CHECK(broker.value(std::string("$SYS/broker/") + v.name) == v.value);
  }
}

TEST_CASE("what was refused is published by cause") {
  Broker broker;
  for (std::size_t i = 0; i < broker.metrics.refused.size(); ++i)
    broker.metrics.refused[i] = 100 + i;
  for (std::size_t i = 0; i < broker.metrics.refused.size(); ++i) {
    const std::string cause(metrics::cause_name(static_cast<metrics::Cause>(i)));
    CAPTURE(cause);
    CHECK(broker.value("$SYS/broker/refused/" + cause) == std::to_string(100 + i));
  }
}

TEST_CASE("a cause has its name") {
  using metrics::Cause;
  CHECK(metrics::cause_name(Cause::ConnectionLimit) == "connection limit");
  CHECK(metrics::cause_name(Cause::Shutdown) == "shutdown");
  CHECK(metrics::cause_name(Cause::UnknownIdentifier) == "unknown packet identifier");
  CHECK(metrics::cause_name(Cause::MemoryFull) == "memory full");
  CHECK(metrics::cause_name(Cause::FeatureOff) == "feature off");
  CHECK(metrics::cause_name(Cause::TooLargeForClient) == "too large for client");
  CHECK(metrics::cause_name(Cause::StorageFailed) == "storage failed");
}

TEST_CASE("uptime counts whole seconds since the start") {
  Broker broker;
  broker.topics.sample(Instant(5'000ms) + 61'999ms);
  CHECK(broker.value("$SYS/broker/uptime") == "61 seconds");
}

TEST_CASE("loads are events per minute and fall by the time that has passed") {
  Broker broker;
  broker.metrics.messages_received = 600;
  broker.metrics.sockets = 60;
  broker.topics.sample(Instant(5'000ms) + 60s);
  // 600 a minute for one minute: 600 * (1 - 1/e), 600 * (1 - e^-0.2), 600 * (1 - e^-(1/15)).
  CHECK(broker.value("$SYS/broker/load/messages/received/1min") == "379.27");
  CHECK(broker.value("$SYS/broker/load/messages/received/5min") == "108.76");
  CHECK(broker.value("$SYS/broker/load/messages/received/15min") == "38.70");
  CHECK(broker.value("$SYS/broker/load/sockets/1min") == "37.93");
  CHECK(broker.value("$SYS/broker/load/connections/1min") == "0.00");

  // A gap of five minutes without a subscriber and without an event.
  broker.topics.sample(Instant(5'000ms) + 360s);
  CHECK(broker.value("$SYS/broker/load/messages/received/1min") == "2.56");
  CHECK(broker.value("$SYS/broker/load/messages/received/5min") == "40.01");
}

TEST_CASE("a sample at the same instant changes nothing") {
  Broker broker;
  broker.metrics.bytes_sent = 1'000;
  broker.topics.sample(Instant(5'000ms));
  CHECK(broker.value("$SYS/broker/load/bytes/sent/1min") == "0.00");
  broker.topics.sample(Instant(65'000ms));
  CHECK(broker.value("$SYS/broker/load/bytes/sent/1min") == "632.12");
}

}  // namespace midge::sys
