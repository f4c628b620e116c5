// Topic aliases without end.
#include <memory>

#include "tests/bounded/bombed.hpp"

namespace midge::test {
namespace {

TEST_CASE("topic aliases with the longest topics hold what is allowed, and it is given back") {
  Bombed broker(std::size_t{16} << 20);
  Pair pair(broker);
  pair.must_work();
  broker.note_rest();
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 15; ++i) {
    clients.push_back(std::make_unique<Client>(broker, Version::V5, "a" + std::to_string(i)));
    // Each alias is given a new long topic again and again.
    for (std::uint16_t round = 0; round < 20; ++round) {
      for (std::uint16_t alias = 1; alias <= 10; ++alias) {
        clients.back()->publish(std::string(60'000, 'a') + std::to_string(round), "x", kQoS0,
                                {.props = {.topic_alias = alias}});
      }
    }
    clients.back()->expect_nothing();
    pair.must_work();
    broker.check_bounds();
  }
  CHECK(broker.metrics[Cause::MemoryFull] == 0);
  for (const auto& client : clients) client->drop();
  broker.advance(1s);
  broker.check_given_back();
}

TEST_CASE("topic aliases beyond memory end their connection with 97, and others go on") {
  Bombed broker(std::size_t{1} << 20);
  broker.listener.max_topic_alias = 4'000;
  Pair pair(broker);
  Pair old_pair(broker, Version::V311);
  pair.must_work();
  old_pair.must_work();
  broker.note_rest();
  std::vector<std::unique_ptr<Client>> clients;
  int ended = 0;
  for (int i = 0; i < 5; ++i) {
    clients.push_back(std::make_unique<Client>(broker, Version::V5, "a" + std::to_string(i)));
    Client& a = *clients.back();
    for (std::uint16_t alias = 1; alias <= 4'000 && !a.closed(); ++alias) {
      a.publish(std::string(100, 'a') + std::to_string(alias), "x", kQoS0,
                {.props = {.topic_alias = alias}});
      if (alias % 500 == 0) broker.check_bounds();
    }
    pair.must_work();
    old_pair.must_work();
    if (!a.closed()) continue;
    a.expect_disconnect(ReasonCode::QuotaExceeded);
    ++ended;
  }
  CHECK(ended == 4);
  CHECK(broker.metrics[Cause::MemoryFull] >= 4);
  for (const auto& client : clients) client->drop();
  broker.advance(1s);
  broker.check_given_back();
}

TEST_CASE("topic aliases toward clients that allow 65,535 of them stay few") {
  Bombed broker(std::size_t{1} << 20);
  Pair pair(broker);
  pair.must_work();
  broker.note_rest();
  Client a(broker, Version::V5, "a", {.props = {.topic_alias_maximum = 65'535}});
  a.must_subscribe("alias/#");
  Client publisher(broker, Version::V5, "publisher");
  for (int i = 0; i < 20'000; ++i) {
    publisher.publish("alias/" + std::string(100, 'a') + std::to_string(i), "x");
  }
  CHECK(a.all().size() == 20'000);
  broker.check_bounds();
  CHECK(broker.metrics[Cause::MemoryFull] == 0);
  pair.must_work();
  a.disconnect();
  publisher.disconnect();
  broker.advance(1s);
  broker.check_given_back();
}

}  // namespace
}  // namespace midge::test
