#include "broker/routing/retained.hpp"

#include <doctest/doctest.h>

#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "broker/topic/topic.hpp"
#include "tests/unit/base/range.hpp"
#include "tests/unit/routing/random_topic.hpp"

using namespace midge;
using namespace midge::routing;

namespace {

struct World {
  explicit World(std::size_t bytes = std::size_t{4} << 20U)
      : range(bytes), arena(range.all(), 4096, 0, backing) {}

  bool set(std::string_view topic_name, Instant expires = kNever) {
    message::Message* const message = messages.create(
        {.topic_name = topic_name, .payload_bytes = 1, .retain = true, .expires = expires});
    if (message == nullptr) return false;
    static_cast<void>(messages.append(*message, as_bytes("x")));
    const bool stored = store.set(*message) == RetainedStore::Stored::Yes;
    messages.release(*message);
    return stored;
  }
  std::multiset<std::string> matching(const std::string& filter) {
    std::multiset<std::string> all;
    RetainedCursor cursor = store.start();
    for (; cursor.node != nullptr; store.step(cursor, filter)) {
      if (store.is_match(cursor, filter)) all.emplace(cursor.node->message()->topic_name());
    }
    return all;
  }

  test::Range range;
  NoBacking backing;
  Arena arena;
  metrics::Metrics metrics;
  settings::Limits limits;
  Deadlines deadlines{Instant{}};
  Memory memory{arena};
  message::Messages messages{memory, {metrics.stored_messages, metrics.stored_bytes}, nullptr};
  RetainedStore store{memory, Hasher(9), messages, metrics, deadlines, limits};
};

}  // namespace

TEST_CASE("a walk visits each retained message that its filter matches, once") {
  for (const auto random_text : {test::random_topic, test::random_path}) {
    World world;
    const std::size_t pages = world.arena.used_pages();
    std::mt19937 random(17);
    std::set<std::string> topics;
    for (int step = 0; step < 3'000; ++step) {
      const std::string topic_name = random_text(random, false);
      if (random() % 3 == 0) {
        CHECK(world.store.clear(topic_name) == (topics.erase(topic_name) == 1));
      } else {
        REQUIRE(world.set(topic_name));
        topics.insert(topic_name);
      }
      // From time to time only few are left, so that labels get long again.
      while (step % 200 == 0 && topics.size() > 3) {
        CHECK(world.store.clear(*topics.begin()));
        topics.erase(topics.begin());
      }
      const std::string filter = random_text(random, true);
      CAPTURE(filter);
      std::multiset<std::string> expected;
      for (const std::string& text : topics) {
        if (topic::matches(filter, text)) expected.insert(text);
      }
      CHECK(world.matching(filter) == expected);
      CHECK(world.metrics.retained_messages == topics.size());
      const RetainedNode* const node = world.store.find(topic_name);
      CHECK((node != nullptr) == topics.contains(topic_name));
      if (node != nullptr) CHECK(node->message()->topic_name() == topic_name);
    }
    for (const std::string& topic_name : topics) CHECK(world.store.clear(topic_name));
    CHECK(world.arena.used_pages() == pages);
  }
}

TEST_CASE("walks side by side pass each message once, whatever comes, goes and is split") {
  World world;
  const std::size_t pages = world.arena.used_pages();
  std::mt19937 random(29);
  for (int round = 0; round < 1'500; ++round) {
    std::set<std::string> always;
    for (auto i = random() % 6; i > 0; --i) always.insert(test::random_path(random, false));
    for (const std::string& topic_name : always) REQUIRE(world.set(topic_name));
    struct Walk {
      std::string filter;
      RetainedCursor cursor;
      std::multiset<std::string> seen{};
    };
    std::vector<Walk> walks;
    for (int i = 0; i < 3; ++i) {
      walks.push_back({test::random_path(random, true), world.store.start()});
    }
    std::set<std::string> others;
    for (bool going = true; going;) {
      going = false;
      for (Walk& walk : walks) {
        for (auto i = random() % 4; i > 0; --i) {
          const std::string topic_name = test::random_path(random, false);
          if (always.contains(topic_name)) continue;
          if (random() % 2 == 0) {
            REQUIRE(world.set(topic_name));
            others.insert(topic_name);
          } else {
            CHECK(world.store.clear(topic_name) == (others.erase(topic_name) == 1));
          }
        }
        if (walk.cursor.node == nullptr) continue;
        going = true;
        if (world.store.is_match(walk.cursor, walk.filter)) {
          walk.seen.emplace(walk.cursor.node->message()->topic_name());
        }
        world.store.step(walk.cursor, walk.filter);
      }
    }
    for (const Walk& walk : walks) {
      CAPTURE(walk.filter);
      for (const std::string& topic_name : always) {
        CAPTURE(topic_name);
        CHECK(walk.seen.count(topic_name) == (topic::matches(walk.filter, topic_name) ? 1 : 0));
      }
      for (const std::string& topic_name : walk.seen) {
        CAPTURE(topic_name);
        CHECK(walk.seen.count(topic_name) == 1);
        CHECK(topic::matches(walk.filter, topic_name));
      }
    }
    for (const std::string& topic_name : always) CHECK(world.store.clear(topic_name));
    for (const std::string& topic_name : others) CHECK(world.store.clear(topic_name));
  }
  CHECK(world.arena.used_pages() == pages);
}

TEST_CASE("a step is one node, however many siblings the filter passes by") {
  World world;
  constexpr int kSiblings = 500;
  for (int i = 0; i < kSiblings; ++i) REQUIRE(world.set("a/" + std::to_string(i) + "/x"));
  int steps = 0;
  RetainedCursor cursor = world.store.start();
  for (; cursor.node != nullptr; world.store.step(cursor, "a/+/y")) {
    CHECK_FALSE(world.store.is_match(cursor, "a/+/y"));
    ++steps;
  }
  CHECK(steps == kSiblings + 2);  // with the root and "a"
}

TEST_CASE("a topic is found though the message that lent its levels has gone") {
  World world;
  const std::size_t pages = world.arena.used_pages();
  REQUIRE(world.set("a/b/c"));
  REQUIRE(world.set("a/b/d"));  // "a/b" is one node, in the name of the first
  REQUIRE(world.set("a/x"));
  REQUIRE(world.set("a/b"));
  const auto write_over_freed_memory = [&] {
    for (int i = 0; i < 100; ++i) REQUIRE(world.set("z/" + std::to_string(i)));
    for (int i = 0; i < 100; ++i) CHECK(world.store.clear("z/" + std::to_string(i)));
  };
  std::set<std::string> left{"a/b/c", "a/b/d", "a/x", "a/b"};
  for (const char* const gone : {"a/b/c", "a/b", "a/b/d", "a/x"}) {
    CHECK(world.store.clear(gone));
    left.erase(gone);
    write_over_freed_memory();
    const std::multiset<std::string> all = world.matching("a/#");
    CHECK(std::set<std::string>(all.begin(), all.end()) == left);
    for (const std::string& topic_name : left) CHECK(world.store.find(topic_name) != nullptr);
    CHECK(world.store.find(gone) == nullptr);
  }
  CHECK(world.arena.used_pages() == pages);
}

TEST_CASE("a walk stands where everything was deleted, and what comes there again is found") {
  World world;
  const std::size_t pages = world.arena.used_pages();
  REQUIRE(world.set("a/b/c"));
  RetainedCursor cursor = world.store.start();
  world.store.step(cursor, "#");
  REQUIRE(world.store.is_match(cursor, "#"));
  SUBCASE("nothing comes") {}
  SUBCASE("a message of the same topic") {
    REQUIRE(world.set("a/b/c"));
  }
  CHECK(world.store.clear("a/b/c"));
  CHECK_FALSE(world.store.is_match(cursor, "#"));
  CHECK(world.metrics.retained_messages == 0);
  SUBCASE("the same topic, after") {
    REQUIRE(world.set("a/b/c"));
    CHECK(world.store.is_match(cursor, "#"));
    CHECK(world.store.clear("a/b/c"));
  }
  SUBCASE("a topic below") {
    REQUIRE(world.set("a/b/c/d"));
    world.store.step(cursor, "#");
    CHECK(world.store.is_match(cursor, "#"));
    CHECK(world.store.clear("a/b/c/d"));
  }
  SUBCASE("a topic beside, and the walk ends") {
    REQUIRE(world.set("a/b/e"));
    world.store.stop(cursor);
    CHECK(world.store.find("a/b/e") != nullptr);
    CHECK(world.store.clear("a/b/e"));
  }
  world.store.stop(cursor);
  CHECK(world.metrics.stored_messages == 0);
  CHECK(world.arena.used_pages() == pages);
}

TEST_CASE("a topic name takes memory once, in its message") {
  World world;
  const std::size_t pages = world.arena.used_pages();
  constexpr std::size_t kTopics = 500;
  constexpr std::size_t kTopicBytes = 1'000;
  const auto topic_name = [](std::size_t i) {
    return std::to_string(i) + '/' + std::string(kTopicBytes, 't');
  };
  for (std::size_t i = 0; i < kTopics; ++i) REQUIRE(world.set(topic_name(i)));
  const std::size_t bytes = (world.arena.used_pages() - pages) * world.arena.page_bytes();
  CHECK(bytes < kTopics * (kTopicBytes + kTopicBytes / 2));
}

TEST_CASE("when memory is full, a topic that finds no room changes nothing") {
  World world(std::size_t{128} << 10U);
  const std::size_t pages = world.arena.used_pages();
  std::mt19937 random(31);
  std::set<std::string> topics;
  int refused = 0;
  for (int step = 0; step < 4'000; ++step) {
    const std::string topic_name = test::random_path(random, false) + '/' +
                                   std::string(random() % 200, 'x') + '/' +
                                   test::random_path(random, false);
    if (world.set(topic_name)) {
      topics.insert(topic_name);
    } else {
      ++refused;
      if (refused % 8 == 0 && !topics.empty()) {
        CHECK(world.store.clear(*topics.begin()));
        topics.erase(topics.begin());
      }
    }
    if (step % 50 != 0) continue;
    const std::multiset<std::string> all = world.matching("#");
    CHECK(std::set<std::string>(all.begin(), all.end()) == topics);
    CHECK(all.size() == topics.size());
  }
  CHECK(refused > 1'000);
  for (const std::string& topic_name : topics) CHECK(world.store.clear(topic_name));
  CHECK(world.arena.used_pages() == pages);
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
      if (world.store.is_match(cursor, "keep/#"))
        seen.emplace(cursor.node->message()->topic_name());
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
