// Router: adding, replacing and removing subscriptions (MQTT 5.0 sections 3.8.4 and 3.10.4).
#include <utility>

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

Subscription* Router::find_subscription(const Session& session, const TreeNode& node,
                                        const topic::Filter& filter) const {
  if (!filter.is_shared()) return find_subscription(session, node, nullptr);
  const Group* const group = find_group(node, filter);
  return group != nullptr ? find_subscription(session, node, group) : nullptr;
}

Subscription* Router::add(Session& session, TreeNode& node, const topic::Filter& filter) {
  Group* const group = filter.is_shared() ? make_group(node, filter) : nullptr;
  if (group == nullptr && filter.is_shared()) return nullptr;
  Subscription* const subscription = subscriptions_.create(Reserve::Keep, session, &node, group);
  if (subscription == nullptr) {
    if (group != nullptr && group->member_count == 0) end_group(*group);
    return nullptr;
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
    SubscriptionTree::add(node, *subscription);
  }
  return subscription;
}

Router::Subscribed Router::subscribe(Session& session, const topic::Filter& filter,
                                     wire::SubscriptionOptions options, std::uint32_t identifier) {
  constexpr Subscribed kRefused{ReasonCode::QuotaExceeded, nullptr};
  forget_matches();
  TreeNode* const node = tree_.make(filter.filter);
  if (node == nullptr) {
    metrics_.count(Cause::MemoryFull);
    return kRefused;
  }
  Subscription* subscription = find_subscription(session, *node, filter);
  const bool is_new = subscription == nullptr;
  if (is_new) {
    const bool is_full = metrics_.subscriptions >= settings_.limits.subscriptions;
    if (!is_full) subscription = add(session, *node, filter);
    if (subscription == nullptr) {
      metrics_.count(is_full ? Cause::SubscriptionLimit : Cause::MemoryFull);
      tree_.prune(node);
      return kRefused;
    }
  }
  // An identical filter replaces the options; no message is lost in between [MQTT-3.8.4-3].
  subscription->options = session::PackedOptions(options);
  subscription->identifier = identifier;

  stop_replay(*subscription);
  if (Group* const group = subscription->group()) {
    if (session.is_online()) dispatch(*group);
  } else if (options.retain_handling == RetainHandling::Send ||
             (options.retain_handling == RetainHandling::SendIfNew && is_new)) {
    if (!start_replay(*subscription, filter)) {
      metrics_.count(Cause::MemoryFull);
      if (is_new) remove(*subscription);
      return kRefused;
    }
  }
  return {granted(options.maximum_qos), subscription};
}

namespace {

constexpr std::string_view kShare = "$share/";

// The node of a subscription or a group, and the share name; empty: not shared.
std::pair<const TreeNode*, std::string_view> place_of(const session::Subscriber& subscriber) {
  const Group* const group = subscriber.is_group
                                 ? &static_cast<const Group&>(subscriber)
                                 : static_cast<const Subscription&>(subscriber).group();
  const void* const node =
      group != nullptr ? group->place : static_cast<const Subscription&>(subscriber).place;
  return {static_cast<const TreeNode*>(node),
          group != nullptr ? group->share_name() : std::string_view{}};
}

}  // namespace

std::size_t Router::filter_bytes(const session::Subscriber& subscriber) const {
  const auto [node, share_name] = place_of(subscriber);
  return tree_.filter_bytes(*node) +
         (share_name.empty() ? 0 : kShare.size() + share_name.size() + 1);
}

void Router::write_filter(const session::Subscriber& subscriber, std::uint8_t* out) const {
  const auto [node, share_name] = place_of(subscriber);
  if (!share_name.empty()) {
    copy(out, kShare);
    copy(out + kShare.size(), share_name);
    out += kShare.size() + share_name.size();
    *out++ = '/';
  }
  tree_.write_filter(*node, out);
}

Group* Router::find_group(const topic::Filter& filter) const {
  const TreeNode* const node = tree_.find(filter.filter);
  return node != nullptr ? find_group(*node, filter) : nullptr;
}

void Router::restore_waiting(Group& group, session::Delivery& delivery) {
  if (group.waiting.empty()) ++groups_waiting_;
  group.waiting.push_back(delivery);
  ++group.waiting_count;
}

bool Router::unsubscribe(Session& session, const topic::Filter& filter) {
  const TreeNode* const node = tree_.find(filter.filter);
  Subscription* const subscription =
      node != nullptr ? find_subscription(session, *node, filter) : nullptr;
  if (subscription != nullptr) remove(*subscription);
  return subscription != nullptr;
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
