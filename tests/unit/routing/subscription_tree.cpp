#include "broker/routing/subscription_tree.hpp"

#include <doctest/doctest.h>

#include <map>
#include <random>
#include <set>
#include <string>

#include "tests/unit/base/range.hpp"
#include "tests/unit/routing/random_topic.hpp"

using namespace midge;
using namespace midge::routing;

namespace {

struct World {
  World() : arena(range.all(), 4096, 0, backing) {}

  std::set<std::string> matching(const std::string& topic_name) const {
    std::set<std::string> all;
    std::vector<std::uint8_t> text(1'024);
    tree.for_each_match(topic_name, [&](TreeNode& node) {
      CHECK(all.insert(std::string(SubscriptionTree::filter_of(node, text))).second);
    });
    return all;
  }

  test::Range range{std::size_t{4} << 20U};
  NoBacking backing;
  Arena arena;
  Memory memory{arena};
  SubscriptionTree tree{memory, Hasher(5), 20};
};

}  // namespace

TEST_CASE("the tree finds just the filters that match, while they come and go") {
  World world;
  REQUIRE(world.tree.is_ready());
  const std::size_t pages = world.arena.used_pages();
  std::mt19937 random(11);
  std::map<std::string, session::Subscriber> subscribers;
  for (int step = 0; step < 4'000; ++step) {
    const std::string filter = test::random_topic(random, true);
    const auto found = subscribers.find(filter);
    if (found == subscribers.end()) {
      TreeNode* const node = world.tree.make(filter);
      REQUIRE(node != nullptr);
      CHECK(world.tree.find(filter) == node);
      SubscriptionTree::add(*node, subscribers.emplace(filter, false).first->second);
    } else {
      TreeNode* const node = world.tree.find(filter);
      REQUIRE(node != nullptr);
      SubscriptionTree::remove(*node, found->second);
      world.tree.prune(node);
      subscribers.erase(found);
    }
    const std::string topic_name = test::random_topic(random, false);
    CAPTURE(topic_name);
    std::set<std::string> expected;
    for (const auto& [text, subscriber] : subscribers) {
      if (topic::matches(text, topic_name)) expected.insert(text);
    }
    CHECK(world.matching(topic_name) == expected);
  }
  while (!subscribers.empty()) {
    TreeNode* const node = world.tree.find(subscribers.begin()->first);
    SubscriptionTree::remove(*node, subscribers.begin()->second);
    world.tree.prune(node);
    subscribers.erase(subscribers.begin());
  }
  CHECK(world.tree.node_count() == 0);
  CHECK(world.arena.used_pages() == pages);
}

TEST_CASE(
    "a topic of the greatest depth against filters of every shape needs no more than the stack") {
  World world;
  std::map<std::string, session::Subscriber> subscribers;
  // All combinations of "+" and "a" for twelve levels, each with "#" behind.
  for (unsigned mask = 0; mask < 4'096; ++mask) {
    std::string filter;
    for (unsigned level = 0; level < 12; ++level) filter += (mask >> level & 1U) != 0 ? "+/" : "a/";
    filter += '#';
    TreeNode* const node = world.tree.make(filter);
    REQUIRE(node != nullptr);
    SubscriptionTree::add(*node, subscribers.emplace(filter, false).first->second);
  }
  CHECK(world.matching("a/a/a/a/a/a/a/a/a/a/a/a/x/x/x/x/x/x/x/x").size() == 4'096);
  CHECK(world.matching("b/a/a/a/a/a/a/a/a/a/a/a").size() == 2'048);
  CHECK(world.tree.has_first_level("a"));
  CHECK_FALSE(world.tree.has_first_level("b"));
}
