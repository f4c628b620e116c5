#include "broker/routing/subscription_tree.hpp"

#include <doctest/doctest.h>

#include <random>
#include <set>
#include <string>
#include <vector>

#include "tests/unit/routing/random_topic.hpp"
#include "tests/unit/routing/tree_world.hpp"

using namespace midge;
using namespace midge::routing;

using World = test::TreeWorld;

TEST_CASE("the tree finds just the filters that match, while they come and go") {
  for (const auto random_text : {test::random_topic, test::random_path}) {
    World world;
    REQUIRE(world.tree.is_ready());
    const std::size_t pages = world.arena.used_pages();
    std::mt19937 random(11);
    for (int step = 0; step < 4'000; ++step) {
      const std::string filter = random_text(random, true);
      if (world.subscribers.contains(filter)) {
        world.remove(filter);
      } else {
        REQUIRE(world.add(filter) != nullptr);
      }
      // From time to time only few are left, so that labels get long again.
      while (step % 200 == 0 && world.subscribers.size() > 3) {
        world.remove(world.subscribers.begin()->first);
      }
      const std::string topic_name = random_text(random, false);
      CAPTURE(topic_name);
      CHECK(world.matching(topic_name) == world.expected(topic_name));
      if (step % 20 == 0) world.check_nodes();
    }
    while (!world.subscribers.empty()) world.remove(world.subscribers.begin()->first);
    CHECK(world.tree.size() == 0);
    CHECK(world.arena.used_pages() == pages);
  }
}

TEST_CASE("a label is split where a filter leaves it, and its node stays the same") {
  World world;
  world.add("site/77/+/temp/#");
  CHECK(world.tree.size() == 1);
  CHECK(world.tree.find("site/77") == nullptr);
  CHECK(world.tree.find("site/77/+/temp") == nullptr);
  world.add("site/77/+/humidity");  // in the middle
  CHECK(world.tree.size() == 3);
  world.add("site/77/+/temp");  // at the last level
  CHECK(world.tree.size() == 4);
  world.add("site");  // at the first
  CHECK(world.tree.size() == 5);
  world.add("site/77/+/temp/deeper/still");  // below
  world.add("$other");                       // nothing in common
  CHECK(world.tree.size() == 7);
  world.check_nodes();
  CHECK(world.matching("site/77/x/temp/deeper/still") ==
        std::set<std::string>{"site/77/+/temp/#", "site/77/+/temp/deeper/still"});
  CHECK(world.matching("site/77//temp") ==
        std::set<std::string>{"site/77/+/temp/#", "site/77/+/temp"});
  world.remove("site");
  world.remove("site/77/+/temp");
  world.remove("site/77/+/humidity");
  world.check_nodes();
  CHECK(world.matching("site/77/x/temp") == std::set<std::string>{"site/77/+/temp/#"});
}

TEST_CASE("wildcards inside a label match as they do between nodes") {
  struct Vector {
    const char* filter;
    const char* topic_name;
  };
  constexpr Vector kVectors[] = {
      {"a/#", "a"},
      {"a/#", "a/"},
      {"a/#", "a/b/c"},
      {"a/#", "ab"},
      {"a/+/#", "a"},
      {"a/+/#", "a/"},
      {"a/+/#", "a/b"},
      {"a/+/#", "a/b/c"},
      {"+/+", "a"},
      {"+/+", "/"},
      {"+/+", "a/b/c"},
      {"a/+/b", "a//b"},
      {"a/+", "a"},
      {"a/+", "a/"},
      {"a/b/#", "a"},
      {"a/b/#", "a/b"},
      {"a/b/#", "a/bc"},
      {"/", "/"},
      {"/", ""},
      {"//", "/"},
      {"/#", ""},
      {"/#", "/"},
      {"#", "a"},
      {"#", "$a"},
      {"#", "$a/b"},
      {"+/b", "$a/b"},
      {"+/#", "$a"},
      {"$a/#", "$a/b"},
      {"a/+", "a/$b"},
      {"a/#", "a/$b"},
      {"a/+/c", "a/b/c/d"},
      {"a/+/c", "a/b"},
      {"+/a/+", "x/a/y"},
      {"+/a/+", "x/b/y"},
      {"a/b/c/d/#", "a/b/c"},
      {"a/b", "a/b/"},
  };
  for (const Vector& v : kVectors) {
    CAPTURE(v.filter);
    CAPTURE(v.topic_name);
    World world;
    world.add(v.filter);
    CHECK(world.tree.size() == 1);
    const bool matches = topic::matches(v.filter, v.topic_name);
    CHECK(world.matching(v.topic_name).size() == (matches ? 1 : 0));
    // The same, one node a level.
    for (std::size_t i = 0; v.filter[i] != '\0'; ++i) {
      if (v.filter[i] == '/' && i > 0) world.add({v.filter, i});
    }
    CHECK(world.matching(v.topic_name) == world.expected(v.topic_name));
  }
}

TEST_CASE("when memory is full, a filter that finds no room changes nothing") {
  World world(std::size_t{80} << 10U);
  REQUIRE(world.tree.is_ready());
  const std::size_t pages = world.arena.used_pages();
  std::mt19937 random(3);
  int refused = 0;
  for (int step = 0; step < 6'000; ++step) {
    // Long levels, so that nodes of many sizes are needed; now and then something goes.
    const std::string front =
        test::random_path(random, false) + '/' + std::string(random() % 200, 'x') + '/';
    const std::string filter = front + test::random_path(random, true);
    const std::size_t nodes = world.tree.size();
    if (world.subscribers.contains(filter)) continue;
    if (world.add(filter) == nullptr) {
      ++refused;
      CHECK(world.tree.size() == nodes);
      CHECK(world.tree.find(filter) == nullptr);
      if (refused % 8 == 0) world.remove(world.subscribers.begin()->first);
    }
    const std::string topic_name = front + test::random_path(random, false);
    CHECK(world.matching(topic_name) == world.expected(topic_name));
    if (step % 100 == 0) world.check_nodes();
  }
  CHECK(refused > 1'000);
  while (!world.subscribers.empty()) world.remove(world.subscribers.begin()->first);
  CHECK(world.tree.size() == 0);
  CHECK(world.arena.used_pages() == pages);
}

TEST_CASE(
    "a topic of the greatest depth against filters of every shape needs no more than the stack") {
  World world;
  // All combinations of "+" and "a" for twelve levels, each with "#" behind.
  for (unsigned mask = 0; mask < 4'096; ++mask) {
    std::string filter;
    for (unsigned level = 0; level < 12; ++level) filter += (mask >> level & 1U) != 0 ? "+/" : "a/";
    filter += '#';
    REQUIRE(world.add(filter) != nullptr);
  }
  CHECK(world.matching("a/a/a/a/a/a/a/a/a/a/a/a/x/x/x/x/x/x/x/x").size() == 4'096);
  CHECK(world.matching("b/a/a/a/a/a/a/a/a/a/a/a").size() == 2'048);
  CHECK(world.tree.has_first_level("a"));
  CHECK_FALSE(world.tree.has_first_level("b"));
}
