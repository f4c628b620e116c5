// A hash table of intrusive nodes that grows and shrinks by one bucket at a time (linear hashing),
// so that no insertion ever has to move everything. When memory is short its chains get longer.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "broker/base/assert.hpp"
#include "broker/base/memory.hpp"

namespace midge {

// Node has members `Node* hash_next` and `std::uint32_t hash`, set before insert(). There are
// kBuckets buckets for kNodes nodes: more of them cost memory and spare time.
template <class Node, std::size_t kNodes = 1, std::size_t kBuckets = 1>
class HashIndex {
 public:
  explicit HashIndex(Memory& memory) : memory_(memory) {}
  HashIndex(const HashIndex&) = delete;
  HashIndex& operator=(const HashIndex&) = delete;

  [[nodiscard]] std::size_t size() const { return size_; }

  // Calls add(bytes) for each piece of memory that a table of so many nodes takes.
  template <class Add>
  static constexpr void for_each_piece(std::size_t nodes, Add add) {
    const std::size_t buckets = (nodes * kBuckets + kNodes - 1) / kNodes;
    for (std::size_t segment = 1; segment < kMaximumSegments; ++segment) {
      if (buckets <= segment_start(segment)) return;
      add(segment_bytes(segment));
    }
  }

  // The node with this hash for which `equal(node)` holds, or null.
  template <class Equal>
  [[nodiscard]] Node* find(std::uint32_t hash, Equal equal) const {
    for (Node* node = bucket(index_of(hash)); node != nullptr; node = node->hash_next) {
      if (node->hash == hash && equal(*node)) return node;
    }
    return nullptr;
  }

  // The first of the nodes that find() would look at; the others follow by `hash_next`.
  [[nodiscard]] Node* first_with(std::uint32_t hash) const { return bucket(index_of(hash)); }

  // Starts to fetch what find() reads first, for a call that follows a little later.
  void prefetch(std::uint32_t hash) const {
    midge::prefetch(&const_cast<HashIndex*>(this)->bucket(index_of(hash)));
  }

  void insert(Node& node) {
    Node*& head = bucket(index_of(node.hash));
    node.hash_next = head;
    head = &node;
    ++size_;
    for (std::size_t i = 0; i < kBuckets && size_ * kBuckets > buckets_ * kNodes; ++i) grow();
  }

  void remove(Node& node) {
    Node** link = &bucket(index_of(node.hash));
    while (*link != &node) link = &(*link)->hash_next;
    *link = node.hash_next;
    node.hash_next = nullptr;
    --size_;
    // Four for one: a table that empties has given everything back when it is empty.
    for (std::size_t i = 0; i < 4 * kBuckets && size_ * kBuckets < buckets_ * kNodes / 4; ++i) {
      shrink();
    }
  }

  // Some node, or null when there is none.
  [[nodiscard]] Node* any() const {
    for (std::size_t i = 0; i < buckets_; ++i) {
      if (bucket(i) != nullptr) return bucket(i);
    }
    return nullptr;
  }

  // Calls visit(node) for all; it must not insert or remove.
  template <class Visit>
  void for_each(Visit visit) const {
    for (std::size_t i = 0; i < buckets_; ++i) {
      for (Node* node = bucket(i); node != nullptr; node = node->hash_next) visit(*node);
    }
  }

 private:
  // Segment 0 lies in the object; segment n > 0 has kFirst << (n - 1) buckets.
  // A constant for each table, which clang-tidy 14 does not see.
  // NOLINTNEXTLINE(bugprone-dynamic-static-initializers)
  static constexpr std::size_t kFirst = 8 * kBuckets;
  static constexpr std::size_t kMaximumSegments = 26;

  [[nodiscard]] static std::size_t segment_of(std::size_t bucket) {
    return static_cast<std::size_t>(std::bit_width(bucket / kFirst));
  }
  [[nodiscard]] static constexpr std::size_t segment_start(std::size_t segment) {
    return segment == 0 ? 0 : kFirst << (segment - 1);
  }
  [[nodiscard]] static constexpr std::size_t segment_bytes(std::size_t segment) {
    return (segment == 0 ? kFirst : kFirst << (segment - 1)) * sizeof(Node*);
  }

  [[nodiscard]] Node*& bucket(std::size_t index) {
    const std::size_t segment = segment_of(index);
    return segment == 0 ? first_[index] : segments_[segment][index - segment_start(segment)];
  }
  [[nodiscard]] Node* bucket(std::size_t index) const {
    return const_cast<HashIndex*>(this)->bucket(index);
  }
  [[nodiscard]] std::size_t index_of(std::uint32_t hash) const {
    const std::size_t index = hash & mask_;
    return index < buckets_ ? index : index & (mask_ >> 1);
  }

  void set_buckets(std::size_t count) {
    buckets_ = count;
    mask_ = std::bit_ceil(count) - 1;
  }

  void grow() {
    const std::size_t added = buckets_;
    const std::size_t segment = segment_of(added);
    if (segment == kMaximumSegments) return;
    if (added == segment_start(segment) && segments_[segment] == nullptr) {
      void* const memory = memory_.allocate(segment_bytes(segment));
      if (memory == nullptr) return;
      segments_[segment] = static_cast<Node**>(memory);
    }
    bucket(added) = nullptr;
    set_buckets(buckets_ + 1);
    // What belongs to the new bucket has so far been kept in its partner.
    const std::size_t partner = added - std::bit_floor(added);
    Node** link = &bucket(partner);
    while (*link != nullptr) {
      Node* const node = *link;
      if (index_of(node->hash) == added) {
        *link = node->hash_next;
        node->hash_next = bucket(added);
        bucket(added) = node;
      } else {
        link = &node->hash_next;
      }
    }
  }

  void shrink() {
    if (buckets_ == kFirst) return;
    set_buckets(buckets_ - 1);
    const std::size_t removed = buckets_;
    Node** link = &bucket(removed - std::bit_floor(removed));
    while (*link != nullptr) link = &(*link)->hash_next;
    *link = bucket(removed);
    const std::size_t segment = segment_of(removed);
    if (removed == segment_start(segment)) {
      memory_.release(segments_[segment], segment_bytes(segment));
      segments_[segment] = nullptr;
    }
  }

  Memory& memory_;
  std::size_t size_ = 0;
  std::size_t buckets_ = kFirst;
  std::size_t mask_ = std::bit_ceil(kFirst) - 1;  // of the next power of two
  std::array<Node*, kFirst> first_{};
  std::array<Node**, kMaximumSegments> segments_{};
};

}  // namespace midge
