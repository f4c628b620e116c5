// The subscription tree: a node for each level of each filter, found through one hash table keyed
// by (parent, level). Matching walks down with an explicit stack; nothing recurses.
#pragma once

#include <cstdint>
#include <string_view>

#include "broker/base/hash.hpp"
#include "broker/base/hash_index.hpp"
#include "broker/base/list.hpp"
#include "broker/base/memory.hpp"
#include "broker/session/subscription.hpp"
#include "broker/topic/topic.hpp"

namespace midge::routing {

struct TreeNode {
  TreeNode* hash_next = nullptr;
  TreeNode* parent = nullptr;
  TreeNode* plus = nullptr;  // child "+"
  TreeNode* rest = nullptr;  // child "#"
  SmallList<session::Subscriber, session::AtNode> subscribers;
  std::uint32_t hash = 0;
  std::uint32_t subscriber_count = 0;
  std::uint32_t literal_children = 0;  // children other than "+" and "#"
  std::uint16_t name_bytes = 0;        // the level lies behind the object

  [[nodiscard]] std::string_view name() const {
    return {reinterpret_cast<const char*>(this + 1), name_bytes};
  }
};

class SubscriptionTree {
 public:
  // Filters and topic names have at most `maximum_levels` levels. is_ready() tells whether there
  // was memory for the root and the stack.
  SubscriptionTree(Memory& memory, Hasher hasher, std::uint16_t maximum_levels);
  SubscriptionTree(const SubscriptionTree&) = delete;
  SubscriptionTree& operator=(const SubscriptionTree&) = delete;
  [[nodiscard]] bool is_ready() const { return root_ != nullptr && stack_ != nullptr; }

  // The node of `filter` (valid, without $share), or null when there is none.
  [[nodiscard]] TreeNode* find(std::string_view filter) const;
  // The same, made when there is none; null when memory is full. A node without subscribers and
  // children must be given to prune().
  [[nodiscard]] TreeNode* make(std::string_view filter);
  // Frees `node` and its parents as far as nothing hangs at them.
  void prune(TreeNode* node);

  static void add(TreeNode& node, session::Subscriber& subscriber) {
    node.subscribers.push_front(subscriber);
    ++node.subscriber_count;
  }
  static void remove(TreeNode& node, session::Subscriber& subscriber) {
    node.subscribers.remove(subscriber);
    --node.subscriber_count;
  }

  // Whether any subscription's filter has `level` as its first level.
  [[nodiscard]] bool has_first_level(std::string_view level) const;

  // Calls visit(node) for every node with subscribers whose filter matches `topic_name`. `visit`
  // must not change the tree.
  template <class Visit>
  void for_each_match(std::string_view topic_name, Visit visit) const;

  // Writes the filter of `node` to the end of `out`, which must be long enough (65'535 bytes); the
  // result is a view into it.
  [[nodiscard]] static std::string_view filter_of(const TreeNode& node, MutableBytes out);

  [[nodiscard]] std::size_t node_count() const { return index_.size(); }

 private:
  // A node that matches the topic name as far as it has been read.
  struct Frame {
    const TreeNode* node;
    std::uint32_t rest;  // offset of the next level in the topic name; kEnd behind the last
  };
  static constexpr std::uint32_t kEnd = 0xFFFFFFFF;

  [[nodiscard]] std::uint32_t hash_of(const TreeNode& parent, std::string_view level) const {
    return hasher_(level, reinterpret_cast<std::uintptr_t>(&parent));
  }
  [[nodiscard]] TreeNode* child(const TreeNode& parent, std::string_view level) const;

  Memory& memory_;
  Hasher hasher_;
  HashIndex<TreeNode> index_;
  TreeNode* root_ = nullptr;
  Frame* stack_ = nullptr;
};

template <class Visit>
void SubscriptionTree::for_each_match(std::string_view topic_name, Visit visit) const {
  const auto offer = [&visit](const TreeNode* node) {
    if (node != nullptr && node->subscriber_count > 0) visit(*const_cast<TreeNode*>(node));
  };
  // A leading wildcard does not match topics that begin with $ [MQTT-4.7.2-1].
  const bool hidden = topic::is_hidden(topic_name);
  std::size_t depth = 0;
  stack_[depth++] = {root_, 0};
  while (depth > 0) {
    const Frame frame = stack_[--depth];
    const TreeNode& node = *frame.node;
    const bool wildcards = !(hidden && &node == root_);
    if (wildcards) offer(node.rest);  // "a/#" matches "a" and all below
    if (frame.rest == kEnd) {
      offer(&node);
      continue;
    }
    const std::size_t slash = topic_name.find('/', frame.rest);
    const std::string_view level = topic_name.substr(frame.rest, slash - frame.rest);
    const std::uint32_t rest =
        slash == std::string_view::npos ? kEnd : static_cast<std::uint32_t>(slash + 1);
    // At most two more frames for one taken: never deeper than the levels and one.
    if (wildcards && node.plus != nullptr) stack_[depth++] = {node.plus, rest};
    if (node.literal_children > 0) {
      if (const TreeNode* const next = child(node, level)) stack_[depth++] = {next, rest};
    }
  }
}

}  // namespace midge::routing
