#include "broker/routing/subscription_tree.hpp"

#include <new>

#include "broker/base/assert.hpp"

namespace midge::routing {

SubscriptionTree::SubscriptionTree(Memory& memory, Hasher hasher, std::uint16_t maximum_levels)
    : memory_(memory), hasher_(hasher), index_(memory) {
  if (void* const node = memory.allocate(sizeof(TreeNode))) root_ = new (node) TreeNode;
  stack_ = static_cast<Frame*>(memory.allocate((std::size_t{maximum_levels} + 2) * sizeof(Frame)));
}

TreeNode* SubscriptionTree::child(const TreeNode& parent, std::string_view level) const {
  return index_.find(hash_of(parent, level), [&parent, level](const TreeNode& node) {
    return node.parent == &parent && node.name() == level;
  });
}

TreeNode* SubscriptionTree::find(std::string_view filter) const {
  TreeNode* node = root_;
  topic::Levels levels(filter);
  while (const auto level = levels.next()) {
    node = *level == "+" ? node->plus : *level == "#" ? node->rest : child(*node, *level);
    if (node == nullptr) return nullptr;
  }
  return node;
}

TreeNode* SubscriptionTree::make(std::string_view filter) {
  TreeNode* node = root_;
  topic::Levels levels(filter);
  while (const auto level = levels.next()) {
    const bool plus = *level == "+";
    const bool rest = *level == "#";
    TreeNode* next = plus ? node->plus : rest ? node->rest : child(*node, *level);
    if (next == nullptr) {
      void* const memory = memory_.allocate(sizeof(TreeNode) + level->size());
      if (memory == nullptr) {
        prune(node);
        return nullptr;
      }
      next = new (memory) TreeNode;
      next->parent = node;
      next->name_bytes = static_cast<std::uint16_t>(level->size());
      copy(next + 1, *level);
      if (plus) {
        node->plus = next;
      } else if (rest) {
        node->rest = next;
      } else {
        next->hash = hash_of(*node, *level);
        index_.insert(*next);
        ++node->literal_children;
      }
    }
    node = next;
  }
  return node;
}

void SubscriptionTree::prune(TreeNode* node) {
  while (node != root_ && node->subscriber_count == 0 && node->literal_children == 0 &&
         node->plus == nullptr && node->rest == nullptr) {
    TreeNode* const parent = node->parent;
    if (parent->plus == node) {
      parent->plus = nullptr;
    } else if (parent->rest == node) {
      parent->rest = nullptr;
    } else {
      index_.remove(*node);
      --parent->literal_children;
    }
    const std::size_t bytes = sizeof(TreeNode) + node->name_bytes;
    node->~TreeNode();
    memory_.release(node, bytes);
    node = parent;
  }
}

bool SubscriptionTree::has_first_level(std::string_view level) const {
  return child(*root_, level) != nullptr;
}

std::string_view SubscriptionTree::filter_of(const TreeNode& node, MutableBytes out) {
  std::size_t start = out.size();
  for (const TreeNode* at = &node; at->parent != nullptr; at = at->parent) {
    if (at != &node) out[--start] = '/';
    start -= at->name_bytes;
    copy(out.data() + start, at->name());
  }
  return as_text(out.subspan(start));
}

}  // namespace midge::routing
