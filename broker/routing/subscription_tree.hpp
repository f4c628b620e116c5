// The subscription tree: the levels of all filters. Matching walks down with an explicit stack;
// nothing recurses.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "broker/base/hash.hpp"
#include "broker/base/list.hpp"
#include "broker/base/memory.hpp"
#include "broker/routing/level_tree.hpp"
#include "broker/session/subscription.hpp"
#include "broker/topic/topic.hpp"

namespace midge::routing {

struct TreeNode : LevelNode<TreeNode> {
  SmallList<session::Subscriber, session::AtNode> subscribers;
  std::uint32_t subscriber_count = 0;
  // Children by the first level of their labels.
  bool has_plus : 1 = false;  // "+"
  bool has_rest : 1 = false;  // "#"
  std::uint32_t literal_children : 30 = 0;

  void adopt(const TreeNode& child) { count(child, true); }
  void disown(const TreeNode& child) { count(child, false); }
  void replace(const TreeNode&, const TreeNode&) {}
  [[nodiscard]] bool is_unused() const {
    return subscriber_count == 0 && !has_plus && !has_rest && literal_children == 0;
  }

 private:
  void count(const TreeNode& child, bool comes);
};
static_assert(sizeof(void*) != 8 || sizeof(TreeNode) == 40, "there may be very many");

class SubscriptionTree {
 public:
  // Filters and topic names have at most `maximum_levels` levels. is_ready() tells whether there
  // was memory for the root and the stack.
  SubscriptionTree(Memory& memory, Hasher hasher, std::uint16_t maximum_levels);
  SubscriptionTree(const SubscriptionTree&) = delete;
  SubscriptionTree& operator=(const SubscriptionTree&) = delete;
  [[nodiscard]] bool is_ready() const { return levels_.root() != nullptr && stack_ != nullptr; }

  // The node of `filter` (valid, without $share), or null when there is none.
  [[nodiscard]] TreeNode* find(std::string_view filter) const { return levels_.find(filter); }
  // The same, made when there is none; null when memory is full, then nothing has changed. A node
  // without subscribers and children must be given to prune().
  [[nodiscard]] TreeNode* make(std::string_view filter) { return levels_.make(filter); }
  // Frees `node` and its parents as far as nothing hangs at them.
  void prune(TreeNode* node) { levels_.prune(node); }

  static void add(TreeNode& node, session::Subscriber& subscriber) {
    node.subscribers.push_front(subscriber);
    ++node.subscriber_count;
  }
  static void remove(TreeNode& node, session::Subscriber& subscriber) {
    node.subscribers.remove(subscriber);
    --node.subscriber_count;
  }

  // Whether any subscription's filter has `level` as its first level.
  [[nodiscard]] bool has_first_level(std::string_view level) const {
    return levels_.child(*levels_.root(), level) != nullptr;
  }

  // Calls visit(node) for every node with subscribers whose filter matches `topic_name`. `visit`
  // must not change the tree.
  template <class Visit>
  void for_each_match(std::string_view topic_name, Visit visit) const;

  // Writes the filter of `node` to the end of `out`, which must be long enough (65'535 bytes); the
  // result is a view into it.
  [[nodiscard]] static std::string_view filter_of(const TreeNode& node, MutableBytes out);

  [[nodiscard]] std::size_t node_count() const { return levels_.size(); }

  // --- for walks of other kinds ---

  static constexpr std::uint32_t kEnd = 0xFFFFFFFF;  // behind the last level of a topic name
  [[nodiscard]] const LevelTree<TreeNode>& levels() const { return levels_; }
  [[nodiscard]] const TreeNode& root() const { return *levels_.root(); }
  // Matches what a label has behind its first level with the topic name from `at`, where a level
  // ends. The offset of the next level then, or kEnd; nothing when they differ.
  [[nodiscard]] static std::optional<std::uint32_t> match_behind(std::string_view label,
                                                                 std::string_view topic_name,
                                                                 std::size_t at);

 private:
  // A node that matches the topic name as far as it has been read.
  struct Frame {
    const TreeNode* node;
    std::uint32_t rest;         // offset of the next level in the topic name; kEnd behind the last
    std::uint32_t hash;         // of that level below the node, if it has literal children
    std::uint32_t level_bytes;  // of that level
  };

  [[nodiscard]] Frame frame(const TreeNode& node, std::string_view topic_name,
                            std::uint32_t rest) const;

  LevelTree<TreeNode> levels_;
  Frame* stack_ = nullptr;
};

template <class Visit>
void SubscriptionTree::for_each_match(std::string_view topic_name, Visit visit) const {
  const auto offer = [&visit](const TreeNode* node) {
    if (node == nullptr || node->subscriber_count == 0) return;
    prefetch(node->subscribers.first());
    visit(*const_cast<TreeNode*>(node));
  };
  std::size_t depth = 0;
  // `next` matches with its first level, of `level_bytes`; `at` is where that ends in the topic.
  const auto push = [&](const TreeNode* next, std::size_t level_bytes, std::size_t at) {
    if (next == nullptr) return;
    const auto rest = match_behind(next->label().substr(level_bytes), topic_name, at);
    if (rest) stack_[depth++] = frame(*next, topic_name, *rest);
  };
  // A leading wildcard does not match topics that begin with $ [MQTT-4.7.2-1].
  const bool hidden = topic::is_hidden(topic_name);
  stack_[depth++] = frame(*levels_.root(), topic_name, 0);
  while (depth > 0) {
    const Frame here = stack_[--depth];
    const TreeNode& node = *here.node;
    const bool wildcards = !(hidden && &node == levels_.root());
    if (node.has_rest && wildcards)
      offer(levels_.child(node, "#"));  // "a/#" matches "a" and all below
    if (here.rest == kEnd) {
      offer(&node);
      continue;
    }
    const std::string_view level = topic_name.substr(here.rest, here.level_bytes);
    const std::size_t level_end = here.rest + level.size();
    // At most two more frames for one taken, each further by a level at least: never more than the
    // levels and one.
    if (node.has_plus && wildcards) push(levels_.child(node, "+"), 1, level_end);
    if (node.literal_children > 0)
      push(levels_.child(node, level, here.hash), level.size(), level_end);
  }
}

}  // namespace midge::routing
