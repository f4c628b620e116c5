#include "broker/routing/retained.hpp"

#include <new>
#include <optional>

#include "broker/base/assert.hpp"
#include "broker/topic/topic.hpp"

namespace midge::routing {

using message::Message;
using topic::first_level;
using topic::is_wildcard;

namespace {

RetainedNode& retained(LevelNode& node) {
  return static_cast<RetainedNode&>(node);
}

// Puts `node` between what it has for siblings.
void link(RetainedNode& parent, RetainedNode* before, RetainedNode& node, RetainedNode* behind) {
  node.previous_sibling = before;
  node.next_sibling = behind;
  (before != nullptr ? before->next_sibling : parent.first_child) = &node;
  if (behind != nullptr) behind->previous_sibling = &node;
}

}  // namespace

LevelNode& RetainedStore::construct(void* memory) const {
  return *new (memory) RetainedNode;
}

void RetainedStore::adopt(LevelNode& parent, LevelNode& child) const {
  link(retained(parent), nullptr, retained(child), retained(parent).first_child);
}

void RetainedStore::disown(LevelNode& parent, LevelNode& child) const {
  RetainedNode* const before = retained(child).previous_sibling;
  RetainedNode* const behind = retained(child).next_sibling;
  (before != nullptr ? before->next_sibling : retained(parent).first_child) = behind;
  if (behind != nullptr) behind->previous_sibling = before;
}

void RetainedStore::replace(LevelNode& parent, LevelNode& child, LevelNode& other) const {
  link(retained(parent), retained(child).previous_sibling, retained(other),
       retained(child).next_sibling);
}

bool RetainedStore::is_unused(const LevelNode& level) const {
  const auto& node = static_cast<const RetainedNode&>(level);
  return node.named() == nullptr && node.first_child == nullptr && node.pins == 0;
}

RetainedStore::RetainedStore(Memory& memory, Hasher hasher, message::Messages& messages,
                             metrics::Metrics& metrics, Deadlines& deadlines,
                             const settings::Limits& limits)
    : LevelTree(memory, hasher, root_, sizeof(RetainedNode), Labels::Borrowed),
      messages_(messages),
      metrics_(metrics),
      deadlines_(deadlines),
      limits_(limits),
      expiries_(memory.arena()) {}

RetainedNode* RetainedStore::find(std::string_view topic_name) const {
  auto* const node = static_cast<RetainedNode*>(LevelTree::find(topic_name));
  return node != nullptr && node->message() != nullptr ? node : nullptr;
}

Message* RetainedStore::take(RetainedNode& node) {
  Message* const message = node.named();
  if (node.has_expiry) {
    deadlines_.clear(*node.expiring);
    expiries_.destroy(node.expiring);
  }
  node.has_expiry = false;
  node.is_ghost = false;
  node.lasting = nullptr;
  return message;
}

void RetainedStore::hand_over(RetainedNode& node, const Message& from, const char* to) {
  for (LevelNode* at = &node; at != &root_; at = at->parent) {
    if (borrowed(*at) == from.topic_name().data()) borrow(*at, to);
  }
}

void RetainedStore::retire(RetainedNode& node, Message& message) {
  RetainedNode& left = retained(prune(&node));
  if (&left != &root_) {
    const bool has_name = left.named() != nullptr;
    if (!has_name && left.first_child == nullptr) {
      left.ghost = &message;
      left.is_ghost = true;
      return;
    }
    hand_over(left, message,
              has_name ? left.named()->topic_name().data() : borrowed(*left.first_child));
  }
  messages_.release(message);
}

void RetainedStore::drop_message(RetainedNode& node) {
  --metrics_.retained_messages;
  retire(node, *take(node));
}

RetainedStore::Stored RetainedStore::set(Message& message) {
  MIDGE_ASSERT(message.payload_bytes() > 0);
  auto* node = static_cast<RetainedNode*>(LevelTree::find(message.topic_name()));
  const bool replaces = node != nullptr && node->message() != nullptr;
  if (!replaces && metrics_.retained_messages >= limits_.retained_messages) {
    return Stored::LimitReached;
  }
  RetainedExpiry* expiry = nullptr;
  if (message.expires() != kNever) {
    expiry = expiries_.create(Reserve::Keep);
    if (expiry == nullptr) return Stored::MemoryFull;
  }
  if (node == nullptr) node = static_cast<RetainedNode*>(make(message.topic_name()));
  if (node == nullptr) {
    if (expiry != nullptr) expiries_.destroy(expiry);
    return Stored::MemoryFull;
  }
  Message* const old = take(*node);
  message::Messages::add_reference(message);
  if (!replaces) ++metrics_.retained_messages;
  if (expiry != nullptr) {
    expiry->kind = static_cast<std::uint8_t>(session::DeadlineKind::Retained);
    expiry->node = node;
    expiry->message = &message;
    node->has_expiry = true;
    node->expiring = expiry;
    deadlines_.set(*expiry, message.expires());
  } else {
    node->lasting = &message;
  }
  if (old != nullptr) {
    hand_over(*node, *old, message.topic_name().data());
    messages_.release(*old);
  }
  return Stored::Yes;
}

bool RetainedStore::clear(std::string_view topic_name) {
  RetainedNode* const node = find(topic_name);
  if (node == nullptr) return false;
  drop_message(*node);
  return true;
}

void RetainedStore::on_expired(RetainedExpiry& expiry) {
  RetainedNode* const node = expiry.node;
  metrics_.count(metrics::Cause::Expired);
  drop_message(*node);
}

namespace {

// What the filter has behind `depth` levels; "#" at and below that level; nothing when it has
// ended.
std::optional<std::string_view> filter_behind(std::string_view filter, std::uint32_t depth) {
  for (; depth > 0 && !is_wildcard(filter, '#'); --depth) {
    const std::size_t slash = filter.find('/');
    if (slash == std::string_view::npos) return std::nullopt;
    filter.remove_prefix(slash + 1);
  }
  return filter;
}

bool begins_with_wildcard(std::string_view filter) {
  return filter.starts_with('+') || is_wildcard(filter, '#');
}

// Whether the levels of `label` match the filter or its front.
bool matches_front(std::string_view filter, std::string_view label) {
  topic::Levels wanted(filter);
  topic::Levels levels(label);
  while (levels.next()) {
    if (!wanted.next()) return false;
    if (is_wildcard(wanted.level(), '#')) return true;
    if (!is_wildcard(wanted.level(), '+') && wanted.level() != levels.level()) return false;
  }
  return true;
}

}  // namespace

RetainedCursor RetainedStore::start() {
  ++root_.pins;
  return {&root_, 0, true};
}

void RetainedStore::move(RetainedCursor& cursor, const RetainedCursor& to) {
  RetainedNode* const left = cursor.node;
  if (to.node != nullptr) ++to.node->pins;
  cursor = to;
  --left->pins;
  if (left->is_ghost && left->pins == 0) retire(*left, *take(*left));
}

void RetainedStore::stop(RetainedCursor& cursor) {
  if (cursor.node != nullptr) move(cursor, {});
}

// Wildcards at the first level pass by what begins with $ [MQTT-4.7.2-1].
RetainedNode* RetainedStore::first_visible(RetainedNode* sibling) const {
  while (sibling != nullptr && sibling->parent == &root_ && topic::is_hidden(label(*sibling))) {
    sibling = sibling->next_sibling;
  }
  return sibling;
}

// Stands on a sibling even if its label turns out not to match, so that one step is never long.
void RetainedStore::step(RetainedCursor& cursor, std::string_view filter) {
  const auto enter = [&](RetainedNode& node, std::uint32_t depth, std::string_view left) {
    move(cursor,
         {&node, depth + topic::count_levels(label(node)), matches_front(left, label(node))});
  };
  RetainedNode* node = cursor.node;
  std::uint32_t depth = cursor.depth;
  // Down, where the filter goes on.
  if (const auto left = filter_behind(filter, depth); left && cursor.matches) {
    RetainedNode* const below = begins_with_wildcard(*left)
                                    ? first_visible(node->first_child)
                                    : static_cast<RetainedNode*>(child(*node, first_level(*left)));
    if (below != nullptr) return enter(*below, depth, *left);
  }
  // Else to the next sibling, of this node or of a parent, where the filter takes any.
  for (; node != &root_; node = static_cast<RetainedNode*>(node->parent)) {
    depth -= topic::count_levels(label(*node));
    const auto left = filter_behind(filter, depth);
    if (!left || !begins_with_wildcard(*left)) continue;
    if (RetainedNode* const next = first_visible(node->next_sibling)) {
      return enter(*next, depth, *left);
    }
  }
  move(cursor, {});
}

void RetainedStore::step(RetainedCursor& cursor) {
  RetainedNode* node = cursor.node;
  if (node->first_child != nullptr) return move(cursor, {node->first_child, 0, true});
  while (node != &root_ && node->next_sibling == nullptr) {
    node = static_cast<RetainedNode*>(node->parent);
  }
  move(cursor, node != &root_ ? RetainedCursor{node->next_sibling, 0, true} : RetainedCursor{});
}

bool RetainedStore::is_match(const RetainedCursor& cursor, std::string_view filter) const {
  // The root never has a message.
  if (cursor.node->message() == nullptr || !cursor.matches) return false;
  // Only the filter's end is left to check: it ends here, or its next level is "#", which matches
  // the parent too.
  const auto left = filter_behind(filter, cursor.depth);
  return !left || is_wildcard(*left, '#');
}

}  // namespace midge::routing
