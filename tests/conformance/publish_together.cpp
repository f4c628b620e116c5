// PUBLISHes that come in one piece while there are very many subscriptions: their topics are
// matched side by side, and nothing of it may be seen (MQTT 5.0 and 3.1.1, sections 3.3 and 4.6).
#include "tests/support/client.hpp"

namespace midge::test {
namespace {

constexpr int kManyFilters = 6'000;

std::string device(int i) {
  return "site/" + std::to_string(i / 100) + "/dev/" + std::to_string(i % 100);
}

// Exact filters and such with wildcards; nobody publishes to most of them.
void subscribe_many(Client& client) {
  std::vector<Filter> filters;
  for (int i = 0; i < kManyFilters; ++i) {
    constexpr const char* kLast[] = {"/temp", "/temp", "/+", "/#"};
    filters.push_back({.filter = device(i) + kLast[i % 4]});
    if (filters.size() < 500) continue;
    client.subscribe(filters);
    client.expect(PacketType::Suback);
    filters.clear();
  }
}

TEST_CASE("many PUBLISHes in one piece reach whom each of them would reach alone, in order") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client holder(broker, version, "holder");
    Client every(broker, version, "every");
    Client publisher(broker, version, "publisher");
    subscribe_many(holder);
    every.must_subscribe("site/+/dev/7/temp");
    publisher.together([&] {
      for (int i = 0; i < 200; ++i) {
        publisher.publish(device(i * 37 % kManyFilters) + "/temp", std::to_string(i));
        if (i % 3 == 0) publisher.publish("site/1/dev/7/temp", std::to_string(i));
        if (i % 5 == 0) publisher.publish("nobody/" + std::to_string(i), "x");
      }
    });
    for (int i = 0; i < 200; ++i) {
      CAPTURE(i);
      holder.expect_publish(device(i * 37 % kManyFilters) + "/temp", std::to_string(i));
      if (i * 37 % 100 == 7) {
        every.expect_publish(device(i * 37 % kManyFilters) + "/temp", std::to_string(i));
      }
      if (i % 3 != 0) continue;
      holder.expect_publish("site/1/dev/7/temp", std::to_string(i));
      every.expect_publish("site/1/dev/7/temp", std::to_string(i));
    }
    holder.expect_nothing();
    every.expect_nothing();
  }
}

TEST_CASE("a subscription that is made or ends between PUBLISHes of one piece counts at once") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client holder(broker, version, "holder");
    Client a(broker, version, "a");
    subscribe_many(holder);
    a.together([&] {
      a.publish("other", "before");
      a.publish(device(4) + "/temp", "1");
      a.subscribe("other");
      a.publish("other", "between");
      a.publish(device(8) + "/temp", "2");
      a.unsubscribe("other");
      a.publish("other", "after");
      a.publish(device(12) + "/temp", "3");
    });
    a.take(PacketType::Suback);
    a.take(PacketType::Unsuback);
    a.expect_publish("other", "between");
    a.expect_nothing();
    holder.expect_publish(device(4) + "/temp", "1");
    holder.expect_publish(device(8) + "/temp", "2");
    holder.expect_publish(device(12) + "/temp", "3");
    holder.expect_nothing();
  }
}

TEST_CASE("a malformed PUBLISH behind others in one piece ends the connection after them") {
  struct Vector {
    const char* name;
    const char* bytes;
  };
  constexpr Vector kVectors[] = {
      {"a wildcard in the topic name [MQTT-3.3.2-2]", "30 05 00 03 61 2f 2b"},
      {"a topic name longer than the packet", "30 05 00 09 61 2f 62"},
      {"no room for the topic name's length", "30 01 00"},
      {"both QoS bits set [MQTT-3.3.1-4]", "36 05 00 03 61 2f 62"},
  };
  for (const Vector& v : kVectors) {
    CAPTURE(v.name);
    Broker broker;
    Client holder(broker, Version::V311, "holder");
    Client a(broker, Version::V311, "a");
    subscribe_many(holder);
    a.together([&] {
      a.publish(device(0) + "/temp", "1");
      a.publish(device(1) + "/temp", "2");
      a.send_hex(v.bytes);
      a.publish(device(4) + "/temp", "3");
    });
    a.expect_closed();
    holder.expect_publish(device(0) + "/temp", "1");
    holder.expect_publish(device(1) + "/temp", "2");
    holder.expect_nothing();
  }
}

TEST_CASE("what a match of many topics took is given back with the subscriptions") {
  Broker broker;
  Client publisher(broker, Version::V5, "publisher");
  Client holder(broker, Version::V5, "holder");
  const auto publish_two = [&] {
    publisher.together([&] {
      publisher.publish(device(0) + "/temp", "1");
      publisher.publish(device(1) + "/temp", "2");
    });
  };
  publish_two();
  const std::size_t pages = broker.sim.arena().used_pages();
  subscribe_many(holder);
  publish_two();
  holder.expect_publish(device(0) + "/temp", "1");
  holder.expect_publish(device(1) + "/temp", "2");
  std::vector<std::string> filters;
  for (int i = 0; i < kManyFilters; ++i) {
    constexpr const char* kLast[] = {"/temp", "/temp", "/+", "/#"};
    filters.push_back(device(i) + kLast[i % 4]);
    if (filters.size() < 500) continue;
    holder.unsubscribe(filters);
    holder.expect(PacketType::Unsuback);
    filters.clear();
  }
  publish_two();
  holder.expect_nothing();
  CHECK(broker.sim.arena().used_pages() == pages);
}

}  // namespace
}  // namespace midge::test
