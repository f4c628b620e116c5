#include "broker/base/hash_index.hpp"

#include <algorithm>

namespace midge {

void HashTable::insert(HashNode& node) {
  HashNode*& head = bucket(index_of(node.hash));
  node.hash_next = head;
  head = &node;
  ++size_;
  // Two at most become due with one node.
  for (int i = 0; i < 2 && 2 * size_ > buckets_ * nodes_for_two_; ++i) grow();
}

void HashTable::remove(HashNode& node) {
  HashNode** link = &bucket(index_of(node.hash));
  while (*link != &node) link = &(*link)->hash_next;
  *link = node.hash_next;
  node.hash_next = nullptr;
  --size_;
  // Four times as many as came: a table that empties has given everything back when it is empty.
  for (int i = 0; i < 8 && 8 * size_ < buckets_ * nodes_for_two_; ++i) shrink();
}

HashNode* HashTable::after(const HashNode* node) const {
  if (node != nullptr && node->hash_next != nullptr) return node->hash_next;
  std::size_t index = node != nullptr ? index_of(node->hash) + 1 : 0;
  while (index < buckets_ && bucket(index) == nullptr) ++index;
  return index < buckets_ ? bucket(index) : nullptr;
}

HashNode* HashTable::last(std::size_t& bound) const {
  bound = std::min(bound, buckets_);
  while (bound > 0 && bucket(bound - 1) == nullptr) --bound;
  return bound > 0 ? bucket(bound - 1) : nullptr;
}

void HashTable::grow() {
  const std::size_t added = buckets_;
  const std::size_t start = std::bit_floor(added);
  if (added == start) {
    const std::size_t segment = segment_at(start);
    if (segment == kSegments) return;
    void* const memory = memory_.allocate(start * kBucketBytes);
    if (memory == nullptr) return;
    segments_[segment] = static_cast<HashNode**>(memory);
  }
  set_buckets(added + 1);
  // What belongs to the new bucket has so far been kept in its partner.
  HashNode** to = &bucket(added);
  for (HashNode** from = &bucket(added - start); *from != nullptr;) {
    if (index_of((*from)->hash) == added) {
      *to = *from;
      to = &(*to)->hash_next;
      *from = *to;
    } else {
      from = &(*from)->hash_next;
    }
  }
  *to = nullptr;
}

void HashTable::shrink() {
  if (buckets_ == kFirst) return;
  const std::size_t removed = buckets_ - 1;
  const std::size_t start = std::bit_floor(removed);
  set_buckets(removed);
  HashNode** link = &bucket(removed - start);
  while (*link != nullptr) link = &(*link)->hash_next;
  *link = bucket(removed);
  if (removed == start) memory_.release(segments_[segment_at(start)], start * kBucketBytes);
}

}  // namespace midge
