#include "broker/routing/match_ahead.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "tests/unit/routing/random_topic.hpp"
#include "tests/unit/routing/tree_world.hpp"

using namespace midge;
using namespace midge::routing;

namespace {

std::vector<std::string_view> views(const std::vector<std::string>& texts) {
  return {texts.begin(), texts.end()};
}

// The filters that `matches` has, each once and with its subscribers counted.
std::set<std::string> filters_of(const test::TreeWorld& world, const MatchAhead::Matches& matches) {
  std::set<std::string> all;
  std::size_t subscribers = 0;
  for (std::size_t i = 0; i < matches.count; ++i) {
    CHECK(all.insert(world.filter_of(*matches.nodes[i])).second);
    subscribers += matches.nodes[i]->subscriber_count;
  }
  CHECK(matches.subscribers == subscribers);
  return all;
}

}  // namespace

TEST_CASE("topics matched side by side match what each matches alone") {
  int known = 0;
  int left_out = 0;
  for (const auto random_text : {test::random_topic, test::random_path}) {
    test::TreeWorld world;
    MatchAhead ahead;
    std::mt19937 random(7);
    for (int round = 0; round < 1'000; ++round) {
      const std::string filter = random_text(random, true);
      if (world.subscribers.contains(filter)) {
        world.remove(filter);
      } else {
        REQUIRE(world.add(filter) != nullptr);
      }
      while (world.subscribers.size() > 40) world.remove(world.subscribers.begin()->first);
      std::vector<std::string> topics;
      const std::size_t count = random() % MatchAhead::kTopics + 1;
      for (std::size_t i = 0; i < count; ++i) topics.push_back(random_text(random, false));
      ahead.match(world.tree, views(topics));
      for (const std::string& topic : topics) {
        CAPTURE(topic);
        const MatchAhead::Matches* const matches = ahead.take(topic);
        const std::set<std::string> expected = world.expected(topic);
        if (matches == nullptr) {
          ++left_out;
          CHECK(expected.size() > MatchAhead::kNodes);
        } else {
          ++known;
          CHECK(filters_of(world, *matches) == expected);
        }
      }
    }
  }
  CHECK(known > 10'000);
  CHECK(left_out > 100);
}

TEST_CASE("topics are taken in their order, some may be passed by, and none is left after forget") {
  test::TreeWorld world;
  for (const char* filter : {"a", "b", "c"}) world.add(filter);
  MatchAhead ahead;
  CHECK(ahead.take("a") == nullptr);
  const std::vector<std::string> topics = {"a", "b", "nobody", "a", "c"};
  ahead.match(world.tree, views(topics));
  REQUIRE(ahead.take("b") != nullptr);
  CHECK(ahead.take("other") == nullptr);
  REQUIRE(ahead.take("nobody") != nullptr);
  const MatchAhead::Matches* const again = ahead.take("a");  // the second
  REQUIRE(again != nullptr);
  CHECK(filters_of(world, *again) == std::set<std::string>{"a"});
  CHECK(ahead.take("a") == nullptr);
  REQUIRE(ahead.take("c") != nullptr);
  ahead.match(world.tree, views(topics));
  ahead.forget();
  CHECK(ahead.take("a") == nullptr);
}

TEST_CASE("more topics than can be kept, and names that are none, do no harm") {
  test::TreeWorld world;
  for (const char* filter : {"+", "#", "a/+/b", "+/+/+/+/+/+/+/+/#"}) world.add(filter);
  std::vector<std::string> topics = {
      "", "+", "#", "a/#/b", std::string(2'000, '/'), "$x", std::string("\xff\0/", 3)};
  while (topics.size() < 3 * MatchAhead::kTopics) topics.push_back("a/x/b");
  MatchAhead ahead;
  ahead.match(world.tree, views(topics));
  const MatchAhead::Matches* const hidden = ahead.take("$x");
  REQUIRE(hidden != nullptr);
  CHECK(hidden->count == 0);
  std::size_t taken = 0;
  while (const MatchAhead::Matches* const matches = ahead.take("a/x/b")) {
    CHECK(filters_of(world, *matches) == std::set<std::string>{"#", "a/+/b"});
    ++taken;
  }
  CHECK(taken == MatchAhead::kTopics - 7);
}

TEST_CASE("a topic with more steps than there is room for is left out, and the others are right") {
  test::TreeWorld world;
  // Every level branches: twelve levels of "+" and "a".
  for (unsigned mask = 0; mask < 4'096; ++mask) {
    std::string filter;
    for (unsigned level = 0; level < 12; ++level) filter += (mask >> level & 1U) != 0 ? "+/" : "a/";
    REQUIRE(world.add(filter + "b") != nullptr);
  }
  REQUIRE(world.add("c/d") != nullptr);
  const std::vector<std::string> topics = {"c/d", "a/a/a/a/a/a/a/a/a/a/a/a/b",
                                           "a/a/a/a/a/a/a/a/a/a/a/a/x", "c/d"};
  MatchAhead ahead;
  ahead.match(world.tree, views(topics));
  CHECK(ahead.take(topics[1]) == nullptr);
  ahead.match(world.tree, views(topics));
  int known = 0;
  for (const std::string& topic : topics) {
    const MatchAhead::Matches* const matches = ahead.take(topic);
    if (matches == nullptr) continue;
    ++known;
    CHECK(filters_of(world, *matches) == world.expected(topic));
  }
  CHECK(known >= 1);
}
