// What the subscription tree and the retained store have in common: a tree of the levels of topics.
// Levels in a row without a branch, and without anything to keep there, are one node. A node is
// found through one hash table by its parent and the first level of its label.
#pragma once

#include <cstdint>
#include <string_view>

#include "broker/base/hash.hpp"
#include "broker/base/hash_index.hpp"
#include "broker/base/memory.hpp"
#include "broker/topic/topic.hpp"

namespace midge::routing {

// The last base of a node, which has no members of its own behind its bases: what the tree needs
// for the label lies behind the object.
struct LevelNode : HashNode {
  // The label's place in its text. One level or more, such as "+/dev" or "temp/#". A split moves
  // the start.
  std::uint16_t label_start = 0;
  std::uint16_t label_end = 0;
  LevelNode* parent = nullptr;  // null: the root, whose label stands for nothing
};

class LevelTree {
 public:
  // A look that finds nothing mostly reads no node.
  static constexpr HashTable::Load kTableLoad = HashTable::Load::Light;
  // Where the text of a label is: behind the node, or anywhere, and only its address is there.
  enum class Labels : std::uint8_t { Own, Borrowed };

  LevelTree(const LevelTree&) = delete;
  LevelTree& operator=(const LevelTree&) = delete;

  // Nodes besides the root.
  [[nodiscard]] std::size_t size() const { return index_.size(); }

  [[nodiscard]] std::uint32_t hash_of(const LevelNode& parent, std::string_view level) const {
    return hasher_(level, reinterpret_cast<std::uintptr_t>(&parent));
  }
  // Starts to fetch what child() reads first.
  void prefetch(std::uint32_t hash) const { index_.prefetch(hash); }
  // For a lookup in steps: the first node that may be the child, the next by its `hash_next`.
  [[nodiscard]] LevelNode* first_with(std::uint32_t hash) const {
    return static_cast<LevelNode*>(index_.first_with(hash));
  }
  [[nodiscard]] bool is_child(const LevelNode& node, const LevelNode& parent,
                              std::string_view level, std::uint32_t hash) const {
    return node.hash == hash && node.parent == &parent &&
           topic::begins_with_levels(label(node), level);
  }
  [[nodiscard]] std::string_view label(const LevelNode& node) const {
    const char* const text =
        labels_ == Labels::Own ? reinterpret_cast<const char*>(&node + 1) : borrowed(node);
    return {text + node.label_start, std::size_t{node.label_end} - node.label_start};
  }
  // The child whose label begins with `level`, or null; `hash` is hash_of() them.
  [[nodiscard]] LevelNode* child(const LevelNode& parent, std::string_view level,
                                 std::uint32_t hash) const;
  [[nodiscard]] LevelNode* child(const LevelNode& parent, std::string_view level) const {
    return child(parent, level, hash_of(parent, level));
  }

 protected:
  // Nodes take `node_bytes` and, behind them, their own label or an address.
  LevelTree(Memory& memory, Hasher hasher, LevelNode& root, std::size_t node_bytes, Labels labels)
      : memory_(memory),
        hasher_(hasher),
        root_(root),
        node_bytes_(node_bytes),
        labels_(labels),
        index_(memory, kTableLoad) {}
  ~LevelTree() = default;

  // With borrowed labels: the text that the node's label is in, counted from its start.
  [[nodiscard]] static const char* borrowed(const LevelNode& node) {
    return *reinterpret_cast<const char* const*>(&node + 1);
  }
  static void borrow(LevelNode& node, const char* text) {
    *reinterpret_cast<const char**>(&node + 1) = text;
  }

  // The node at which the levels `text` end, or null when there is none.
  [[nodiscard]] LevelNode* find(std::string_view text) const;
  // The same, made when there is none; null when memory is full, then nothing has changed. With
  // borrowed labels new nodes borrow `text`, or what the node has that they stand above.
  [[nodiscard]] LevelNode* make(std::string_view text);
  // Frees `node` and its parents as far as they are unused; the first that is not. A node that is
  // left with a single child is not joined with it: there are no more such nodes than there were
  // branches at one time, and whoever points to the child need not be told.
  LevelNode& prune(LevelNode* node);

 private:
  // A new node in this memory.
  [[nodiscard]] virtual LevelNode& construct(void* memory) const = 0;
  // The tree keeps at `parent` what it knows of its children.
  virtual void adopt(LevelNode& parent, LevelNode& child) const = 0;
  virtual void disown(LevelNode& parent, LevelNode& child) const = 0;
  // `other` takes the place of `child`, with the same first level.
  virtual void replace(LevelNode& parent, LevelNode& child, LevelNode& other) const = 0;
  // Nothing is kept here and there are no children.
  [[nodiscard]] virtual bool is_unused(const LevelNode& node) const = 0;

  [[nodiscard]] LevelNode* split(LevelNode& node, std::size_t front_bytes);
  // `label` is in `text`.
  [[nodiscard]] LevelNode* create(std::string_view label, const char* text);
  [[nodiscard]] std::size_t bytes_behind(std::size_t label_end) const {
    return labels_ == Labels::Own ? label_end : sizeof(const char*);
  }
  void destroy(LevelNode& node);
  void hang(LevelNode& parent, LevelNode& node);

  Memory& memory_;
  Hasher hasher_;
  LevelNode& root_;
  const std::size_t node_bytes_;
  const Labels labels_;
  HashTable index_;
};

}  // namespace midge::routing
