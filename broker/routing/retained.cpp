#include "broker/routing/retained.hpp"

#include <new>

#include "broker/base/assert.hpp"
#include "broker/topic/topic.hpp"

namespace midge::routing {

RetainedStore::RetainedStore(Memory& memory, Hasher hasher, message::Messages& messages,
                             metrics::Metrics& metrics, Deadlines& deadlines,
                             const settings::Limits& limits)
    : memory_(memory),
      hasher_(hasher),
      messages_(messages),
      metrics_(metrics),
      deadlines_(deadlines),
      limits_(limits),
      index_(memory),
      expiries_(memory.arena()) {
  if (void* const node = memory.allocate(sizeof(RetainedNode))) root_ = new (node) RetainedNode;
}

RetainedNode* RetainedStore::child(const RetainedNode& parent, std::string_view level) const {
  const std::uint32_t hash = hasher_(level, reinterpret_cast<std::uintptr_t>(&parent));
  return index_.find(hash, [&parent, level](const RetainedNode& node) {
    return node.parent == &parent && node.name() == level;
  });
}

RetainedNode* RetainedStore::walk(std::string_view topic_name) const {
  RetainedNode* node = root_;
  topic::Levels levels(topic_name);
  while (const auto level = levels.next()) {
    node = child(*node, *level);
    if (node == nullptr) return nullptr;
  }
  return node;
}

RetainedNode* RetainedStore::find(std::string_view topic_name) const {
  RetainedNode* const node = walk(topic_name);
  return node != nullptr && node->message != nullptr ? node : nullptr;
}

RetainedNode* RetainedStore::make(std::string_view topic_name) {
  RetainedNode* node = root_;
  topic::Levels levels(topic_name);
  while (const auto level = levels.next()) {
    RetainedNode* next = child(*node, *level);
    if (next == nullptr) {
      void* const memory = memory_.allocate(sizeof(RetainedNode) + level->size());
      if (memory == nullptr) {
        prune(node);
        return nullptr;
      }
      next = new (memory) RetainedNode;
      next->parent = node;
      next->name_bytes = static_cast<std::uint16_t>(level->size());
      copy(next + 1, *level);
      next->hash = hasher_(*level, reinterpret_cast<std::uintptr_t>(node));
      next->next_sibling = node->first_child;
      if (node->first_child != nullptr) node->first_child->previous_sibling = next;
      node->first_child = next;
      index_.insert(*next);
    }
    node = next;
  }
  return node;
}

void RetainedStore::prune(RetainedNode* node) {
  while (node != root_ && node->message == nullptr && node->first_child == nullptr &&
         node->pins == 0) {
    RetainedNode* const parent = node->parent;
    (node->previous_sibling != nullptr ? node->previous_sibling->next_sibling
                                       : parent->first_child) = node->next_sibling;
    if (node->next_sibling != nullptr) {
      node->next_sibling->previous_sibling = node->previous_sibling;
    }
    index_.remove(*node);
    const std::size_t bytes = sizeof(RetainedNode) + node->name_bytes;
    node->~RetainedNode();
    memory_.release(node, bytes);
    node = parent;
  }
}

void RetainedStore::drop_message(RetainedNode& node) {
  messages_.release(*node.message);
  node.message = nullptr;
  --metrics_.retained_messages;
  if (node.expiry != nullptr) {
    deadlines_.clear(*node.expiry);
    expiries_.destroy(node.expiry);
    node.expiry = nullptr;
  }
}

RetainedStore::Stored RetainedStore::set(message::Message& message) {
  MIDGE_ASSERT(message.payload_bytes() > 0);
  RetainedNode* node = walk(message.topic_name());
  const bool replaces = node != nullptr && node->message != nullptr;
  if (!replaces && metrics_.retained_messages >= limits_.retained_messages) {
    return Stored::LimitReached;
  }
  RetainedExpiry* expiry = nullptr;
  if (message.expires() != kNever) {
    expiry = expiries_.create(Reserve::Keep);
    if (expiry == nullptr) return Stored::MemoryFull;
  }
  if (node == nullptr) node = make(message.topic_name());
  if (node == nullptr) {
    if (expiry != nullptr) expiries_.destroy(expiry);
    return Stored::MemoryFull;
  }
  if (replaces) drop_message(*node);
  message::Messages::add_reference(message);
  node->message = &message;
  ++metrics_.retained_messages;
  if (expiry != nullptr) {
    expiry->kind = static_cast<std::uint8_t>(session::DeadlineKind::Retained);
    expiry->node = node;
    node->expiry = expiry;
    deadlines_.set(*expiry, message.expires());
  }
  return Stored::Yes;
}

bool RetainedStore::clear(std::string_view topic_name) {
  RetainedNode* const node = find(topic_name);
  if (node == nullptr) return false;
  drop_message(*node);
  prune(node);
  return true;
}

void RetainedStore::on_expired(RetainedExpiry& expiry) {
  RetainedNode* const node = expiry.node;
  metrics_.count(metrics::Cause::Expired);
  drop_message(*node);
  prune(node);
}

namespace {

// The filter's level at `index`, counted from 0, and whether there is one.
struct FilterLevel {
  std::string_view level;
  bool exists = false;
  bool is_rest = false;  // "#", or below one
};

FilterLevel filter_level(std::string_view filter, std::uint32_t index) {
  topic::Levels levels(filter);
  for (std::uint32_t i = 0;; ++i) {
    const auto level = levels.next();
    if (!level) return {};
    if (*level == "#") return {*level, true, true};
    if (i == index) return {*level, true, false};
  }
}

}  // namespace

RetainedCursor RetainedStore::start() {
  ++root_->pins;
  return {root_, 0};
}

void RetainedStore::move(RetainedCursor& cursor, RetainedNode* node, std::uint32_t depth) {
  RetainedNode* const left = cursor.node;
  if (node != nullptr) ++node->pins;
  cursor = {node, depth};
  --left->pins;
  prune(left);
}

void RetainedStore::stop(RetainedCursor& cursor) {
  if (cursor.node != nullptr) move(cursor, nullptr, 0);
}

void RetainedStore::step(RetainedCursor& cursor, std::string_view filter) {
  RetainedNode* node = cursor.node;
  std::uint32_t depth = cursor.depth;
  // Wildcards at the first level pass by what begins with $ [MQTT-4.7.2-1].
  const auto first_visible = [this](RetainedNode* sibling, const RetainedNode* parent) {
    while (parent == root_ && sibling != nullptr && topic::is_hidden(sibling->name())) {
      sibling = sibling->next_sibling;
    }
    return sibling;
  };
  // Down, where the filter goes on.
  if (const FilterLevel wanted = filter_level(filter, depth); wanted.exists) {
    RetainedNode* const below = wanted.is_rest || wanted.level == "+"
                                    ? first_visible(node->first_child, node)
                                    : child(*node, wanted.level);
    if (below != nullptr) return move(cursor, below, depth + 1);
  }
  // Else to the next sibling, of this node or of a parent, where the filter takes any.
  while (node != root_) {
    const FilterLevel here = filter_level(filter, depth - 1);
    if (here.is_rest || here.level == "+") {
      if (RetainedNode* const next = first_visible(node->next_sibling, node->parent)) {
        return move(cursor, next, depth);
      }
    }
    node = node->parent;
    --depth;
  }
  move(cursor, nullptr, 0);
}

bool RetainedStore::is_match(const RetainedCursor& cursor, std::string_view filter) const {
  if (cursor.node == root_ || cursor.node->message == nullptr) return false;
  // The node was reached level by level, so only the filter's end is left to check: it ends here,
  // or its next level is "#", which matches the parent too.
  const FilterLevel next = filter_level(filter, cursor.depth);
  return !next.exists || next.is_rest;
}

}  // namespace midge::routing
