// Subscriptions without end.
#include <memory>

#include "tests/bounded/bombed.hpp"

namespace midge::test {
namespace {

// Subscribes to filter 0, 1, ... in packets of `each`, until `refusals` were refused with 0x97.
struct SubscriptionBomb {
  const char* prefix;
  const char* suffix;
  int granted = 0;
  int refused = 0;

  void run(Bombed& broker, Client& client, int refusals, int each = 50) {
    for (int i = 0; refused < refusals; i += each) {
      std::vector<Filter> filters;
      for (int j = i; j < i + each; ++j) {
        filters.push_back({.filter = prefix + std::to_string(j) + suffix, .qos = kQoS1});
      }
      client.subscribe(filters);
      const Packet suback = client.expect(PacketType::Suback);
      REQUIRE(suback.codes.size() == filters.size());
      for (const ReasonCode code : suback.codes) {
        if (code == ReasonCode::GrantedQoS1) {
          ++granted;
        } else {
          CHECK(code == (client.version() == Version::V5 ? ReasonCode::QuotaExceeded
                                                         : static_cast<ReasonCode>(0x80)));
          ++refused;
        }
      }
      broker.check_bounds();
    }
  }
};

TEST_CASE("distinct filters are granted until memory is full, then refused alone and counted") {
  struct Vector {
    const char* name;
    const char* prefix;
    const char* suffix;
  };
  constexpr Vector kVectors[] = {
      {"one level", "", ""},
      {"below wildcards", "+/+/", "/#"},
      {"a group each", "$share/g", "/t"},
      {"filters of one group", "$share/g/t/", ""},
  };
  for (const Version version : kBothVersions) {
    for (const Vector& v : kVectors) {
      CAPTURE(version);
      CAPTURE(v.name);
      Bombed broker(std::size_t{1} << 20);
      Pair pair(broker);
      Pair old_pair(broker, Version::V311);
      pair.must_work();
      old_pair.must_work();
      broker.note_rest();
      Client a(broker, version, "a");
      SubscriptionBomb bomb{v.prefix, v.suffix};
      bomb.run(broker, a, 2'000);
      CHECK(bomb.granted > 1'000);
      CHECK(broker.metrics[Cause::MemoryFull] == static_cast<std::uint64_t>(bomb.refused));
      CHECK(broker.metrics.subscriptions == static_cast<std::uint32_t>(bomb.granted) + 2);
      // A message needs memory of its own; what is left is for it, or it is refused.
      static_cast<void>(pair.try_once());
      static_cast<void>(old_pair.try_once());
      a.ping();
      a.expect(PacketType::Pingresp);
      a.must_unsubscribe(v.prefix + std::to_string(0) + v.suffix);
      CHECK(broker.metrics.subscriptions == static_cast<std::uint32_t>(bomb.granted) + 1);
      for (int i = 1; i < 200; ++i) a.must_unsubscribe(v.prefix + std::to_string(i) + v.suffix);
      pair.must_work();
      old_pair.must_work();
      a.disconnect();
      broker.advance(1s);
      broker.check_given_back();
    }
  }
}

TEST_CASE("max_subscriptions stops a subscription bomb before memory does") {
  Bombed broker(std::size_t{1} << 20);
  broker.limits.subscriptions = 1'000;
  Pair pair(broker);
  pair.must_work();
  broker.note_rest();
  Client a(broker, Version::V5, "a");
  SubscriptionBomb bomb{"", ""};
  bomb.run(broker, a, 5'000);
  CHECK(bomb.granted == 999);
  CHECK(broker.metrics[Cause::SubscriptionLimit] == static_cast<std::uint64_t>(bomb.refused));
  CHECK(broker.metrics[Cause::MemoryFull] == 0);
  pair.must_work();
  a.disconnect();
  broker.advance(1s);
  broker.check_given_back();
}

TEST_CASE("the same filter 100,000 times is one subscription") {
  Bombed broker(std::size_t{1} << 20);
  Client a(broker, Version::V5, "a");
  a.must_subscribe("t", kQoS1);
  broker.note_rest();
  const std::vector<Filter> filters(1'000, Filter{.filter = "t", .qos = kQoS1});
  for (int i = 0; i < 100; ++i) {
    a.subscribe(filters);
    CHECK(a.expect(PacketType::Suback).codes == std::vector(1'000, ReasonCode::GrantedQoS1));
  }
  broker.check_given_back();
}

TEST_CASE("a group of 3,000 members gives each message to one, and nothing stays of it") {
  constexpr int kMembers = 3'000;
  Bombed broker(std::size_t{16} << 20);
  Pair pair(broker);
  pair.must_work();
  broker.note_rest();
  std::vector<std::unique_ptr<Client>> members;
  for (int i = 0; i < kMembers; ++i) {
    members.push_back(std::make_unique<Client>(broker, Version::V5, "m" + std::to_string(i)));
    members.back()->must_subscribe("$share/g/t", kQoS1);
  }
  CHECK(broker.metrics.shared_subscriptions == kMembers);
  Client publisher(broker, Version::V311, "publisher");
  for (int i = 0; i < kMembers; ++i) publisher.must_publish("t", "x", kQoS1);
  std::size_t got = 0;
  for (const auto& member : members) got += member->all().size();
  CHECK(got == kMembers);
  pair.must_work();
  // None acknowledges, each leaves: what it had goes to those who are left.
  for (std::size_t i = 0; i < members.size(); ++i) {
    members[i]->drop();
    if (i % 300 == 0) pair.must_work();
    broker.check_bounds();
  }
  publisher.disconnect();
  broker.advance(1s);
  broker.check_given_back();
}

TEST_CASE("the queue of a group that nobody serves is bounded") {
  Bombed broker(std::size_t{4} << 20);
  broker.limits.group_queued_messages = 100;
  Pair pair(broker);
  Client member(broker, Version::V5, "member",
                {.clean_start = false, .props = {.session_expiry_interval = 60}});
  pair.must_work();
  for (int i = 0; i < 20; ++i) member.must_subscribe("$share/g" + std::to_string(i) + "/t", kQoS1);
  member.drop();
  Client publisher(broker, Version::V5, "publisher");
  for (int i = 0; i < 500; ++i) {
    publisher.must_publish("t", std::string(500, 'x'), kQoS1);
    if (i % 20 == 0) pair.must_work();
  }
  broker.check_bounds();
  CHECK(broker.metrics.queued_messages == 20 * 100);
  CHECK(broker.metrics[Cause::QueueMessages] == 20 * 400);
  broker.advance(2min);
  CHECK(broker.metrics.queued_messages == 0);
  CHECK(broker.metrics[Cause::SessionEnded] == 20 * 100);
  CHECK(broker.metrics.stored_messages == 0);
}

}  // namespace
}  // namespace midge::test
