// Receivers of the same messages get the same bytes; who needs other bytes gets his own.
#include <memory>

#include "tests/support/client.hpp"

namespace midge::test {
namespace {

TEST_CASE("receivers with wishes of their own among many that have none get what they asked for") {
  Broker broker;
  std::vector<std::unique_ptr<Client>> clients;
  const auto add = [&](Version version, const ConnectOptions& options, QoS qos,
                       const SubscribeOptions& subscription) -> Client& {
    const std::string id = "c" + std::to_string(clients.size());
    clients.push_back(std::make_unique<Client>(broker, version, id, options));
    clients.back()->must_subscribe("#", qos, subscription);
    return *clients.back();
  };
  for (int round = 0; round < 4; ++round) {
    add(Version::V311, {}, kQoS0, {});
    add(Version::V5, {}, kQoS0, {});
    add(Version::V5, {}, kQoS0, {.props = {.subscription_identifier = 7}});
    add(Version::V5, {}, kQoS0, {.retain_as_published = true});
    add(Version::V5, {.props = {.topic_alias_maximum = 5}}, kQoS0, {});
    add(Version::V5, {.props = {.maximum_packet_size = 20}}, kQoS0, {});
    add(Version::V5, {}, kQoS1, {});
    add(Version::V31, {}, kQoS0, {});
  }
  Client publisher(broker, Version::V5, "publisher");
  for (int turn = 0; turn < 3; ++turn) {
    publisher.together([&] {
      publisher.publish("topic", "first");
      publisher.publish("topic", "retained", kQoS0, {.retain = true});
      publisher.publish("topic", "a payload that is rather long", kQoS0);
      publisher.publish("topic", "with property", kQoS0, {.props = {.content_type = "x"}});
      publisher.publish("topic", "expires", kQoS0, {.props = {.message_expiry_interval = 9}});
      publisher.publish("topic", "last", kQoS1);
    });
    static_cast<void>(publisher.all());
    for (const auto& client : clients) {
      CAPTURE(client->client_id());
      const auto index = std::stoi(client->client_id().substr(1)) % 8;
      CAPTURE(index);
      const bool v5 = client->version() == Version::V5;
      const bool is_small = index == 5;
      for (const char* payload : {"first", "retained", "a payload that is rather long",
                                  "with property", "expires", "last"}) {
        const std::string text = payload;
        CAPTURE(text);
        if (is_small && text != "first" && text != "retained" && text != "last") continue;
        Packet p = client->expect_publish();
        CHECK(p.payload == text);
        if (p.props.topic_alias && p.topic.empty()) p.topic = "topic";
        CHECK(p.topic == "topic");
        CHECK(p.qos == (index == 6 && text == "last" ? kQoS1 : kQoS0));
        CHECK(p.retain == (index == 3 && text == "retained"));
        CHECK(p.props.topic_alias.has_value() == (index == 4));
        CHECK(p.props.subscription_ids.size() == (index == 2 ? 1 : 0));
        CHECK(p.props.content_type.has_value() == (v5 && text == "with property"));
        CHECK(p.props.message_expiry_interval.has_value() == (v5 && text == "expires"));
        if (p.qos != kQoS0) client->answer(p);
      }
      client->expect_nothing();
    }
  }
}

TEST_CASE("a receiver that takes its bytes bit by bit does not spoil those of the next") {
  Broker broker;
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 40; ++i) {
    broker.link.client_window = i % 3 == 0 ? 50 : 1U << 20U;
    clients.push_back(std::make_unique<Client>(broker, Version::V311, "c" + std::to_string(i)));
    clients.back()->must_subscribe("#");
  }
  broker.link = {};
  Client publisher(broker, Version::V311, "publisher");
  publisher.together([&] {
    for (int i = 0; i < 20; ++i) publisher.publish("t", "payload " + std::to_string(i));
  });
  broker.advance(1s);
  for (const auto& client : clients) {
    CAPTURE(client->client_id());
    for (int i = 0; i < 20; ++i) client->expect_publish("t", "payload " + std::to_string(i));
    client->expect_nothing();
  }
}

}  // namespace
}  // namespace midge::test
