#include "broker/routing/retained.hpp"

#include <optional>

#include "broker/base/assert.hpp"
#include "broker/topic/topic.hpp"

namespace midge::routing {

using topic::first_level;

void RetainedNode::adopt(RetainedNode& child) {
  child.previous_sibling = nullptr;
  child.next_sibling = first_child;
  if (first_child != nullptr) first_child->previous_sibling = &child;
  first_child = &child;
}

void RetainedNode::disown(RetainedNode& child) {
  (child.previous_sibling != nullptr ? child.previous_sibling->next_sibling : first_child) =
      child.next_sibling;
  if (child.next_sibling != nullptr) child.next_sibling->previous_sibling = child.previous_sibling;
}

void RetainedNode::replace(RetainedNode& child, RetainedNode& other) {
  other.previous_sibling = child.previous_sibling;
  other.next_sibling = child.next_sibling;
  (other.previous_sibling != nullptr ? other.previous_sibling->next_sibling : first_child) = &other;
  if (other.next_sibling != nullptr) other.next_sibling->previous_sibling = &other;
}

RetainedStore::RetainedStore(Memory& memory, Hasher hasher, message::Messages& messages,
                             metrics::Metrics& metrics, Deadlines& deadlines,
                             const settings::Limits& limits)
    : messages_(messages),
      metrics_(metrics),
      deadlines_(deadlines),
      limits_(limits),
      levels_(memory, hasher),
      expiries_(memory.arena()) {}

RetainedNode* RetainedStore::find(std::string_view topic_name) const {
  RetainedNode* const node = levels_.find(topic_name);
  return node != nullptr && node->message != nullptr ? node : nullptr;
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
  RetainedNode* node = levels_.find(message.topic_name());
  const bool replaces = node != nullptr && node->message != nullptr;
  if (!replaces && metrics_.retained_messages >= limits_.retained_messages) {
    return Stored::LimitReached;
  }
  RetainedExpiry* expiry = nullptr;
  if (message.expires() != kNever) {
    expiry = expiries_.create(Reserve::Keep);
    if (expiry == nullptr) return Stored::MemoryFull;
  }
  if (node == nullptr) node = levels_.make(message.topic_name());
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
  levels_.prune(node);
  return true;
}

void RetainedStore::on_expired(RetainedExpiry& expiry) {
  RetainedNode* const node = expiry.node;
  metrics_.count(metrics::Cause::Expired);
  drop_message(*node);
  levels_.prune(node);
}

namespace {

// What the filter has behind `depth` levels; "#" at and below that level; nothing when it has
// ended.
std::optional<std::string_view> filter_behind(std::string_view filter, std::uint32_t depth) {
  for (; depth > 0 && filter != "#"; --depth) {
    const std::size_t slash = filter.find('/');
    if (slash == std::string_view::npos) return std::nullopt;
    filter.remove_prefix(slash + 1);
  }
  return filter;
}

bool begins_with_wildcard(std::string_view filter) {
  return filter.starts_with('+') || filter == "#";
}

// Whether the levels of `label` match the filter or its front.
bool matches_front(std::string_view filter, std::string_view label) {
  topic::Levels wanted(filter);
  topic::Levels levels(label);
  while (const auto level = levels.next()) {
    const auto want = wanted.next();
    if (!want) return false;
    if (*want == "#") return true;
    if (*want != "+" && *want != *level) return false;
  }
  return true;
}

}  // namespace

RetainedCursor RetainedStore::start() {
  ++levels_.root()->pins;
  return {levels_.root(), 0, true};
}

void RetainedStore::move(RetainedCursor& cursor, const RetainedCursor& to) {
  RetainedNode* const left = cursor.node;
  if (to.node != nullptr) ++to.node->pins;
  cursor = to;
  --left->pins;
  levels_.prune(left);
}

void RetainedStore::stop(RetainedCursor& cursor) {
  if (cursor.node != nullptr) move(cursor, {});
}

// Wildcards at the first level pass by what begins with $ [MQTT-4.7.2-1].
RetainedNode* RetainedStore::first_visible(RetainedNode* sibling) const {
  while (sibling != nullptr && sibling->parent == levels_.root() &&
         topic::is_hidden(sibling->label())) {
    sibling = sibling->next_sibling;
  }
  return sibling;
}

// Stands on a sibling even if its label turns out not to match, so that one step is never long.
void RetainedStore::step(RetainedCursor& cursor, std::string_view filter) {
  const auto enter = [&](RetainedNode& node, std::uint32_t depth, std::string_view left) {
    move(cursor,
         {&node, depth + topic::count_levels(node.label()), matches_front(left, node.label())});
  };
  RetainedNode* node = cursor.node;
  std::uint32_t depth = cursor.depth;
  // Down, where the filter goes on.
  if (const auto left = filter_behind(filter, depth); left && cursor.matches) {
    RetainedNode* const below = begins_with_wildcard(*left)
                                    ? first_visible(node->first_child)
                                    : levels_.child(*node, first_level(*left));
    if (below != nullptr) return enter(*below, depth, *left);
  }
  // Else to the next sibling, of this node or of a parent, where the filter takes any.
  for (; node != levels_.root(); node = node->parent) {
    depth -= topic::count_levels(node->label());
    const auto left = filter_behind(filter, depth);
    if (!left || !begins_with_wildcard(*left)) continue;
    if (RetainedNode* const next = first_visible(node->next_sibling)) {
      return enter(*next, depth, *left);
    }
  }
  move(cursor, {});
}

bool RetainedStore::is_match(const RetainedCursor& cursor, std::string_view filter) const {
  // The root never has a message.
  if (cursor.node->message == nullptr || !cursor.matches) return false;
  // Only the filter's end is left to check: it ends here, or its next level is "#", which matches
  // the parent too.
  const auto left = filter_behind(filter, cursor.depth);
  return !left || *left == "#";
}

}  // namespace midge::routing
