// Retained messages (MQTT 5.0 section 3.3.1.3): one for each topic, in a tree whose branches can be
// walked, so that a replay visits what its filter matches and can stop anywhere. A topic is there
// once: the labels of the nodes are in the topic names of messages at or below them.
#pragma once

#include <cstdint>
#include <string_view>

#include "broker/base/deadlines.hpp"
#include "broker/base/hash.hpp"
#include "broker/base/memory.hpp"
#include "broker/base/slab.hpp"
#include "broker/message/message.hpp"
#include "broker/routing/level_tree.hpp"
#include "broker/session/session.hpp"
#include "broker/settings/limits.hpp"

namespace midge::routing {

struct RetainedNode;

// Frees the memory of a retained message when it expires.
struct RetainedExpiry : Deadline {
  RetainedNode* node = nullptr;
  message::Message* message = nullptr;  // counted
};

// What the store keeps at a node.
struct RetainedEntry {
  RetainedNode* first_child = nullptr;
  RetainedNode* next_sibling = nullptr;
  RetainedNode* previous_sibling = nullptr;
  union {
    message::Message* lasting = nullptr;  // counted; null: only levels on the way
    message::Message* ghost;              // counted, when is_ghost
    RetainedExpiry* expiring;             // when has_expiry
  };
  std::uint32_t overtaken = 0;  // sequence of the last live message that overtook a replay here
  std::uint16_t pins = 0;       // replays that stand here: the node stays
  bool has_expiry : 1 = false;
  bool is_ghost : 1 = false;  // no message any more, but a replay stands here: its topic is kept

  // Whose topic name starts with the levels down to here; null: there are only levels on the way.
  [[nodiscard]] message::Message* named() const { return has_expiry ? expiring->message : lasting; }
  // The retained message; null: none.
  [[nodiscard]] message::Message* message() const { return is_ghost ? nullptr : named(); }
};

struct RetainedNode : RetainedEntry, LevelNode {};
static_assert(sizeof(RetainedNode) == (sizeof(void*) == 8 ? 64 : 40));

// A place in the walk over all nodes that a filter matches. Pins its node, so that the tree may
// change between two steps. A split leaves it where it is: the topic that a node ends is always the
// same one, the new node above was passed already, and nothing comes behind the old one there.
struct RetainedCursor {
  RetainedNode* node = nullptr;  // null: at the end
  std::uint32_t depth = 0;       // levels from the root to the node's end
  bool matches = false;          // the filter, or its front, all these levels; else pass on
};

class RetainedStore final : private LevelTree {
 public:
  RetainedStore(Memory& memory, Hasher hasher, message::Messages& messages,
                metrics::Metrics& metrics, Deadlines& deadlines, const settings::Limits& limits);

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
  // The same walk over all there is: moves to the next node, whatever it is.
  void step(RetainedCursor& cursor);

 private:
  // What the node had as named(), which is the caller's to release.
  [[nodiscard]] message::Message* take(RetainedNode& node);
  // `message` was taken from here. Frees it and the nodes that are of no use now.
  void retire(RetainedNode& node, message::Message& message);
  // What `node` and those above have borrowed from one text, they have from another now.
  void hand_over(RetainedNode& node, const message::Message& from, const char* to);
  void drop_message(RetainedNode& node);
  [[nodiscard]] RetainedNode* first_visible(RetainedNode* sibling) const;
  void move(RetainedCursor& cursor, const RetainedCursor& to);

  [[nodiscard]] LevelNode& construct(void* memory) const override;
  // In front of what is there: a cursor finds nothing new behind its node.
  void adopt(LevelNode& parent, LevelNode& child) const override;
  void disown(LevelNode& parent, LevelNode& child) const override;
  void replace(LevelNode& parent, LevelNode& child, LevelNode& other) const override;
  [[nodiscard]] bool is_unused(const LevelNode& level) const override;

  message::Messages& messages_;
  metrics::Metrics& metrics_;
  Deadlines& deadlines_;
  const settings::Limits& limits_;
  RetainedNode root_;
  Pool<RetainedExpiry> expiries_;
};

}  // namespace midge::routing
