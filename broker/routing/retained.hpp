// Retained messages (MQTT 5.0 section 3.3.1.3): one for each topic, in a tree whose branches can be
// walked, so that a replay visits what its filter matches and can stop anywhere. As in the
// subscription tree, levels in a row without a branch and without a message are one node.
#pragma once

#include <cstdint>
#include <string_view>

#include "broker/base/deadlines.hpp"
#include "broker/base/hash.hpp"
#include "broker/base/hash_index.hpp"
#include "broker/base/memory.hpp"
#include "broker/base/slab.hpp"
#include "broker/message/message.hpp"
#include "broker/session/session.hpp"
#include "broker/settings/limits.hpp"

namespace midge::routing {

struct RetainedNode;

// Frees the memory of a retained message when it expires.
struct RetainedExpiry : Deadline {
  RetainedNode* node = nullptr;
};

struct RetainedNode {
  RetainedNode* hash_next = nullptr;
  RetainedNode* parent = nullptr;  // null: the root, whose label stands for nothing
  RetainedNode* first_child = nullptr;
  RetainedNode* next_sibling = nullptr;
  RetainedNode* previous_sibling = nullptr;
  message::Message* message = nullptr;  // counted; null: only a level on the way
  RetainedExpiry* expiry = nullptr;
  std::uint32_t hash = 0;       // of the parent and the label's first level
  std::uint32_t overtaken = 0;  // sequence of the last live message that overtook a replay here
  std::uint16_t pins = 0;       // replays that stand here: the node stays
  // The label lies behind the object: one level or more. A split moves its start.
  std::uint16_t label_start = 0;
  std::uint16_t label_end = 0;

  [[nodiscard]] std::string_view label() const {
    return {reinterpret_cast<const char*>(this + 1) + label_start,
            std::size_t{label_end} - label_start};
  }
};

// A place in the walk over all nodes that a filter matches. Pins its node, so that the tree may
// change between two steps. A split leaves it where it is: the topic that a node ends is always the
// same one, the new node above was passed already, and nothing comes behind the old one there.
struct RetainedCursor {
  RetainedNode* node = nullptr;  // null: at the end
  std::uint32_t depth = 0;       // levels from the root to the node's end
  bool matches = false;          // the filter, or its front, all these levels; else pass on
};

class RetainedStore {
 public:
  RetainedStore(Memory& memory, Hasher hasher, message::Messages& messages,
                metrics::Metrics& metrics, Deadlines& deadlines, const settings::Limits& limits);
  RetainedStore(const RetainedStore&) = delete;
  RetainedStore& operator=(const RetainedStore&) = delete;
  [[nodiscard]] bool is_ready() const { return root_ != nullptr; }

  enum class Stored : std::uint8_t { Yes, LimitReached, MemoryFull };

  // Makes `message` the retained one of its topic [MQTT-3.3.1-5]; its payload is not empty.
  [[nodiscard]] Stored set(message::Message& message);
  // Deletes the retained message of a topic [MQTT-3.3.1-6]; false when there was none.
  bool clear(std::string_view topic_name);
  void on_expired(RetainedExpiry& expiry);

  // The node of a topic that has a retained message, or null.
  [[nodiscard]] RetainedNode* find(std::string_view topic_name) const;

  // The walk for `filter` (valid, without $share): first the start, then step() by step(). Each
  // moves to the next place; whether the filter matches there tells is_match().
  [[nodiscard]] RetainedCursor start();
  void step(RetainedCursor& cursor, std::string_view filter);
  [[nodiscard]] bool is_match(const RetainedCursor& cursor, std::string_view filter) const;
  void stop(RetainedCursor& cursor);

 private:
  [[nodiscard]] RetainedNode* child(const RetainedNode& parent, std::string_view level) const;
  [[nodiscard]] RetainedNode* walk(std::string_view topic_name) const;
  // Null when memory is full; then nothing has changed.
  [[nodiscard]] RetainedNode* make(std::string_view topic_name);
  [[nodiscard]] RetainedNode* split(RetainedNode& node, std::size_t front_bytes);
  [[nodiscard]] RetainedNode* create(std::string_view label);
  void destroy(RetainedNode* node);
  void hang(RetainedNode& parent, RetainedNode& node);
  void drop_message(RetainedNode& node);
  void prune(RetainedNode* node);
  [[nodiscard]] RetainedNode* first_visible(RetainedNode* sibling) const;
  void move(RetainedCursor& cursor, const RetainedCursor& to);

  Memory& memory_;
  Hasher hasher_;
  message::Messages& messages_;
  metrics::Metrics& metrics_;
  Deadlines& deadlines_;
  const settings::Limits& limits_;
  HashIndex<RetainedNode> index_;
  Pool<RetainedExpiry> expiries_;
  RetainedNode* root_ = nullptr;
};

}  // namespace midge::routing
