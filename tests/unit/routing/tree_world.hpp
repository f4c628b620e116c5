// A subscription tree and what it should know: the filters, their subscribers and nodes.
#pragma once

#include <doctest/doctest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "broker/routing/subscription_tree.hpp"
#include "tests/unit/base/range.hpp"

namespace midge::test {

struct TreeWorld {
  explicit TreeWorld(std::size_t bytes = std::size_t{4} << 20U)
      : range(bytes), arena(range.all(), 4096, 0, backing) {}

  routing::TreeNode* add(const std::string& filter) {
    routing::TreeNode* const node = tree.make(filter);
    if (node == nullptr) return nullptr;
    CHECK(tree.find(filter) == node);
    routing::SubscriptionTree::add(*node, subscribers.emplace(filter, true).first->second);
    nodes.emplace(filter, node);
    return node;
  }
  void remove(std::string filter) {  // a copy: it may be the key that goes
    routing::TreeNode* const node = tree.find(filter);
    REQUIRE(node != nullptr);
    routing::SubscriptionTree::remove(*node, subscribers.at(filter));
    tree.prune(node);
    subscribers.erase(filter);
    nodes.erase(filter);
  }
  std::string filter_of(const routing::TreeNode& node) const {
    std::vector<std::uint8_t> text(tree.filter_bytes(node));
    tree.write_filter(node, text.data());
    return {text.begin(), text.end()};
  }
  std::set<std::string> matching(const std::string& topic_name) const {
    std::set<std::string> all;
    tree.for_each_match(
        topic_name, [&](routing::TreeNode& node) { CHECK(all.insert(filter_of(node)).second); });
    return all;
  }
  std::set<std::string> expected(const std::string& topic_name) const {
    std::set<std::string> all;
    for (const auto& [filter, subscriber] : subscribers) {
      if (topic::matches(filter, topic_name)) all.insert(filter);
    }
    return all;
  }
  // Every filter has the node that it was given.
  void check_nodes() const {
    for (const auto& [filter, node] : nodes) {
      CHECK(tree.find(filter) == node);
      CHECK(filter_of(*node) == filter);
    }
  }

  test::Range range;
  NoBacking backing;
  Arena arena;
  Memory memory{arena};
  routing::SubscriptionTree tree{memory, Hasher(5), 20};
  // Groups: a plain subscription would need a session.
  std::map<std::string, session::Subscriber> subscribers;
  std::map<std::string, routing::TreeNode*> nodes;
};

}  // namespace midge::test
