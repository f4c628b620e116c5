// Router: adding, replacing and removing subscriptions (MQTT 5.0 sections 3.8.4 and 3.10.4).
#include "broker/routing/router.hpp"

namespace midge::routing {

using metrics::Cause;
using session::Group;
using session::Session;
using session::Subscription;
using wire::ReasonCode;
using wire::RetainHandling;

namespace {

ReasonCode granted(wire::QoS qos) {
  return static_cast<ReasonCode>(qos);
}

}  // namespace

// Looks through the shorter of the two lists that a subscription hangs in.
Subscription* Router::find_subscription(const Session& session, const TreeNode& node,
                                        const Group* group) const {
  const std::uint32_t others = group != nullptr ? group->member_count : node.subscriber_count;
  if (session.subscription_count <= others) {
    for (Subscription* at = session.subscriptions.first(); at != nullptr;
         at = session.subscriptions.next(*at)) {
      if (at->node() == &node && at->group() == group) return at;
    }
    return nullptr;
  }
  if (group != nullptr) {
    for (Subscription* at = group->members.first(); at != nullptr; at = group->members.next(*at)) {
      if (&at->session == &session) return at;
    }
    return nullptr;
  }
  for (session::Subscriber* at = node.subscribers.first(); at != nullptr;
       at = node.subscribers.next(*at)) {
    if (at->is_group) continue;
    auto& subscription = static_cast<Subscription&>(*at);
    if (&subscription.session == &session) return &subscription;
  }
  return nullptr;
}

Router::Subscribed Router::subscribe(Session& session, const topic::Filter& filter,
                                     wire::SubscriptionOptions options, std::uint32_t identifier) {
  forget_matches();
  TreeNode* const node = tree_.make(filter.filter);
  if (node == nullptr) {
    metrics_.count(Cause::MemoryFull);
    return {ReasonCode::QuotaExceeded, false};
  }
  Group* group = filter.is_shared() ? find_group(*node, filter.share_name) : nullptr;
  Subscription* subscription = nullptr;
  if (!filter.is_shared() || group != nullptr) {
    subscription = find_subscription(session, *node, group);
  }
  const bool is_new = subscription == nullptr;
  if (is_new) {
    if (metrics_.subscriptions >= settings_.limits.subscriptions) {
      metrics_.count(Cause::SubscriptionLimit);
      tree_.prune(node);
      return {ReasonCode::QuotaExceeded, false};
    }
    if (filter.is_shared()) group = make_group(*node, filter.share_name);
    if (!filter.is_shared() || group != nullptr) {
      subscription = subscriptions_.create(Reserve::Keep, session, node, group);
    }
    if (subscription == nullptr) {
      if (group != nullptr && group->member_count == 0) {
        SubscriptionTree::remove(*node, *group);
        groups_.remove(*group);
        sessions_.deliveries().release_if_unused(*group);
      }
      metrics_.count(Cause::MemoryFull);
      tree_.prune(node);
      return {ReasonCode::QuotaExceeded, false};
    }
    session.subscriptions.push_front(*subscription);
    ++session.subscription_count;
    ++metrics_.subscriptions;
    subscriptions_changed_ = true;
    if (group != nullptr) {
      group->members.push_back(*subscription);
      ++group->member_count;
      session.in_group = true;
      ++metrics_.shared_subscriptions;
    } else {
      SubscriptionTree::add(*node, *subscription);
    }
  }
  // An identical filter replaces the options; no message is lost in between [MQTT-3.8.4-3].
  subscription->options = session::PackedOptions(options);
  subscription->identifier = identifier;

  const bool wants_retained =
      group == nullptr && (options.retain_handling == RetainHandling::Send ||
                           (options.retain_handling == RetainHandling::SendIfNew && is_new));
  stop_replay(*subscription);
  if (wants_retained && !start_replay(*subscription, filter.filter)) {
    metrics_.count(Cause::MemoryFull);
    if (is_new) remove(*subscription);
    return {ReasonCode::QuotaExceeded, false};
  }
  if (group != nullptr && session.is_online()) dispatch(*group);
  return {granted(options.maximum_qos), is_new};
}

bool Router::unsubscribe(Session& session, const topic::Filter& filter) {
  TreeNode* const node = tree_.find(filter.filter);
  if (node == nullptr) return false;
  Group* const group = filter.is_shared() ? find_group(*node, filter.share_name) : nullptr;
  if (filter.is_shared() && group == nullptr) return false;
  Subscription* const subscription = find_subscription(session, *node, group);
  if (subscription == nullptr) return false;
  remove(*subscription);
  return true;
}

void Router::remove(Subscription& subscription) {
  Session& session = subscription.session;
  auto* const node = static_cast<TreeNode*>(subscription.node());
  stop_replay(subscription);
  forget_matches();
  if (subscription.is_shared) {
    leave_group(subscription);
  } else {
    SubscriptionTree::remove(*node, subscription);
  }
  session.subscriptions.remove(subscription);
  if (--session.subscription_count == 0) session.in_group = false;
  --metrics_.subscriptions;
  subscriptions_changed_ = true;
  subscriptions_.destroy(&subscription);
  tree_.prune(node);
}

bool Router::forget(Session& session, std::uint32_t& most) {
  while (Subscription* const subscription = session.subscriptions.first()) {
    if (most == 0) return false;
    --most;
    remove(*subscription);
  }
  return true;
}

bool Router::has_virtual_subscriber() const {
  return virtual_topics_.count() > 0 && tree_.has_first_level(virtual_topics_.root());
}

}  // namespace midge::routing
