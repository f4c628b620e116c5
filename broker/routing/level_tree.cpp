#include "broker/routing/level_tree.hpp"

#include "broker/base/bytes.hpp"

namespace midge::routing {

LevelNode* LevelTree::child(const LevelNode& parent, std::string_view level,
                            std::uint32_t hash) const {
  LevelNode* node = first_with(hash);
  while (node != nullptr && !is_child(*node, parent, level, hash)) {
    node = static_cast<LevelNode*>(node->hash_next);
  }
  return node;
}

LevelNode* LevelTree::find(std::string_view text) const {
  const LevelNode* node = &root_;
  for (std::string_view left = text;;) {
    LevelNode* const below = child(*node, topic::first_level(left));
    if (below == nullptr) return nullptr;
    const std::string_view label = this->label(*below);
    if (!topic::begins_with_levels(left, label)) return nullptr;
    if (left.size() == label.size()) return below;
    left.remove_prefix(label.size() + 1);
    node = below;
  }
}

LevelNode* LevelTree::make(std::string_view text) {
  LevelNode* node = &root_;
  std::string_view left = text;
  LevelNode* divided = nullptr;  // shares the next levels, but not its whole label
  std::size_t common = 0;
  while (LevelNode* const below = child(*node, topic::first_level(left))) {
    const std::string_view label = this->label(*below);
    common = topic::common_levels(label, left);
    const bool ends = common == left.size();
    if (!ends) left.remove_prefix(common + 1);
    if (common < label.size()) {
      if (ends) return split(*below, common);
      divided = below;
      break;
    }
    if (ends) return below;
    node = below;
  }
  LevelNode* const leaf = create(left, text.data());
  if (leaf == nullptr) return nullptr;
  if (divided != nullptr) node = split(*divided, common);
  if (node == nullptr) {
    destroy(*leaf);
    return nullptr;
  }
  hang(*node, *leaf);
  return leaf;
}

// Makes a node of the first `front_bytes` of the label, which end before a '/', in the place of
// `node`. That goes below and keeps its address, since others point to it.
LevelNode* LevelTree::split(LevelNode& node, std::size_t front_bytes) {
  const std::string_view label = this->label(node);
  LevelNode* const front = create(label.substr(0, front_bytes), label.data() - node.label_start);
  if (front == nullptr) return nullptr;
  front->parent = node.parent;
  front->hash = node.hash;
  replace(*front->parent, node, *front);
  index_.remove(node);
  index_.insert(*front);
  node.label_start = static_cast<std::uint16_t>(node.label_start + front_bytes + 1);
  hang(*front, node);
  return front;
}

LevelNode& LevelTree::prune(LevelNode* node) {
  while (node != &root_ && is_unused(*node)) {
    LevelNode* const parent = node->parent;
    disown(*parent, *node);
    index_.remove(*node);
    destroy(*node);
    node = parent;
  }
  return *node;
}

LevelNode* LevelTree::create(std::string_view label, const char* text) {
  void* const memory = memory_.allocate(node_bytes_ + bytes_behind(label.size()));
  if (memory == nullptr) return nullptr;
  LevelNode& node = construct(memory);
  if (labels_ == Labels::Own) {
    copy(&node + 1, label);
  } else {
    borrow(node, text);
    node.label_start = static_cast<std::uint16_t>(label.data() - text);
  }
  node.label_end = static_cast<std::uint16_t>(node.label_start + label.size());
  return &node;
}

void LevelTree::destroy(LevelNode& node) {
  void* const memory = reinterpret_cast<std::uint8_t*>(&node + 1) - node_bytes_;
  memory_.release(memory, node_bytes_ + bytes_behind(node.label_end));
}

void LevelTree::hang(LevelNode& parent, LevelNode& node) {
  node.parent = &parent;
  node.hash = hash_of(parent, topic::first_level(label(node)));
  index_.insert(node);
  adopt(parent, node);
}

}  // namespace midge::routing
