// SUBACK (MQTT 5.0 and 3.1.1, section 3.9): one code for each filter, and what else it carries.
#include "tests/support/client.hpp"

namespace midge::test {
namespace {

TEST_CASE(
    "a SUBACK has one code for each filter, in their order: the granted QoS or a failure "
    "[MQTT-3.8.4-5@3.1.1] [MQTT-3.9.3-1@3.1.1] [MQTT-3.9.3-2@3.1.1] [MQTT-3.8.4-6] "
    "[MQTT-3.8.4-7] [MQTT-3.9.3-1] [MQTT-3.9.3-2]") {
  const std::vector<Filter> filters = {{.filter = "a", .qos = kQoS2},
                                       {.filter = "secret", .qos = kQoS1},
                                       {.filter = "b", .qos = kQoS0},
                                       {.filter = "c/+", .qos = kQoS1},
                                       {.filter = "d/#", .qos = kQoS2}};
  for (const Version version : kAllVersions) {
    CAPTURE(version);
    Broker broker;
    broker.authorizer.deny_subscribe("secret");
    ConnectOptions options;
    if (version == Version::V5) options.props.request_problem_information = 0;
    Client a(broker, version, "a", options);
    a.subscribe(filters);
    switch (version) {
      case Version::V31:  // it has no code for a refusal
        a.expect_bytes("90 07 00 01 02 01 00 01 02");
        break;
      case Version::V311:
        a.expect_bytes("90 07 00 01 02 80 00 01 02");
        break;
      case Version::V5:
        a.expect_bytes("90 08 00 01 00 02 87 00 01 02");
        break;
    }
    CHECK(broker.metrics[Cause::SubscribeDenied] == 1);
    CHECK(broker.metrics.subscriptions == 4);

    Client publisher(broker, version, "publisher");
    for (const char* topic : {"secret", "d", "c/x", "b", "a"}) publisher.publish(topic, "x");
    for (const char* topic : {"d", "c/x", "b", "a"}) a.expect_publish(topic, "x");
    a.expect_nothing();
  }
}

TEST_CASE("every failure is 80 before 5.0 and its own reason in 5.0 [MQTT-3.9.3-2@3.1.1]") {
  struct Vector {
    const char* name;
    const char* filter;
    ReasonCode reason;
  };
  constexpr Vector kVectors[] = {
      {"denied", "secret", ReasonCode::NotAuthorized},
      {"too deep", "a/b/c/d", ReasonCode::TopicFilterInvalid},
      {"one over the limit", "two", ReasonCode::QuotaExceeded},
  };
  for (const Version version : kBothVersions) {
    for (const Vector& v : kVectors) {
      CAPTURE(version);
      CAPTURE(v.name);
      Broker broker;
      broker.authorizer.deny_subscribe("secret");
      broker.limits.topic_levels = 3;
      broker.limits.subscriptions = 1;
      Client a(broker, version, "a");
      a.must_subscribe("one");
      a.subscribe(v.filter);
      const Packet suback = a.expect(PacketType::Suback);
      REQUIRE(suback.codes.size() == 1);
      CHECK(suback.codes[0] == (version == Version::V5 ? v.reason : static_cast<ReasonCode>(0x80)));
      a.expect_nothing();  // the connection lives
    }
  }
}

TEST_CASE(
    "several filters in one SUBSCRIBE are as several SUBSCRIBEs with one SUBACK "
    "[MQTT-3.8.4-4@3.1.1] [MQTT-3.8.4-5]") {
  for (const Version version : kAllVersions) {
    CAPTURE(version);
    Broker broker;
    Client publisher(broker, version, "publisher");
    publisher.publish("kept/1", "one", kQoS0, {.retain = true});
    publisher.publish("kept/2", "two", kQoS0, {.retain = true});

    Client a(broker, version, "a");
    // The second "kept/1" replaces the first, as a SUBSCRIBE of its own would.
    a.subscribe({{.filter = "kept/1", .qos = kQoS2},
                 {.filter = "kept/2", .qos = kQoS1},
                 {.filter = "kept/1", .qos = kQoS0}});
    const Packet suback = a.take(PacketType::Suback);
    CHECK(suback.codes ==
          std::vector{ReasonCode::GrantedQoS2, ReasonCode::GrantedQoS1, ReasonCode::GrantedQoS0});
    CHECK(broker.metrics.subscriptions == 2);
    std::size_t first = 0;
    std::size_t second = 0;
    for (const Packet& p : a.all()) {
      REQUIRE(p.type == PacketType::Publish);
      CHECK(p.retain);
      first += p.topic == "kept/1" ? 1U : 0U;
      second += p.topic == "kept/2" ? 1U : 0U;
    }
    CHECK(first >= 1);
    CHECK(second == 1);

    publisher.publish("kept/1", "x", kQoS2);
    CHECK(a.expect_publish("kept/1", "x").qos == kQoS0);
    a.expect_nothing();
  }
}

TEST_CASE("a SUBSCRIBE with a thousand filters gets a thousand codes [MQTT-3.8.4-6]") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client a(broker, version, "a");
    std::vector<Filter> filters;
    std::vector<ReasonCode> expected;
    for (unsigned i = 0; i < 1'000; ++i) {
      filters.push_back({.filter = "t/" + std::to_string(i), .qos = static_cast<QoS>(i % 3)});
      expected.push_back(static_cast<ReasonCode>(i % 3));
    }
    a.subscribe(filters);
    CHECK(a.expect(PacketType::Suback).codes == expected);
    CHECK(broker.metrics.subscriptions == 1'000);
    a.publish("t/999", "x");
    a.expect_publish("t/999", "x");
  }
}

TEST_CASE("a refused filter is explained in a Reason String, others are not") {
  Broker broker;
  broker.authorizer.deny_subscribe("secret");
  Client a(broker, Version::V5, "a");
  a.subscribe("open");
  a.expect_bytes("90 04 00 01 00 00");
  a.subscribe("secret");
  const Packet suback = a.expect(PacketType::Suback);
  CHECK(suback.codes == std::vector{ReasonCode::NotAuthorized});
  REQUIRE(suback.props.reason_string);
  CHECK(*suback.props.reason_string == "subscribing to this filter is not allowed");
}

TEST_CASE("without Request Problem Information a SUBACK has no Reason String [MQTT-3.1.2-29]") {
  Broker broker;
  broker.authorizer.deny_subscribe("secret");
  Client a(broker, Version::V5, "a", {.props = {.request_problem_information = 0}});
  a.subscribe("secret");
  a.expect_bytes("90 04 00 01 00 87");
}

TEST_CASE(
    "a SUBACK drops its Reason String when it would be too long for the client, and has no User "
    "Properties to drop [MQTT-3.9.2-1] [MQTT-3.9.2-2]") {
  // The whole packet: 2 + 2 + 1 + (1 + 2 + 41) + 1 bytes.
  constexpr std::uint32_t kWholeBytes = 50;
  for (const std::uint32_t most : {kWholeBytes, kWholeBytes - 1}) {
    CAPTURE(most);
    Broker broker;
    broker.authorizer.deny_subscribe("secret");
    Client a(broker, Version::V5, "a", {.props = {.maximum_packet_size = most}});
    a.subscribe("secret");
    const Packet suback = a.expect(PacketType::Suback);
    CHECK(suback.codes == std::vector{ReasonCode::NotAuthorized});
    CHECK(suback.bytes.size() <= most);
    CHECK(suback.props.reason_string.has_value() == (most == kWholeBytes));
    CHECK(suback.props.user.empty());
  }
}

TEST_CASE("a SUBACK that is too large for the client is not sent [MQTT-3.1.2-24]") {
  Broker broker;
  Client a(broker, Version::V5, "a", {.props = {.maximum_packet_size = 30}});
  std::vector<Filter> filters;
  for (int i = 0; i < 26; ++i)
    filters.push_back({.filter = std::string(1, 'a' + static_cast<char>(i))});
  a.subscribe(filters);  // the SUBACK has 31 bytes
  a.expect_nothing();
  CHECK(broker.metrics[Cause::TooLargeForClient] == 1);
  filters.pop_back();
  a.subscribe(filters);
  CHECK(a.expect(PacketType::Suback).bytes.size() == 30);
  a.publish("z", "x");  // the subscription is there all the same
  a.expect_publish("z", "x");
}

}  // namespace
}  // namespace midge::test
