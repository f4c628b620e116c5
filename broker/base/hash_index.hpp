// A hash table of intrusive nodes that grows and shrinks by one bucket at a time (linear hashing),
// so that no insertion ever has to move everything. When memory is short its chains get longer.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "broker/base/memory.hpp"

namespace midge {

// Base of what hangs in one table. The hash is set before insert().
struct HashNode {
  HashNode* hash_next = nullptr;
  std::uint32_t hash = 0;
};

// The table, whatever its nodes are.
class HashTable {
 public:
  // Nodes for two buckets: fewer cost memory and spare time.
  enum class Load : std::uint8_t { Light = 1, Even = 2, Heavy = 16 };

  HashTable(Memory& memory, Load load)
      : memory_(memory), nodes_for_two_(static_cast<std::size_t>(load)) {}
  HashTable(const HashTable&) = delete;
  HashTable& operator=(const HashTable&) = delete;

  [[nodiscard]] std::size_t size() const { return size_; }

  // Calls add(bytes) for each piece of memory that a table of so many nodes takes.
  template <class Add>
  static constexpr void for_each_piece(std::size_t nodes, Load load, Add add) {
    const auto for_two = static_cast<std::size_t>(load);
    const std::size_t buckets = (2 * nodes + for_two - 1) / for_two;
    for (std::size_t start = kFirst; start < buckets && segment_at(start) < kSegments; start *= 2)
      add(start * kBucketBytes);
  }

  // The first of the nodes that may have this hash; the others follow by `hash_next`.
  [[nodiscard]] HashNode* first_with(std::uint32_t hash) const { return bucket(index_of(hash)); }
  // Starts to fetch what first_with() reads, for a call that follows a little later.
  void prefetch(std::uint32_t hash) const {
    midge::prefetch(&const_cast<HashTable*>(this)->bucket(index_of(hash)));
  }

  void insert(HashNode& node);
  void remove(HashNode& node);

  // The node behind `node`, in no order that means anything; null: the first, and behind the last.
  [[nodiscard]] HashNode* after(const HashNode* node) const;
  // A node of a bucket before `bound`, which becomes the one behind that bucket; null: there is
  // none. A table that shrinks moves nodes to earlier buckets only.
  [[nodiscard]] HashNode* last(std::size_t& bound) const;

 private:
  // The first buckets lie in the object; then come segments, each with as many buckets as there are
  // before it. On 32 bit there is no memory for more of them.
  static constexpr std::size_t kFirst = 8;
  static constexpr std::size_t kBucketBytes = sizeof(void*);
  static constexpr std::size_t kSegments = sizeof(void*) == 8 ? 25 : 16;

  // The segment that begins with bucket `start`.
  [[nodiscard]] static constexpr std::size_t segment_at(std::size_t start) {
    return static_cast<std::size_t>(std::bit_width(start / kFirst)) - 1;
  }
  [[nodiscard]] HashNode*& bucket(std::size_t index) {
    if (index < kFirst) return first_[index];
    const std::size_t start = std::bit_floor(index);
    return segments_[segment_at(start)][index - start];
  }
  [[nodiscard]] HashNode* bucket(std::size_t index) const {
    return const_cast<HashTable*>(this)->bucket(index);
  }
  [[nodiscard]] std::size_t index_of(std::uint32_t hash) const {
    const std::size_t index = hash & mask_;
    return index < buckets_ ? index : index & (mask_ >> 1);
  }
  void set_buckets(std::size_t count) {
    buckets_ = count;
    mask_ = std::bit_ceil(count) - 1;
  }
  void grow();
  void shrink();

  Memory& memory_;
  const std::size_t nodes_for_two_;
  std::size_t size_ = 0;
  std::size_t buckets_ = kFirst;
  std::size_t mask_ = kFirst - 1;  // of the next power of two
  std::array<HashNode*, kFirst> first_{};
  std::array<HashNode**, kSegments> segments_{};
};

// The table of nodes of one type, which has HashNode for a base.
template <class Node>
class HashIndex : private HashTable {
 public:
  explicit HashIndex(Memory& memory, Load load = Load::Even) : HashTable(memory, load) {}

  using HashTable::Load;
  using HashTable::size;

  // The node with this hash for which `equal(node)` holds, or null.
  template <class Equal>
  [[nodiscard]] Node* find(std::uint32_t hash, Equal equal) const {
    for (HashNode* at = first_with(hash); at != nullptr; at = at->hash_next) {
      if (at->hash == hash && equal(*static_cast<const Node*>(at))) return static_cast<Node*>(at);
    }
    return nullptr;
  }

  void insert(Node& node) { HashTable::insert(node); }
  void remove(Node& node) { HashTable::remove(node); }

  // Calls visit(node) until there is none left: it removes that node, and inserts none.
  template <class Visit>
  void drain(Visit visit) {
    auto bound = ~std::size_t{0};
    while (HashNode* const node = last(bound)) visit(*static_cast<Node*>(node));
  }

  // Calls visit(node) for all; it must not insert or remove.
  template <class Visit>
  void for_each(Visit visit) const {
    for (HashNode* at = after(nullptr); at != nullptr; at = after(at)) {
      visit(*static_cast<Node*>(at));
    }
  }
};

}  // namespace midge
