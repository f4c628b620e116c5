#include "broker/routing/retained.hpp"

#include <doctest/doctest.h>

#include <map>
#include <random>
#include <set>
#include <string>

#include "broker/topic/topic.hpp"
#include "tests/unit/base/range.hpp"
#include "tests/unit/routing/random_topic.hpp"

using namespace midge;
using namespace midge::routing;

namespace {

struct World {
  World() : arena(range.all(), 4096, 0, backing) {}

  bool set(std::string_view topic_name, Instant expires = kNever) {
    message::Message* const message = messages.create(
        {.topic_name = topic_name, .payload_bytes = 1, .retain = true, .expires = expires});
    static_cast<void>(messages.append(*message, as_bytes("x")));
    const bool stored = store.set(*message) == RetainedStore::Stored::Yes;
    messages.release(*message);
    return stored;
  }
  std::multiset<std::string> matching(const std::string& filter) {
    std::multiset<std::string> all;
    RetainedCursor cursor = store.start();
    for (; cursor.node != nullptr; store.step(cursor, filter)) {
      if (store.is_match(cursor, filter)) all.emplace(cursor.node->message->topic_name());
    }
    return all;
  }

  test::Range range{std::size_t{4} << 20U};
  NoBacking backing;
  Arena arena;
  metrics::Metrics metrics;
  settings::Limits limits;
  Deadlines deadlines{Instant{}};
  Memory memory{arena};
  message::Messages messages{memory, {metrics.stored_messages, metrics.stored_bytes}};
  RetainedStore store{memory, Hasher(9), messages, metrics, deadlines, limits};
};

}  // namespace

TEST_CASE("a walk visits each retained message that its filter matches, once") {
  World world;
  std::mt19937 random(17);
  std::set<std::string> topics;
  for (int step = 0; step < 3'000; ++step) {
    const std::string topic_name = test::random_topic(random, false);
    if (random() % 3 == 0) {
      CHECK(world.store.clear(topic_name) == (topics.erase(topic_name) == 1));
    } else {
      REQUIRE(world.set(topic_name));
      topics.insert(topic_name);
    }
    const std::string filter = test::random_topic(random, true);
    CAPTURE(filter);
    std::multiset<std::string> expected;
    for (const std::string& text : topics) {
      if (topic::matches(filter, text)) expected.insert(text);
    }
    CHECK(world.matching(filter) == expected);
    CHECK(world.metrics.retained_messages == topics.size());
  }
}

TEST_CASE("a walk goes on where it stood when the tree changes between its steps") {
  World world;
  std::mt19937 random(23);
  for (int round = 0; round < 200; ++round) {
    std::set<std::string> always;
    for (int i = 0; i < 30; ++i) {
      const std::string topic_name = "keep/" + test::random_topic(random, false);
      REQUIRE(world.set(topic_name));
      always.insert(topic_name);
    }
    for (int i = 0; i < 30; ++i) REQUIRE(world.set("keep/" + std::to_string(i) + "/x"));
    std::multiset<std::string> seen;
    RetainedCursor cursor = world.store.start();
    for (; cursor.node != nullptr; world.store.step(cursor, "keep/#")) {
      if (world.store.is_match(cursor, "keep/#")) seen.emplace(cursor.node->message->topic_name());
      world.store.clear("keep/" + std::to_string(random() % 30) + "/x");
      REQUIRE(world.set("keep/new/" + std::to_string(random() % 10)));
    }
    for (const std::string& topic_name : always) {
      CAPTURE(topic_name);
      CHECK(seen.count(topic_name) == 1);
      CHECK(world.store.clear(topic_name));
    }
    for (int i = 0; i < 30; ++i) world.store.clear("keep/" + std::to_string(i) + "/x");
    for (int i = 0; i < 10; ++i) world.store.clear("keep/new/" + std::to_string(i));
    CHECK(world.metrics.retained_messages == 0);
    CHECK(world.metrics.stored_messages == 0);
  }
}

TEST_CASE("a retained message that expires frees its memory, and a newer one its deadline") {
  World world;
  const std::size_t pages = world.arena.used_pages();
  REQUIRE(world.set("a/b", Instant{std::chrono::seconds(5)}));
  REQUIRE(world.set("a/c", Instant{std::chrono::seconds(5)}));
  REQUIRE(world.set("a/c"));
  const auto expire = [&](std::chrono::seconds now) {
    int count = 0;
    world.deadlines.advance(Instant{now});
    while (Deadline* const due = world.deadlines.take()) {
      world.store.on_expired(static_cast<RetainedExpiry&>(*due));
      ++count;
    }
    return count;
  };
  CHECK(expire(std::chrono::seconds(4)) == 0);
  CHECK(expire(std::chrono::seconds(6)) == 1);
  CHECK(world.store.find("a/b") == nullptr);
  CHECK(world.store.find("a/c") != nullptr);
  CHECK(world.store.clear("a/c"));
  CHECK(world.arena.used_pages() == pages);
}

TEST_CASE("the limit of retained messages lets old ones be replaced") {
  World world;
  world.limits.retained_messages = 1;
  CHECK(world.set("a"));
  CHECK_FALSE(world.set("b"));
  CHECK(world.set("a"));
  CHECK(world.store.find("b") == nullptr);
}
