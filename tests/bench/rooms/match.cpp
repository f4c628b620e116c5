// The subscription tree: topic name to subscribers.
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "broker/base/hash.hpp"
#include "broker/base/memory.hpp"
#include "broker/routing/match_ahead.hpp"
#include "broker/routing/subscription_tree.hpp"
#include "tests/bench/rooms/case.hpp"
#include "tests/bench/rooms/memory.hpp"

namespace midge::bench {
namespace {

struct Tree {
  void subscribe(const std::string& filter) {
    routing::TreeNode* const node = tree.make(filter);
    require(node != nullptr, "the arena is too small");
    routing::SubscriptionTree::add(*node, subscribers.emplace_back(true));
  }

  ArenaOfItsOwn arena{std::size_t{64} << 20};
  Memory memory{arena.get()};
  routing::SubscriptionTree tree{memory, Hasher(5), 200};
  std::deque<session::Subscriber> subscribers;  // groups: they need no session
};

// Matches the topics in turn, each of which has `expected` subscriptions.
void match(const Tree& tree, const std::vector<std::string>& topics, std::uint64_t count,
           unsigned expected) {
  std::size_t next = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    unsigned found = 0;
    tree.tree.for_each_match(topics[next], [&found](routing::TreeNode& node) {
      keep(node);
      ++found;
    });
    require(found == expected, "a topic did not match as it should");
    if (++next == topics.size()) next = 0;
  }
}

std::string device(unsigned i) {
  return "site/" + std::to_string(i / 100) + "/dev/" + std::to_string(i % 100) + "/temp";
}

void match_exact(std::uint64_t count) {
  Tree tree;
  std::vector<std::string> topics;
  for (unsigned i = 0; i < 50; ++i) {
    tree.subscribe(device(i));
    topics.push_back(device(i));
  }
  match(tree, topics, count, 1);
}

void match_wildcards(std::uint64_t count) {
  Tree tree;
  std::vector<std::string> topics;
  for (unsigned i = 0; i < 50; ++i) topics.push_back(device(i));
  for (const char* filter : {"#", "site/#", "site/+/dev/+/temp", "+/+/dev/#", "site/0/+/+/+"}) {
    tree.subscribe(filter);
  }
  match(tree, topics, count, 5);
}

void match_nothing(std::uint64_t count) {
  Tree tree;
  tree.subscribe("site/0/dev/0/temp");
  match(tree, {"other/0/dev/0/temp"}, count, 0);
}

// Filters and topics of the load generator's scenario "routes".
std::vector<std::string> grow_100k(Tree& tree) {
  constexpr unsigned kFilters = 100'000;
  for (unsigned i = 0; i < kFilters; ++i) {
    std::string filter = device(i);
    const std::string_view last = "temp";
    if (i % 10 == 6 || i % 10 == 7) filter.replace(filter.size() - last.size(), last.size(), "+");
    if (i % 10 == 8) filter.replace(filter.size() - last.size(), last.size(), "#");
    if (i % 10 == 9) filter = "site/+/dev/d" + std::to_string(i) + "/temp";
    tree.subscribe(filter);
  }
  std::vector<std::string> topics;
  for (unsigned i = 0; i < 10'000; ++i) {
    const unsigned route = i * 7'919U % kFilters;
    topics.push_back(route % 10 == 9 ? "site/" + std::to_string(route / 100) + "/dev/d" +
                                           std::to_string(route) + "/temp"
                                     : device(route));
  }
  return topics;
}

void match_100k(std::uint64_t count) {
  Tree tree;
  match(tree, grow_100k(tree), count, 1);
}

// The same topics, as many side by side as are taken.
void match_ahead_100k(std::uint64_t count) {
  Tree tree;
  const std::vector<std::string> texts = grow_100k(tree);
  const std::vector<std::string_view> topics(texts.begin(), texts.end());
  constexpr std::size_t kTogether = routing::MatchAhead::kTopics;
  const auto ahead = std::make_unique<routing::MatchAhead>();
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t at = i % (topics.size() / kTogether * kTogether);
    if (i % kTogether == 0) {
      ahead->match(tree.tree, std::span(topics).subspan(at, kTogether));
    }
    const auto* const found = ahead->take(topics[at]);
    require(found != nullptr && found->count == 1, "a topic did not match as it should");
  }
}

// A filter comes and goes, beside others.
void make_and_prune(std::uint64_t count) {
  Tree tree;
  for (unsigned i = 0; i < 1'000; ++i) tree.subscribe(device(i));
  for (std::uint64_t i = 0; i < count; ++i) {
    routing::TreeNode* const node = tree.tree.make("site/5/dev/new/temp");
    require(node != nullptr, "the arena is too small");
    tree.tree.prune(node);
  }
}

constexpr Case kCases[] = {
    {"match-exact", "topic matched among 50 exact filters", 100'000, match_exact},
    {"match-wildcards", "topic matched by 5 filters with wildcards", 100'000, match_wildcards},
    {"match-nothing", "topic without a subscriber", 100'000, match_nothing},
    {"match-100k", "topic matched among 100,000 filters", 100'000, match_100k},
    {"match-ahead-100k", "the same, many topics side by side", 100'000, match_ahead_100k},
    {"make-and-prune", "filter made and removed, two nodes of it new", 100'000, make_and_prune},
};

}  // namespace

std::span<const Case> match_cases() {
  return kCases;
}

}  // namespace midge::bench
