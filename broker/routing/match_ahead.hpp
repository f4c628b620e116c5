// Matches topic names that came together side by side. Among very many filters each step of a match
// waits for memory; here one topic's wait is spent on the steps of the others, and what its
// delivery will read is fetched as well.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "broker/routing/subscription_tree.hpp"
#include "broker/session/subscription.hpp"

namespace midge::routing {

class MatchAhead {
 public:
  static constexpr std::size_t kTopics = 32;
  static constexpr std::size_t kNodes = 4;  // a topic that matches more is left out

  // What a topic name matches, as SubscriptionTree::for_each_match() tells it.
  struct Matches {
    std::array<TreeNode*, kNodes> nodes;
    std::size_t count = 0;
    std::size_t subscribers = 0;
  };

  // At most kTopics, which are referred to until clear(). They need not be valid: one that is not
  // is never asked for.
  void match(const SubscriptionTree& tree, std::span<const std::string_view> topics);
  // What is known of `topic_name`, which those before it will not be asked after; or null.
  [[nodiscard]] const Matches* take(std::string_view topic_name);
  // The tree is going to change, or the topics go away.
  void clear() { next_ = count_ = 0; }

 private:
  struct Topic {
    std::string_view name;
    Matches matches;
    bool is_left_out;
  };
  // What a step reads, which was asked for when the step was queued.
  enum class Stage : std::uint8_t {
    Bucket,      // of the table, where a child would be
    Child,       // a node that may be it
    Subscriber,  // the first at a node that matches
    Session,
  };
  enum class Branch : std::uint8_t { Literal, Plus, Rest };
  struct Step {
    const TreeNode* parent = nullptr;
    union {
      const TreeNode* child = nullptr;
      const session::Subscriber* subscriber;
      const session::Session* session;
    };
    std::uint32_t hash = 0;         // Bucket, Child: of the level below `parent`
    std::uint32_t at = 0;           // where that level begins in the topic name
    std::uint32_t level_bytes = 0;  // and its length
    std::uint8_t topic = 0;
    Stage stage = Stage::Bucket;
    Branch branch = Branch::Literal;
  };
  static constexpr std::size_t kSteps = 128;  // a power of two

  void take_step(const SubscriptionTree& tree, Step step);
  void reach(const SubscriptionTree& tree, std::uint8_t topic, const TreeNode& node,
             std::uint32_t rest);
  void look_below(const SubscriptionTree& tree, const TreeNode& node, Branch branch, Step step);
  void add(std::uint8_t topic, const TreeNode& node);
  [[nodiscard]] bool is_child(const Step& step) const;
  [[nodiscard]] Step pop();
  // Without room for the step its topic is left out.
  void push(const Step& step);

  std::size_t count_ = 0;
  std::size_t next_ = 0;  // the topic that is asked for next, probably
  std::size_t first_step_ = 0;
  std::size_t step_count_ = 0;
  std::array<Topic, kTopics> topics_;
  std::array<Step, kSteps> steps_;  // a ring
};

}  // namespace midge::routing
