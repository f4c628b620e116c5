// The $SYS topics of broker/sys through the whole broker: made when somebody asks, stored nowhere,
// and no reason to wake up unless somebody listens.
#include <optional>
#include <string>
#include <vector>

#include "broker/sys/sys_topics.hpp"
#include "tests/support/client.hpp"

namespace midge::test {
namespace {

// SysTopics needs the arena, which the simulated broker makes when it starts.
class Sys final : public routing::VirtualTopics {
 public:
  std::optional<sys::SysTopics> topics;

  [[nodiscard]] std::string_view root() const override { return "$SYS"; }
  [[nodiscard]] std::size_t count() const override { return topics ? topics->count() : 0; }
  [[nodiscard]] std::string_view name(std::size_t index) const override {
    return topics->name(index);
  }
  void render(std::size_t index, TextWriter& out) const override { topics->render(index, out); }
  void sample(Instant now) override { topics->sample(now); }
};

struct SysBroker {
  Sys sys;  // outlives the broker
  Broker broker;

  void start() {
    broker.sim.use(sys);
    broker.start();
    sys.topics.emplace(broker.metrics, broker.sim.arena(), "midge version 1.2.3", broker.now());
  }
  // Nothing is due, ever.
  [[nodiscard]] bool sleeps() { return broker.sim.core().next_deadline() == kNever; }
  // The next values are due within sys_interval.
  [[nodiscard]] bool is_armed() {
    const Instant next = broker.sim.core().next_deadline();
    return next > broker.now() && next <= broker.now() + broker.settings.sys_interval + 200ms;
  }
};

constexpr const char* kUptime = "$SYS/broker/uptime";

// The default sys_interval and the tick that a deadline may be late.
constexpr Duration kInterval = 10s + 200ms;

TEST_CASE("a subscription to $SYS gets the present values at once, with RETAIN") {
  for (const Version version : kAllVersions) {
    CAPTURE(version);
    SysBroker world;
    world.start();
    Broker& broker = world.broker;
    Client other(broker, version, "other");
    other.must_subscribe("plain");
    other.must_publish("kept", "x", kQoS1, {.retain = true});
    broker.advance(65s);
    Client a(broker, version, "a");
    a.must_subscribe("$SYS/broker/clients/connected", kQoS2);
    Packet p = a.expect_publish("$SYS/broker/clients/connected", "2");
    CHECK(p.retain);
    CHECK(p.qos == kQoS0);
    a.must_subscribe(kUptime);
    CHECK(a.expect_publish(kUptime, "65 seconds").retain);
    a.must_subscribe("$SYS/broker/version");
    a.expect_publish("$SYS/broker/version", "midge version 1.2.3");
    a.must_subscribe("$SYS/broker/subscriptions/+");
    a.expect_publish("$SYS/broker/subscriptions/count", "5");
    a.must_subscribe("$SYS/broker/retained messages/count");
    a.expect_publish("$SYS/broker/retained messages/count", "1");
    a.must_subscribe("$SYS/broker/publish/messages/received");
    a.expect_publish("$SYS/broker/publish/messages/received", "1");
    a.expect_nothing();
  }
}

TEST_CASE("$SYS/# gets every topic once, among them those that Mosquitto's dashboards read") {
  SysBroker world;
  world.start();
  Client a(world.broker, Version::V5, "a");
  a.must_subscribe("$SYS/#");
  std::vector<std::string> names;
  for (const Packet& p : a.all()) {
    REQUIRE(p.type == PacketType::Publish);
    CHECK(p.retain);
    CHECK_FALSE(p.payload.empty());
    names.push_back(p.topic);
  }
  CHECK(names.size() == world.sys.count());
  const auto count = [&names](const std::string& name) {
    std::size_t found = 0;
    for (const std::string& at : names) found += at == name ? 1U : 0U;
    return found;
  };
  for (const char* name : {"version",
                           "uptime",
                           "clients/connected",
                           "clients/disconnected",
                           "clients/total",
                           "clients/maximum",
                           "clients/expired",
                           "messages/received",
                           "messages/sent",
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
                           "load/messages/received/1min",
                           "load/messages/sent/5min",
                           "load/publish/received/15min",
                           "load/publish/sent/1min",
                           "load/publish/dropped/1min",
                           "load/bytes/received/5min",
                           "load/bytes/sent/15min",
                           "load/sockets/1min",
                           "load/connections/1min"}) {
    CAPTURE(name);
    CHECK(count(std::string("$SYS/broker/") + name) == 1);
  }
}

TEST_CASE("while a subscription matches, values come every sys_interval, without RETAIN") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    SysBroker world;
    world.broker.settings.sys_interval = 20s;
    world.start();
    Client a(world.broker, version, "a");
    a.must_subscribe(kUptime);
    a.expect_publish(kUptime, "0 seconds");
    for (int i = 1; i <= 3; ++i) {
      world.broker.advance(19s);
      a.expect_nothing();
      world.broker.advance(1s + 200ms);
      CHECK_FALSE(a.expect_publish(kUptime, std::to_string(20 * i) + " seconds").retain);
      a.expect_nothing();
    }
    // A second one doesn't change the pace.
    Client b(world.broker, version, "b");
    world.broker.advance(5s);
    b.must_subscribe(kUptime);
    b.expect_publish(kUptime, "65 seconds");
    world.broker.advance(15s);
    a.expect_publish(kUptime, "80 seconds");
    b.expect_publish(kUptime, "80 seconds");
    a.must_unsubscribe(kUptime);
    world.broker.advance(20s + 200ms);
    a.expect_nothing();
    b.expect_publish(kUptime, "100 seconds");
  }
}

TEST_CASE("nothing wakes up for $SYS while nobody is subscribed to it") {
  SysBroker world;
  world.start();
  CHECK(world.sleeps());
  Client a(world.broker, Version::V5, "a");
  a.must_subscribe("#");
  a.must_subscribe("t/$SYS");
  a.must_subscribe("$SYSTEM/uptime");
  CHECK(world.sleeps());
  a.must_subscribe(kUptime);
  a.expect_publish();
  CHECK(world.is_armed());
  a.must_unsubscribe(kUptime);
  CHECK(world.sleeps());
  a.must_subscribe(kUptime);
  a.expect_publish();
  a.disconnect();
  CHECK(world.sleeps());
}

TEST_CASE("a subscription to $SYS that takes another one's place in one turn is seen") {
  SysBroker world;
  world.start();
  Client a(world.broker, Version::V5, "a");
  a.must_subscribe("t");
  a.together([&] {
    a.unsubscribe("t");
    a.subscribe(kUptime);
  });
  a.take(PacketType::Unsuback);
  a.take(PacketType::Suback);
  a.expect_publish(kUptime, "0 seconds");
  CHECK(world.is_armed());
  world.broker.advance(kInterval);
  a.expect_publish(kUptime, "10 seconds");
}

TEST_CASE("with sys_interval 0 there are no $SYS topics") {
  SysBroker world;
  world.broker.settings.sys_interval = 0s;
  world.start();
  Client a(world.broker, Version::V5, "a");
  a.must_subscribe("$SYS/#");
  a.expect_nothing();
  CHECK(world.sleeps());
  world.broker.advance(60s);
  a.expect_nothing();
}

TEST_CASE("a filter that begins with a wildcard gets no $SYS values [MQTT-4.7.2-1]") {
  SysBroker world;
  world.start();
  Client a(world.broker, Version::V5, "a");
  Client b(world.broker, Version::V5, "b");
  for (const char* filter : {"#", "+/#", "+/broker/uptime", "$share/g/#"}) a.must_subscribe(filter);
  b.must_subscribe(kUptime);
  b.expect_publish();
  world.broker.advance(kInterval);
  b.expect_publish();
  a.expect_nothing();
}

TEST_CASE("$SYS values come as the subscription asks: identifier, Retain Handling") {
  SysBroker world;
  world.start();
  Client a(world.broker, Version::V5, "a");
  a.must_subscribe(kUptime, kQoS0, {.props = {.subscription_identifier = 7}});
  CHECK(a.expect_publish().props.subscription_ids == std::vector<std::uint32_t>{7});
  a.must_subscribe(kUptime, kQoS0, {.retain_handling = RetainHandling::SendIfNew});
  a.expect_nothing();
  a.must_subscribe("$SYS/broker/version", kQoS0, {.retain_handling = RetainHandling::DontSend});
  a.expect_nothing();
  a.must_subscribe("$SYS/broker/version", kQoS0, {.props = {.subscription_identifier = 8}});
  a.expect_publish("$SYS/broker/version", "midge version 1.2.3");
  world.broker.advance(kInterval);
  for (int i = 0; i < 2; ++i) {
    const Packet p = a.expect_publish();
    CHECK(p.props.subscription_ids ==
          (p.topic == kUptime ? std::vector<std::uint32_t>{} : std::vector<std::uint32_t>{8}));
  }
  a.expect_nothing();
}

TEST_CASE("a shared subscription to $SYS gets the values in turn, and none when it is made") {
  SysBroker world;
  world.start();
  Client a(world.broker, Version::V5, "a");
  Client b(world.broker, Version::V5, "b");
  const std::string filter = std::string("$share/g/") + kUptime;
  a.must_subscribe(filter);
  b.must_subscribe(filter);
  a.expect_nothing();
  b.expect_nothing();
  world.broker.advance(4 * kInterval);
  CHECK(a.all().size() == 2);
  CHECK(b.all().size() == 2);
}

TEST_CASE("what was refused is counted there, by its cause") {
  SysBroker world;
  world.broker.limits.subscriptions = 1;
  world.start();
  Client a(world.broker, Version::V5, "a");
  a.must_subscribe("$SYS/broker/refused/subscription limit");
  a.expect_publish("$SYS/broker/refused/subscription limit", "0");
  for (int i = 0; i < 3; ++i) {
    a.subscribe("t");
    a.expect(PacketType::Suback);
  }
  world.broker.advance(kInterval);
  a.expect_publish("$SYS/broker/refused/subscription limit", "3");
}

TEST_CASE("clients may not publish to $SYS, but for the state of a bridge's connection") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    SysBroker world;
    world.start();
    ConnectOptions quiet;
    if (version == Version::V5) quiet.props.request_problem_information = 0;
    Client a(world.broker, version, "a", quiet);
    a.must_subscribe(kUptime);
    a.expect_publish();
    a.must_subscribe("$SYS/broker/connection/#");
    a.publish(kUptime, "forged", kQoS1, {.retain = true});
    const Packet puback = a.expect(PacketType::Puback);
    if (version == Version::V5) CHECK(puback.reason == ReasonCode::NotAuthorized);
    a.expect_nothing();
    CHECK(world.broker.metrics[Cause::PublishDenied] == 1);
    CHECK(world.broker.metrics.retained_messages == 0);
    a.must_publish("$SYS/broker/connection/x/state", "1", kQoS1, {.retain = true});
    a.expect_publish("$SYS/broker/connection/x/state", "1");
  }
}

TEST_CASE("$SYS/# comes whole to a client with a short queue that keeps up") {
  for (const std::uint32_t most : {0U, 10U}) {
    CAPTURE(most);
    SysBroker world;
    world.broker.limits.queued_messages = most;
    world.start();
    Client a(world.broker, Version::V5, "a");
    a.must_subscribe("$SYS/#");
    CHECK(a.all().size() == world.sys.count());
    world.broker.advance(kInterval);
    CHECK(a.all().size() == world.sys.count());
    CHECK(world.broker.metrics[Cause::QueueMessages] == 0);
  }
}

}  // namespace
}  // namespace midge::test
