// What the subscription tree and the retained store have in common: a tree of the levels of topics.
// Levels in a row without a branch, and without anything to keep there, are one node. A node is
// found through one hash table by its parent and the first level of its label.
#pragma once

#include <cstdint>
#include <new>
#include <string_view>

#include "broker/base/bytes.hpp"
#include "broker/base/hash.hpp"
#include "broker/base/hash_index.hpp"
#include "broker/base/memory.hpp"
#include "broker/topic/topic.hpp"

namespace midge::routing {

// Base of Node, which also has
//   adopt(child), disown(child)   keep what it knows of its children
//   replace(child, other)         `other` takes the place of `child`, with the same first level
//   is_unused()                   nothing is kept here and there are no children
template <class Node>
struct LevelNode {
  Node* hash_next = nullptr;
  Node* parent = nullptr;  // null: the root, whose label stands for nothing
  std::uint32_t hash = 0;  // of the parent and the label's first level
  // The label lies behind the object: one level or more, such as "+/dev" or "temp/#". A split
  // moves its start.
  std::uint16_t label_start = 0;
  std::uint16_t label_end = 0;

  [[nodiscard]] std::string_view label() const {
    return {reinterpret_cast<const char*>(static_cast<const Node*>(this) + 1) + label_start,
            std::size_t{label_end} - label_start};
  }
};

template <class Node>
class LevelTree {
 public:
  using Index = HashIndex<Node, 1, 2>;  // a look that finds nothing mostly reads no node

  LevelTree(Memory& memory, Hasher hasher) : memory_(memory), hasher_(hasher), index_(memory) {
    root_ = create({});
  }

  // Null when there was no memory for it.
  [[nodiscard]] Node* root() const { return root_; }
  // Nodes besides the root.
  [[nodiscard]] std::size_t size() const { return index_.size(); }

  [[nodiscard]] std::uint32_t hash_of(const Node& parent, std::string_view level) const {
    return hasher_(level, reinterpret_cast<std::uintptr_t>(&parent));
  }
  // Starts to fetch what child() reads first.
  void prefetch(std::uint32_t hash) const { index_.prefetch(hash); }
  // For a lookup in steps: the first node that may be the child, the next by its `hash_next`.
  [[nodiscard]] Node* first_with(std::uint32_t hash) const { return index_.first_with(hash); }
  [[nodiscard]] static bool is_child(const Node& node, const Node& parent, std::string_view level,
                                     std::uint32_t hash) {
    return node.hash == hash && node.parent == &parent &&
           topic::begins_with_levels(node.label(), level);
  }
  // The child whose label begins with `level`, or null; `hash` is hash_of() them.
  [[nodiscard]] Node* child(const Node& parent, std::string_view level, std::uint32_t hash) const {
    return index_.find(hash, [&parent, level, hash](const Node& node) {
      return is_child(node, parent, level, hash);
    });
  }
  [[nodiscard]] Node* child(const Node& parent, std::string_view level) const {
    return child(parent, level, hash_of(parent, level));
  }

  // The node at which the levels `text` end, or null when there is none.
  [[nodiscard]] Node* find(std::string_view text) const;
  // The same, made when there is none; null when memory is full, then nothing has changed.
  [[nodiscard]] Node* make(std::string_view text);
  // Frees `node` and its parents as far as they are unused. A node that is left with a single child
  // is not joined with it: there are no more such nodes than there were branches at one time, and
  // whoever points to the child need not be told.
  void prune(Node* node);

 private:
  [[nodiscard]] Node* split(Node& node, std::size_t front_bytes);
  [[nodiscard]] Node* create(std::string_view label);
  void destroy(Node* node);
  void hang(Node& parent, Node& node);

  Memory& memory_;
  Hasher hasher_;
  Index index_;
  Node* root_ = nullptr;
};

template <class Node>
Node* LevelTree<Node>::find(std::string_view text) const {
  const Node* node = root_;
  for (std::string_view left = text;;) {
    Node* const next = child(*node, topic::first_level(left));
    if (next == nullptr) return nullptr;
    const std::string_view label = next->label();
    if (!topic::begins_with_levels(left, label)) return nullptr;
    if (left.size() == label.size()) return next;
    left.remove_prefix(label.size() + 1);
    node = next;
  }
}

template <class Node>
Node* LevelTree<Node>::make(std::string_view text) {
  Node* node = root_;
  std::string_view left = text;
  Node* divided = nullptr;  // shares the next levels, but not its whole label
  std::size_t common = 0;
  while (Node* const next = child(*node, topic::first_level(left))) {
    common = topic::common_levels(next->label(), left);
    const bool ends = common == left.size();
    if (!ends) left.remove_prefix(common + 1);
    if (common < next->label().size()) {
      if (ends) return split(*next, common);
      divided = next;
      break;
    }
    if (ends) return next;
    node = next;
  }
  Node* const leaf = create(left);
  if (leaf == nullptr) return nullptr;
  if (divided != nullptr) node = split(*divided, common);
  if (node == nullptr) {
    destroy(leaf);
    return nullptr;
  }
  hang(*node, *leaf);
  return leaf;
}

// Makes a node of the first `front_bytes` of the label, which end before a '/', in the place of
// `node`. That goes below and keeps its address, since others point to it.
template <class Node>
Node* LevelTree<Node>::split(Node& node, std::size_t front_bytes) {
  Node* const front = create(node.label().substr(0, front_bytes));
  if (front == nullptr) return nullptr;
  front->parent = node.parent;
  front->hash = node.hash;
  front->parent->replace(node, *front);
  index_.remove(node);
  index_.insert(*front);
  node.label_start = static_cast<std::uint16_t>(node.label_start + front_bytes + 1);
  hang(*front, node);
  return front;
}

template <class Node>
void LevelTree<Node>::prune(Node* node) {
  while (node != root_ && node->is_unused()) {
    Node* const parent = node->parent;
    parent->disown(*node);
    index_.remove(*node);
    destroy(node);
    node = parent;
  }
}

template <class Node>
Node* LevelTree<Node>::create(std::string_view label) {
  void* const memory = memory_.allocate(sizeof(Node) + label.size());
  if (memory == nullptr) return nullptr;
  auto* const node = new (memory) Node;
  node->label_end = static_cast<std::uint16_t>(label.size());
  copy(node + 1, label);
  return node;
}

template <class Node>
void LevelTree<Node>::destroy(Node* node) {
  const std::size_t bytes = sizeof(Node) + node->label_end;
  node->~Node();
  memory_.release(node, bytes);
}

template <class Node>
void LevelTree<Node>::hang(Node& parent, Node& node) {
  node.parent = &parent;
  node.hash = hash_of(parent, topic::first_level(node.label()));
  index_.insert(node);
  parent.adopt(node);
}

}  // namespace midge::routing
