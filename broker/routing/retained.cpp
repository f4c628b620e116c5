#include "broker/routing/retained.hpp"

#include <new>
#include <optional>

#include "broker/base/assert.hpp"
#include "broker/topic/topic.hpp"

namespace midge::routing {

using topic::first_level;

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
  root_ = create({});
}

RetainedNode* RetainedStore::child(const RetainedNode& parent, std::string_view level) const {
  const std::uint32_t hash = hasher_(level, reinterpret_cast<std::uintptr_t>(&parent));
  return index_.find(hash, [&parent, level](const RetainedNode& node) {
    return node.parent == &parent && topic::begins_with_levels(node.label(), level);
  });
}

RetainedNode* RetainedStore::walk(std::string_view topic_name) const {
  const RetainedNode* node = root_;
  for (std::string_view left = topic_name;;) {
    RetainedNode* const next = child(*node, first_level(left));
    if (next == nullptr) return nullptr;
    const std::string_view label = next->label();
    if (!topic::begins_with_levels(left, label)) return nullptr;
    if (left.size() == label.size()) return next;
    left.remove_prefix(label.size() + 1);
    node = next;
  }
}

RetainedNode* RetainedStore::find(std::string_view topic_name) const {
  RetainedNode* const node = walk(topic_name);
  return node != nullptr && node->message != nullptr ? node : nullptr;
}

RetainedNode* RetainedStore::make(std::string_view topic_name) {
  RetainedNode* node = root_;
  std::string_view left = topic_name;
  RetainedNode* divided = nullptr;  // shares the next levels, but not its whole label
  std::size_t common = 0;
  while (RetainedNode* const next = child(*node, first_level(left))) {
    common = topic::common_levels(next->label(), left);
    const bool ends = common == left.size();
    if (!ends) left.remove_prefix(common + 1);
    if (common < next->label().size()) {
      divided = next;
      if (ends) return split(*divided, common);
      break;
    }
    if (ends) return next;
    node = next;
  }
  RetainedNode* const leaf = create(left);
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
// `node`. That goes below and keeps its address: cursors stand on it, its expiry points to it.
RetainedNode* RetainedStore::split(RetainedNode& node, std::size_t front_bytes) {
  RetainedNode* const front = create(node.label().substr(0, front_bytes));
  if (front == nullptr) return nullptr;
  front->parent = node.parent;
  front->hash = node.hash;
  front->next_sibling = node.next_sibling;
  front->previous_sibling = node.previous_sibling;
  (front->previous_sibling != nullptr ? front->previous_sibling->next_sibling
                                      : front->parent->first_child) = front;
  if (front->next_sibling != nullptr) front->next_sibling->previous_sibling = front;
  index_.remove(node);
  index_.insert(*front);
  node.label_start = static_cast<std::uint16_t>(node.label_start + front_bytes + 1);
  node.next_sibling = node.previous_sibling = nullptr;
  hang(*front, node);
  return front;
}

RetainedNode* RetainedStore::create(std::string_view label) {
  void* const memory = memory_.allocate(sizeof(RetainedNode) + label.size());
  if (memory == nullptr) return nullptr;
  auto* const node = new (memory) RetainedNode;
  node->label_end = static_cast<std::uint16_t>(label.size());
  copy(node + 1, label);
  return node;
}

void RetainedStore::destroy(RetainedNode* node) {
  const std::size_t bytes = sizeof(RetainedNode) + node->label_end;
  node->~RetainedNode();
  memory_.release(node, bytes);
}

void RetainedStore::hang(RetainedNode& parent, RetainedNode& node) {
  node.parent = &parent;
  node.hash = hasher_(first_level(node.label()), reinterpret_cast<std::uintptr_t>(&parent));
  index_.insert(node);
  // In front of what is there: a cursor finds nothing new behind its node.
  node.next_sibling = parent.first_child;
  if (parent.first_child != nullptr) parent.first_child->previous_sibling = &node;
  parent.first_child = &node;
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
    destroy(node);
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
  ++root_->pins;
  return {root_, 0, true};
}

void RetainedStore::move(RetainedCursor& cursor, const RetainedCursor& to) {
  RetainedNode* const left = cursor.node;
  if (to.node != nullptr) ++to.node->pins;
  cursor = to;
  --left->pins;
  prune(left);
}

void RetainedStore::stop(RetainedCursor& cursor) {
  if (cursor.node != nullptr) move(cursor, {});
}

// Wildcards at the first level pass by what begins with $ [MQTT-4.7.2-1].
RetainedNode* RetainedStore::first_visible(RetainedNode* sibling) const {
  while (sibling != nullptr && sibling->parent == root_ && topic::is_hidden(sibling->label())) {
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
    RetainedNode* const below = begins_with_wildcard(*left) ? first_visible(node->first_child)
                                                            : child(*node, first_level(*left));
    if (below != nullptr) return enter(*below, depth, *left);
  }
  // Else to the next sibling, of this node or of a parent, where the filter takes any.
  for (; node != root_; node = node->parent) {
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
  if (cursor.node == root_ || cursor.node->message == nullptr || !cursor.matches) return false;
  // Only the filter's end is left to check: it ends here, or its next level is "#", which matches
  // the parent too.
  const auto left = filter_behind(filter, cursor.depth);
  return !left || *left == "#";
}

}  // namespace midge::routing
