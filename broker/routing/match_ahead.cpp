#include "broker/routing/match_ahead.hpp"

#include <algorithm>

#include "broker/session/session.hpp"
#include "broker/topic/topic.hpp"
#include "broker/wire/frame.hpp"

namespace midge::routing {

std::size_t MatchAhead::look(const SubscriptionTree& tree, Bytes received) {
  if (tree.size() < kManyNodes) return received.size();
  std::array<std::string_view, kTopics> topics;
  std::size_t count = 0;
  std::size_t at = 0;
  while (count < topics.size()) {
    const wire::FrameResult frame = wire::read_fixed_header(received.subspan(at));
    if (frame.framing != wire::Framing::Frame || frame.header.type != wire::PacketType::Publish) {
      break;
    }
    // What is wrong with it is found when its turn has come.
    const Bytes body = received.subspan(at + frame.header.header_bytes);
    if (body.size() < frame.header.remaining_length || body.size() < 2) break;
    const std::size_t topic_bytes = static_cast<std::size_t>(body[0] << 8 | body[1]);
    if (frame.header.remaining_length < topic_bytes + 2) break;
    const std::string_view topic = as_text(body.subspan(2, topic_bytes));
    if (count == 0 || topic != topics[count - 1]) topics[count++] = topic;
    at += frame.header.header_bytes + frame.header.remaining_length;
  }
  if (count > 1) match(tree, {topics.data(), count});
  return std::max<std::size_t>(at, 1);
}

void MatchAhead::match(const SubscriptionTree& tree, std::span<const std::string_view> topics) {
  count_ = std::min(topics.size(), kTopics);
  next_ = step_count_ = 0;
  for (std::size_t i = 0; i < count_; ++i) {
    topics_[i].name = topics[i];
    topics_[i].matches.count = topics_[i].matches.subscribers = 0;
    topics_[i].is_left_out = false;
    reach(tree, static_cast<std::uint8_t>(i), tree.root(), 0);
  }
  // A topic has no more steps than nodes that match a front of it, and buckets and nodes beside
  // them: for_each_match() has the same bound.
  while (step_count_ > 0) {
    const Step step = pop();
    if (!topics_[step.topic].is_left_out) take_step(tree, step);
  }
}

const MatchAhead::Matches* MatchAhead::take(std::string_view topic_name) {
  for (std::size_t i = next_; i < count_; ++i) {
    if (topics_[i].name != topic_name) continue;
    next_ = i + 1;
    return topics_[i].is_left_out ? nullptr : &topics_[i].matches;
  }
  return nullptr;
}

// The oldest, which has waited longest for memory; when the ring fills, the youngest: depth first
// needs less room.
MatchAhead::Step MatchAhead::pop() {
  --step_count_;
  if (step_count_ >= kSteps / 2) return steps_[(first_step_ + step_count_) % kSteps];
  return steps_[first_step_++ % kSteps];
}

void MatchAhead::push(const Step& step) {
  if (step_count_ == kSteps) {
    topics_[step.topic].is_left_out = true;
    return;
  }
  steps_[(first_step_ + step_count_) % kSteps] = step;
  ++step_count_;
}

bool MatchAhead::is_child(const SubscriptionTree& tree, const Step& step) const {
  using namespace std::string_view_literals;
  const std::string_view level = step.branch == Branch::Literal
                                     ? topics_[step.topic].name.substr(step.at, step.level_bytes)
                                     : (step.branch == Branch::Plus ? "+"sv : "#"sv);
  return tree.is_child(*step.child, *step.parent, level, step.hash);
}

void MatchAhead::take_step(const SubscriptionTree& tree, Step step) {
  switch (step.stage) {
    case Stage::Bucket:
    case Stage::Child:
      if (step.stage == Stage::Child && is_child(tree, step)) {
        if (step.branch == Branch::Rest)
          return add(step.topic, static_cast<const TreeNode&>(*step.child));
        const std::string_view label = tree.label(*step.child);
        const std::size_t first = step.branch == Branch::Plus ? 1 : step.level_bytes;
        const auto rest = SubscriptionTree::match_behind(
            label.substr(first), topics_[step.topic].name, step.at + step.level_bytes);
        if (rest) reach(tree, step.topic, static_cast<const TreeNode&>(*step.child), *rest);
        return;
      }
      step.child = step.stage == Stage::Bucket
                       ? tree.first_with(step.hash)
                       : static_cast<const LevelNode*>(step.child->hash_next);
      if (step.child == nullptr) return;
      step.stage = Stage::Child;
      prefetch(step.child);
      prefetch(step.child + 1);  // the label: often in the next cache line
      return push(step);
    case Stage::Subscriber: {
      if (step.subscriber->is_group) return;
      const session::Session& session =
          static_cast<const session::Subscription*>(step.subscriber)->session;
      prefetch(&session);
      prefetch(&session.queued);
      step.session = &session;
      step.stage = Stage::Session;
      return push(step);
    }
    case Stage::Session:
      prefetch(step.session->attachment);
      return;
  }
}

// `node` matches the topic name up to `rest`.
void MatchAhead::reach(const SubscriptionTree& tree, std::uint8_t topic, const TreeNode& node,
                       std::uint32_t rest) {
  const std::string_view name = topics_[topic].name;
  // A leading wildcard does not match topics that begin with $ [MQTT-4.7.2-1].
  const bool wildcards = node.parent != nullptr || !topic::is_hidden(name);
  Step step{};
  step.topic = topic;
  if (node.has_rest && wildcards) look_below(tree, node, Branch::Rest, step);
  if (rest == SubscriptionTree::kEnd) return add(topic, node);
  step.at = rest;
  step.level_bytes = static_cast<std::uint32_t>(topic::first_level(name.substr(rest)).size());
  if (node.has_plus && wildcards) look_below(tree, node, Branch::Plus, step);
  if (node.literal_children > 0) look_below(tree, node, Branch::Literal, step);
}

void MatchAhead::look_below(const SubscriptionTree& tree, const TreeNode& node, Branch branch,
                            Step step) {
  step.parent = &node;
  step.branch = branch;
  step.hash = branch == Branch::Literal
                  ? tree.hash_of(node, topics_[step.topic].name.substr(step.at, step.level_bytes))
                  : tree.hash_of(node, branch == Branch::Plus ? "+" : "#");
  tree.prefetch(step.hash);
  push(step);
}

void MatchAhead::add(std::uint8_t topic, const TreeNode& node) {
  if (node.subscriber_count == 0) return;
  Matches& matches = topics_[topic].matches;
  if (matches.count == kNodes) {
    topics_[topic].is_left_out = true;
    return;
  }
  matches.nodes[matches.count++] = const_cast<TreeNode*>(&node);
  matches.subscribers += node.subscriber_count;
  Step step{};
  step.subscriber = node.subscribers.first();
  step.topic = topic;
  step.stage = Stage::Subscriber;
  prefetch(step.subscriber);
  push(step);
}

}  // namespace midge::routing
