#include "broker/routing/subscription_tree.hpp"

#include <new>

#include "broker/base/assert.hpp"

namespace midge::routing {

using topic::first_level;

SubscriptionTree::SubscriptionTree(Memory& memory, Hasher hasher, std::uint16_t maximum_levels)
    : memory_(memory), hasher_(hasher), index_(memory) {
  root_ = create({});
  stack_ = static_cast<Frame*>(memory.allocate((std::size_t{maximum_levels} + 2) * sizeof(Frame)));
}

TreeNode* SubscriptionTree::child(const TreeNode& parent, std::string_view level,
                                  std::uint32_t hash) const {
  return index_.find(hash, [&parent, level](const TreeNode& node) {
    return node.parent == &parent && topic::begins_with_levels(node.label(), level);
  });
}

TreeNode* SubscriptionTree::find(std::string_view filter) const {
  const TreeNode* node = root_;
  for (std::string_view left = filter;;) {
    TreeNode* const next = child(*node, first_level(left));
    if (next == nullptr) return nullptr;
    const std::string_view label = next->label();
    if (!topic::begins_with_levels(left, label)) return nullptr;
    if (left.size() == label.size()) return next;
    left.remove_prefix(label.size() + 1);
    node = next;
  }
}

TreeNode* SubscriptionTree::make(std::string_view filter) {
  TreeNode* node = root_;
  std::string_view left = filter;
  TreeNode* divided = nullptr;  // shares the next levels, but not its whole label
  std::size_t common = 0;
  while (TreeNode* const next = child(*node, first_level(left))) {
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
  TreeNode* const leaf = create(left);
  if (leaf == nullptr) return nullptr;
  if (divided != nullptr) node = split(*divided, common);
  if (node == nullptr) {
    destroy(leaf);
    return nullptr;
  }
  hang(*node, *leaf);
  return leaf;
}

// Makes a node of the first `front_bytes` of the label, which end before a '/'. `node` keeps its
// address, since subscribers and children point to it, and goes below.
TreeNode* SubscriptionTree::split(TreeNode& node, std::size_t front_bytes) {
  TreeNode* const front = create(node.label().substr(0, front_bytes));
  if (front == nullptr) return nullptr;
  // To the parent, one child has taken the other's place.
  front->parent = node.parent;
  front->hash = node.hash;
  index_.remove(node);
  index_.insert(*front);
  node.label_start = static_cast<std::uint16_t>(node.label_start + front_bytes + 1);
  hang(*front, node);
  return front;
}

TreeNode* SubscriptionTree::create(std::string_view label) {
  void* const memory = memory_.allocate(sizeof(TreeNode) + label.size());
  if (memory == nullptr) return nullptr;
  auto* const node = new (memory) TreeNode;
  node->label_end = static_cast<std::uint16_t>(label.size());
  copy(node + 1, label);
  return node;
}

void SubscriptionTree::destroy(TreeNode* node) {
  const std::size_t bytes = sizeof(TreeNode) + node->label_end;
  node->~TreeNode();
  memory_.release(node, bytes);
}

void SubscriptionTree::hang(TreeNode& parent, TreeNode& node) {
  const std::string_view level = first_level(node.label());
  node.parent = &parent;
  node.hash = hash_of(parent, level);
  index_.insert(node);
  if (level == "+") {
    parent.has_plus = true;
  } else if (level == "#") {
    parent.has_rest = true;
  } else {
    ++parent.literal_children;
  }
}

void SubscriptionTree::prune(TreeNode* node) {
  while (node != root_ && node->subscriber_count == 0 && !node->has_children()) {
    TreeNode& parent = *node->parent;
    const std::string_view level = first_level(node->label());
    if (level == "+") {
      parent.has_plus = false;
    } else if (level == "#") {
      parent.has_rest = false;
    } else {
      --parent.literal_children;
    }
    index_.remove(*node);
    destroy(node);
    node = &parent;
  }
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
  if (rest == kEnd || node.literal_children == 0) return {&node, rest, 0};
  const std::uint32_t hash = hash_of(node, topic::first_level(topic_name.substr(rest)));
  index_.prefetch(hash);
  return {&node, rest, hash};
}

bool SubscriptionTree::has_first_level(std::string_view level) const {
  return child(*root_, level) != nullptr;
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
