// Matches topic names that came together side by side. Among very many filters each step of a match
// waits for memory; here one topic's wait is spent on the steps of the others, and what its
// delivery will read is fetched as well. Where there are fewer filters it does nothing.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "broker/routing/look_ahead.hpp"
#include "broker/session/subscription.hpp"

namespace midge::routing {

class MatchAhead final : public LookAhead {
 public:
  static constexpr std::size_t kTopics = 32;
  // Nodes and subscriptions beyond the caches that are closest.
  static constexpr std::size_t kManyNodes = 4'096;

  // Writes to none of its tables, and is not constant: a static one is no part of a program's file.
  MatchAhead() {}  // NOLINT(modernize-use-equals-default)

  [[nodiscard]] std::size_t look(const SubscriptionTree& tree, Bytes received) override;
  [[nodiscard]] const Matches* take(std::string_view topic_name) override;
  void forget() override { next_ = count_ = 0; }

  // At most kTopics, which are referred to until forget(). They need not be valid: one that is not
  // is never asked for.
  void match(const SubscriptionTree& tree, std::span<const std::string_view> topics);

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
    const TreeNode* parent;
    union {
      const LevelNode* child;
      const session::Subscriber* subscriber;
      const session::Session* session;
    };
    std::uint32_t hash;         // Bucket, Child: of the level below `parent`
    std::uint32_t at;           // where that level begins in the topic name
    std::uint32_t level_bytes;  // and its length
    std::uint8_t topic;
    Stage stage;
    Branch branch;
  };
  static constexpr std::size_t kSteps = 128;  // a power of two

  void take_step(const SubscriptionTree& tree, Step step);
  void reach(const SubscriptionTree& tree, std::uint8_t topic, const TreeNode& node,
             std::uint32_t rest);
  void look_below(const SubscriptionTree& tree, const TreeNode& node, Branch branch, Step step);
  void add(std::uint8_t topic, const TreeNode& node);
  [[nodiscard]] bool is_child(const SubscriptionTree& tree, const Step& step) const;
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
