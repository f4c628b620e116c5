// Paho C++: the will of a client that is lost, and of one that leaves in order.
#include <doctest/doctest.h>

#include "tests/interop/cable.hpp"
#include "tests/interop/paho_client.hpp"
#include "tests/interop/raw_client.hpp"

namespace midge::interop {

namespace {

mqtt::connect_options with_will(Level level, const mqtt::properties& will_properties = {}) {
  auto options = clean_options(level);
  options.set_will(
      mqtt::will_options("v1/orders/stopped", std::string("lost"), 1, true, will_properties));
  return options;
}

}  // namespace

TEST_CASE("a lost client's will is published with its QoS and kept when it is retained") {
  for (const Level level : kAllLevels) {
    CAPTURE(name_of(level));
    Broker broker;
    Cable cable(broker.port());
    PahoClient watcher(broker.uri(), level, "watcher");
    watcher.connect();
    watcher.subscribe("v1/+/stopped", 2);
    PahoClient service(cable.uri(), level, "orders-1");
    service.connect(with_will(level));
    CHECK(watcher.silent());
    cable.pull();
    const auto will = watcher.next();
    REQUIRE(will);
    CHECK(will->get_topic() == "v1/orders/stopped");
    CHECK(will->to_string() == "lost");
    CHECK(will->get_qos() == 1);
    CHECK_FALSE(will->is_retained());
    PahoClient late(broker.uri(), level, "late");
    late.connect();
    late.subscribe("v1/#", 1);
    const auto kept = late.next();
    REQUIRE(kept);
    CHECK(kept->is_retained());
  }
}

TEST_CASE("a client that says DISCONNECT leaves no will") {
  Broker broker;
  for (const Level level : kAllLevels) {
    CAPTURE(name_of(level));
    PahoClient watcher(broker.uri(), level, "watcher");
    watcher.connect();
    watcher.subscribe("#", 1);
    PahoClient service(broker.uri(), level, "orders-1");
    service.connect(with_will(level));
    service.disconnect();
    CHECK(watcher.silent());
  }
}

TEST_CASE("a will carries its properties in order") {
  Broker broker;
  Cable cable(broker.port());
  PahoClient watcher(broker.uri(), MQTTVERSION_5, "watcher");
  watcher.connect();
  watcher.subscribe("#", 1);
  PahoClient service(cable.uri(), MQTTVERSION_5, "orders-1");
  service.connect(with_will(MQTTVERSION_5, {{Property::CONTENT_TYPE, "text/plain"},
                                            {Property::USER_PROPERTY, "why", "first"},
                                            {Property::USER_PROPERTY, "why", "second"}}));
  cable.pull();
  const auto will = watcher.next();
  REQUIRE(will);
  const auto& properties = will->get_properties();
  CHECK(mqtt::get<std::string>(properties, Property::CONTENT_TYPE) == "text/plain");
  REQUIRE(properties.count(Property::USER_PROPERTY) == 2);
  const auto value = [&](std::size_t index) {
    return std::get<1>(mqtt::get<mqtt::string_pair>(properties, Property::USER_PROPERTY, index));
  };
  CHECK(value(0) == "first");
  CHECK(value(1) == "second");
  CHECK_FALSE(properties.contains(Property::WILL_DELAY_INTERVAL));
}

TEST_CASE("DISCONNECT with 0x04 publishes the will") {
  Broker broker;
  PahoClient watcher(broker.uri(), MQTTVERSION_5, "watcher");
  watcher.connect();
  watcher.subscribe("#", 1);
  // Paho C++ 1.2 drops the reason code of DISCONNECT, so these bytes are written out: a will
  // "lost" of QoS 1 on "gone", then DISCONNECT with 0x04.
  RawClient service(broker.port());
  service.send(
      hex("10 1c 00 04 4d 51 54 54 05 0e 00 3c 00 00 02 6f 31 "
          "00 00 04 67 6f 6e 65 00 04 6c 6f 73 74"));
  CHECK(service.must_read().type() == 2);
  service.send(hex("e0 01 04"));
  const auto will = watcher.next();
  REQUIRE(will);
  CHECK(will->get_topic() == "gone");
  CHECK(will->to_string() == "lost");
}

TEST_CASE("a will with Will Delay Interval comes after the delay and never before") {
  Broker broker;
  Cable cable(broker.port());
  PahoClient watcher(broker.uri(), MQTTVERSION_5, "watcher");
  watcher.connect();
  watcher.subscribe("#", 1);
  PahoClient service(cable.uri(), MQTTVERSION_5, "orders-1");
  auto options = with_will(MQTTVERSION_5, {{Property::WILL_DELAY_INTERVAL, 2}});
  service.connect(with(options, {{Property::SESSION_EXPIRY_INTERVAL, 600}}));
  cable.pull();
  const auto pulled = Clock::now();
  const auto will = watcher.next();
  REQUIRE(will);
  // One tick of a whole-second clock may already have passed when the cable was pulled.
  CHECK(Clock::now() - pulled >= 1s);
}

TEST_CASE("a client that returns within the Will Delay Interval has its will held back") {
  Broker broker;
  Cable cable(broker.port());
  PahoClient watcher(broker.uri(), MQTTVERSION_5, "watcher");
  watcher.connect();
  watcher.subscribe("#", 1);
  PahoClient service(cable.uri(), MQTTVERSION_5, "orders-1");
  auto options = with_will(MQTTVERSION_5, {{Property::WILL_DELAY_INTERVAL, 2}});
  options.set_clean_start(false);
  options = with(options, {{Property::SESSION_EXPIRY_INTERVAL, 600}});
  service.connect(options);
  cable.pull();
  REQUIRE(service.lost());
  CHECK(service.connect(options).is_session_present());
  CHECK(watcher.next(3500ms) == nullptr);
}

TEST_CASE("a client that is taken over leaves its will") {
  Broker broker;
  for (const Level level : kAllLevels) {
    CAPTURE(name_of(level));
    PahoClient watcher(broker.uri(), level, "watcher");
    watcher.connect();
    watcher.subscribe("#", 1);
    PahoClient first(broker.uri(), level, "orders-1");
    PahoClient second(broker.uri(), level, "orders-1");
    first.connect(with_will(level));
    second.connect();
    const auto will = watcher.next();
    REQUIRE(will);
    CHECK(will->to_string() == "lost");
    watcher.publish("v1/orders/stopped", "", 0, true);
  }
}

}  // namespace midge::interop
