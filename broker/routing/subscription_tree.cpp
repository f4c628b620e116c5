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
  stack_ = static_cast<Frame*>(memory.allocate((std::size_t{maximum_levels} + 2) * sizeof(Frame)));
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

}  // namespace midge::routing
