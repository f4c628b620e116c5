// The subscription tree: the levels of all filters. Matching walks down with an explicit stack;
// nothing recurses.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "broker/base/function_ref.hpp"
#include "broker/base/hash.hpp"
#include "broker/base/list.hpp"
#include "broker/base/memory.hpp"
#include "broker/routing/level_tree.hpp"
#include "broker/session/subscription.hpp"
#include "broker/topic/topic.hpp"

namespace midge::routing {

// What the tree keeps at a node.
struct TreeEntry {
  SmallList<session::Subscriber, session::AtNode> subscribers;
  std::uint32_t subscriber_count = 0;
  // Children by the first level of their labels.
  bool has_plus : 1 = false;  // "+"
  bool has_rest : 1 = false;  // "#"
  std::uint32_t literal_children : 30 = 0;
};

struct TreeNode : TreeEntry, LevelNode {};
static_assert(sizeof(void*) != 8 || sizeof(TreeNode) == 40, "there may be very many");

class SubscriptionTree final : public LevelTree {
 public:
  // Filters and topic names have at most `maximum_levels` levels. is_ready() tells whether there
  // was memory for the stack.
  SubscriptionTree(Memory& memory, Hasher hasher, std::uint16_t maximum_levels);
  [[nodiscard]] static constexpr std::size_t stack_bytes(std::uint16_t maximum_levels) {
    return (std::size_t{maximum_levels} + 2) * sizeof(Frame);
  }
  [[nodiscard]] bool is_ready() const { return stack_ != nullptr; }

  // The node of `filter` (valid, without $share), or null when there is none.
  [[nodiscard]] TreeNode* find(std::string_view filter) const {
    return static_cast<TreeNode*>(LevelTree::find(filter));
  }
  // The same, made when there is none; null when memory is full, then nothing has changed. A node
  // without subscribers and children must be given to prune().
  [[nodiscard]] TreeNode* make(std::string_view filter) {
    return static_cast<TreeNode*>(LevelTree::make(filter));
  }
  // Frees `node` and its parents as far as nothing hangs at them.
  using LevelTree::prune;

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
    return child(root_, level) != nullptr;
  }

  // Calls visit(node) for every node with subscribers whose filter matches `topic_name`. `visit`
  // must not change the tree.
  void for_each_match(std::string_view topic_name, FunctionRef<void(TreeNode&)> visit) const;

  // The filter that `node` stands for: its length, and its bytes to where that many have room.
  [[nodiscard]] std::size_t filter_bytes(const TreeNode& node) const;
  void write_filter(const TreeNode& node, std::uint8_t* out) const;

  // --- for walks of other kinds ---

  static constexpr std::uint32_t kEnd = 0xFFFFFFFF;  // behind the last level of a topic name
  [[nodiscard]] const TreeNode& root() const { return root_; }
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

  [[nodiscard]] LevelNode& construct(void* memory) const override;
  void adopt(LevelNode& parent, LevelNode& child) const override { count(parent, child, true); }
  void disown(LevelNode& parent, LevelNode& child) const override { count(parent, child, false); }
  void replace(LevelNode&, LevelNode&, LevelNode&) const override {}
  [[nodiscard]] bool is_unused(const LevelNode& level) const override;
  void count(LevelNode& parent, const LevelNode& child, bool comes) const;

  TreeNode root_;
  Frame* stack_ = nullptr;
};

}  // namespace midge::routing
