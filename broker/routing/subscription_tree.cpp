#include "broker/routing/subscription_tree.hpp"

#include <new>

namespace midge::routing {

using topic::first_level;
using topic::is_wildcard;

SubscriptionTree::SubscriptionTree(Memory& memory, Hasher hasher, std::uint16_t maximum_levels)
    : LevelTree(memory, hasher, root_, sizeof(TreeNode), Labels::Own) {
  stack_ = static_cast<Frame*>(memory.allocate(stack_bytes(maximum_levels)));
}

LevelNode& SubscriptionTree::construct(void* memory) const {
  return *new (memory) TreeNode;
}

void SubscriptionTree::count(LevelNode& parent, const LevelNode& child, bool comes) const {
  auto& node = static_cast<TreeNode&>(parent);
  const std::string_view level = first_level(label(child));
  if (is_wildcard(level, '+')) {
    node.has_plus = comes;
  } else if (is_wildcard(level, '#')) {
    node.has_rest = comes;
  } else if (comes) {
    ++node.literal_children;
  } else {
    --node.literal_children;
  }
}

bool SubscriptionTree::is_unused(const LevelNode& level) const {
  const auto& node = static_cast<const TreeNode&>(level);
  return node.subscriber_count == 0 && !node.has_plus && !node.has_rest &&
         node.literal_children == 0;
}

std::optional<std::uint32_t> SubscriptionTree::match_behind(std::string_view label,
                                                            std::string_view topic_name,
                                                            std::size_t at) {
  const auto behind = [topic_name](std::size_t end) {
    return end == topic_name.size() ? kEnd : static_cast<std::uint32_t>(end + 1);
  };
  if (label.empty()) return behind(at);
  // Mostly there are no wildcards, and bytes can be compared.
  if (topic::begins_with_levels(topic_name.substr(at), label)) return behind(at + label.size());
  while (!label.empty()) {
    label.remove_prefix(1);  // '/'
    const std::string_view wanted = first_level(label);
    if (is_wildcard(wanted, '#')) return kEnd;  // the parent too
    if (at == topic_name.size()) return std::nullopt;
    const std::string_view level = first_level(topic_name.substr(at + 1));
    if (!is_wildcard(wanted, '+') && wanted != level) return std::nullopt;
    label.remove_prefix(wanted.size());
    at += 1 + level.size();
  }
  return behind(at);
}

// What the lookup will read is fetched while other frames are looked at.
SubscriptionTree::Frame SubscriptionTree::frame(const TreeNode& node, std::string_view topic_name,
                                                std::uint32_t rest) const {
  if (rest == kEnd) return {&node, rest, 0, 0};
  const std::string_view level = first_level(topic_name.substr(rest));
  const auto level_bytes = static_cast<std::uint32_t>(level.size());
  if (node.literal_children == 0) return {&node, rest, 0, level_bytes};
  const std::uint32_t hash = hash_of(node, level);
  LevelTree::prefetch(hash);
  return {&node, rest, hash, level_bytes};
}

std::size_t SubscriptionTree::filter_bytes(const TreeNode& node) const {
  std::size_t bytes = 0;
  for (const LevelNode* at = &node; at->parent != nullptr; at = at->parent) {
    bytes += label(*at).size() + (at != &node ? 1 : 0);
  }
  return bytes;
}

void SubscriptionTree::write_filter(const TreeNode& node, std::uint8_t* out) const {
  out += filter_bytes(node);
  for (const LevelNode* at = &node; at->parent != nullptr; at = at->parent) {
    if (at != &node) *--out = '/';
    out -= label(*at).size();
    copy(out, label(*at));
  }
}

void SubscriptionTree::for_each_match(std::string_view topic_name,
                                      FunctionRef<void(TreeNode&)> visit) const {
  const auto offer = [&visit](const LevelNode& level) {
    const auto& node = static_cast<const TreeNode&>(level);
    if (node.subscriber_count == 0) return;
    midge::prefetch(node.subscribers.first());
    visit(const_cast<TreeNode&>(node));
  };
  std::size_t depth = 0;
  // `below` matches with its first level, of `level_bytes`; `at` is where that ends in the topic.
  const auto push = [&](const LevelNode* below, std::size_t level_bytes, std::size_t at) {
    if (below == nullptr) return;
    const auto rest = match_behind(label(*below).substr(level_bytes), topic_name, at);
    if (rest) stack_[depth++] = frame(static_cast<const TreeNode&>(*below), topic_name, *rest);
  };
  // A leading wildcard does not match topics that begin with $ [MQTT-4.7.2-1].
  const bool hidden = topic::is_hidden(topic_name);
  stack_[depth++] = frame(root_, topic_name, 0);
  while (depth > 0) {
    const Frame here = stack_[--depth];
    const TreeNode& node = *here.node;
    const bool wildcards = !(hidden && &node == &root_);
    if (node.has_rest && wildcards) offer(*child(node, "#"));  // "a/#" matches "a" and all below
    if (here.rest == kEnd) {
      offer(node);
      continue;
    }
    const std::string_view level = topic_name.substr(here.rest, here.level_bytes);
    const std::size_t level_end = here.rest + level.size();
    // At most two more frames for one taken, each further by a level at least: never more than the
    // levels and one.
    if (node.has_plus && wildcards) push(child(node, "+"), 1, level_end);
    if (node.literal_children > 0) push(child(node, level, here.hash), level.size(), level_end);
  }
}

}  // namespace midge::routing
