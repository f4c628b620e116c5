#include "broker/routing/subscription_tree.hpp"

namespace midge::routing {

using topic::first_level;

void TreeNode::count(const TreeNode& child, bool comes) {
  const std::string_view level = first_level(child.label());
  if (level == "+") {
    has_plus = comes;
  } else if (level == "#") {
    has_rest = comes;
  } else if (comes) {
    ++literal_children;
  } else {
    --literal_children;
  }
}

SubscriptionTree::SubscriptionTree(Memory& memory, Hasher hasher, std::uint16_t maximum_levels)
    : levels_(memory, hasher) {
  stack_ = static_cast<Frame*>(memory.allocate(stack_bytes(maximum_levels)));
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
    if (wanted == "#") return kEnd;  // the parent too
    if (at == topic_name.size()) return std::nullopt;
    const std::string_view level = first_level(topic_name.substr(at + 1));
    if (wanted != "+" && wanted != level) return std::nullopt;
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
  const std::uint32_t hash = levels_.hash_of(node, level);
  levels_.prefetch(hash);
  return {&node, rest, hash, level_bytes};
}

std::string_view SubscriptionTree::filter_of(const TreeNode& node, MutableBytes out) {
  std::size_t start = out.size();
  for (const TreeNode* at = &node; at->parent != nullptr; at = at->parent) {
    if (at != &node) out[--start] = '/';
    start -= at->label().size();
    copy(out.data() + start, at->label());
  }
  return as_text(out.subspan(start));
}

void SubscriptionTree::for_each_match(std::string_view topic_name,
                                      FunctionRef<void(TreeNode&)> visit) const {
  const auto offer = [&visit](const TreeNode* node) {
    if (node == nullptr || node->subscriber_count == 0) return;
    prefetch(node->subscribers.first());
    visit(*const_cast<TreeNode*>(node));
  };
  std::size_t depth = 0;
  // `next` matches with its first level, of `level_bytes`; `at` is where that ends in the topic.
  const auto push = [&](const TreeNode* next, std::size_t level_bytes, std::size_t at) {
    if (next == nullptr) return;
    const auto rest = match_behind(next->label().substr(level_bytes), topic_name, at);
    if (rest) stack_[depth++] = frame(*next, topic_name, *rest);
  };
  // A leading wildcard does not match topics that begin with $ [MQTT-4.7.2-1].
  const bool hidden = topic::is_hidden(topic_name);
  stack_[depth++] = frame(*levels_.root(), topic_name, 0);
  while (depth > 0) {
    const Frame here = stack_[--depth];
    const TreeNode& node = *here.node;
    const bool wildcards = !(hidden && &node == levels_.root());
    if (node.has_rest && wildcards)
      offer(levels_.child(node, "#"));  // "a/#" matches "a" and all below
    if (here.rest == kEnd) {
      offer(&node);
      continue;
    }
    const std::string_view level = topic_name.substr(here.rest, here.level_bytes);
    const std::size_t level_end = here.rest + level.size();
    // At most two more frames for one taken, each further by a level at least: never more than the
    // levels and one.
    if (node.has_plus && wildcards) push(levels_.child(node, "+"), 1, level_end);
    if (node.literal_children > 0)
      push(levels_.child(node, level, here.hash), level.size(), level_end);
  }
}

}  // namespace midge::routing
