// Router: shared subscriptions (MQTT 5.0 section 4.8). A group is one receiver; its members take
// turns, and what none of them can take waits in the group.
#include <new>

#include "broker/routing/router.hpp"

namespace midge::routing {

using message::Message;
using metrics::Cause;
using session::Delivery;
using session::Group;
using session::OutboundState;
using session::RecordKind;
using session::Session;
using session::Subscription;
using wire::QoS;

// Of nothing but the two names, so that all groups together have an order that does not depend on
// where they lie.
std::uint32_t Router::hash_of(const topic::Filter& filter) const {
  return hasher_(filter.share_name, hasher_(filter.filter));
}

Group* Router::find_group(const TreeNode& node, const topic::Filter& filter) const {
  return groups_.find(hash_of(filter), [&](const Group& group) {
    return group.place == &node && group.share_name() == filter.share_name;
  });
}

Group* Router::make_group(TreeNode& node, const topic::Filter& filter) {
  if (Group* const group = find_group(node, filter)) return group;
  const std::string_view name = filter.share_name;
  void* const memory = memory_.allocate(sizeof(Group) + name.size());
  if (memory == nullptr) return nullptr;
  auto* const group = new (memory) Group;
  group->place = &node;
  group->name_bytes = static_cast<std::uint16_t>(name.size());
  copy(group + 1, name);
  group->hash = hash_of(filter);
  groups_.insert(*group);
  SubscriptionTree::add(node, *group);
  return group;
}

// The next member in turn that can take a message now.
Subscription* Router::find_member(const Group& group, std::uint32_t payload_bytes) const {
  Subscription* member = group.turn != nullptr ? group.turn : group.members.first();
  for (std::uint32_t i = 0; i < group.member_count; ++i) {
    const Session& session = member->session;
    if (session.is_online() && session.queued_count < kGroupAhead &&
        !queue_limit(session, payload_bytes)) {
      return member;
    }
    member = group.members.next(*member);
    if (member == nullptr) member = group.members.first();
  }
  return nullptr;
}

Subscription* Router::choose_member(Group& group, std::uint32_t payload_bytes) const {
  Subscription* const member = find_member(group, payload_bytes);
  if (member != nullptr) group.turn = group.members.next(*member);
  return member;
}

std::optional<Cause> Router::queue_limit(const Group& group) const {
  if (group.waiting_count >= settings_.limits.group_queued_messages) return Cause::QueueMessages;
  if (is_total_full()) return Cause::QueueTotal;
  return std::nullopt;
}

void Router::assign(Group& group, Subscription& member, Delivery& delivery) {
  const Message& message = *delivery.message;
  // Each member has its own granted QoS [MQTT-4.8.2-3], identifier and options.
  delivery.qos = effective_qos(message, member.options);
  delivery.retain = member.options.retain_as_published && message.retain();
  delivery.identifier = member.identifier;
  session::Deliveries::set_group(delivery, group);
  // Nobody will acknowledge it.
  if (delivery.qos == QoS::AtMostOnce) {
    sessions_.commits().record(RecordKind::GroupTaken, group, &delivery);
  }
  queue(member.session, delivery);
}

void Router::deliver_group(Group& group, Message& message) {
  Subscription* const member =
      group.waiting.empty() ? choose_member(group, message.payload_bytes()) : nullptr;
  if (member == nullptr) {
    bool online = false;
    if (message.qos() == QoS::AtMostOnce && !settings_.queue_qos0_messages) {
      for (Subscription* at = group.members.first(); at != nullptr && !online;
           at = group.members.next(*at)) {
        online = at->session.is_online();
      }
      if (!online) return metrics_.count(Cause::Offline);
    }
    if (const auto cause = queue_limit(group)) {
      metrics_.count(*cause);
      ++metrics_.publish_dropped;
      if (settings_.queue_full != settings::QueueFull::DropOld || group.waiting.empty()) return;
      Delivery* const oldest = pop_waiting(group);
      sessions_.commits().record(RecordKind::GroupTaken, group, oldest);
      sessions_.deliveries().destroy(oldest);
    }
  }
  Delivery* const delivery = sessions_.deliveries().create(message);
  if (delivery == nullptr) return metrics_.count(Cause::MemoryFull);
  sessions_.commits().record(RecordKind::GroupQueued, group, delivery);
  if (member != nullptr) return assign(group, *member, *delivery);
  restore_waiting(group, *delivery);
}

Delivery* Router::pop_waiting(Group& group) {
  Delivery* const delivery = group.waiting.pop_front();
  if (delivery == nullptr) return nullptr;
  --group.waiting_count;
  if (group.waiting.empty()) --groups_waiting_;
  return delivery;
}

void Router::push_waiting_front(Group& group, Delivery& delivery) {
  if (group.waiting.empty()) ++groups_waiting_;
  group.waiting.push_front(delivery);
  ++group.waiting_count;
}

void Router::dispatch(Group& group) {
  while (!group.waiting.empty()) {
    Subscription* const member =
        choose_member(group, group.waiting.first()->message->payload_bytes());
    if (member == nullptr) return;
    Delivery* const delivery = pop_waiting(group);
    assign(group, *member, *delivery);
  }
}

// Takes deliveries that came from shared groups (or from `only` one, then just what waits) out of
// the session and puts them back to the head of their groups, in their order.
void Router::give_back(Session& session, const Group* only) {
  Queue<Delivery> returned;  // latest first
  if (only == nullptr) {
    Delivery* before = nullptr;
    for (Delivery* at = session.inflight.first(); at != nullptr;) {
      Delivery* const next = at->next;
      // A QoS 2 delivery that went out is finished with this session or dies with it
      // [MQTT-4.8.2-4] [MQTT-4.8.2-5].
      const bool leaves =
          at->group != nullptr && at->group->member_count > 0 &&
          (at->state == OutboundState::AwaitPuback || at->state == OutboundState::AwaitCommit);
      if (leaves) {
        returned.push_front(*sessions_.land(session, {at, before}));
      } else {
        before = at;
      }
      at = next;
    }
  }
  Delivery* before = nullptr;
  for (Delivery* at = session.queued.first(); at != nullptr;) {
    Delivery* const next = at->next;
    if (at->group != nullptr && at->group->member_count > 0 &&
        (only == nullptr || at->group == only)) {
      returned.push_front(*sessions_.dequeue_after(session, before));
    } else {
      before = at;
    }
    at = next;
  }
  while (Delivery* const delivery = returned.pop_front()) {
    Group& group = *delivery->group;
    // Its identifier has made it the session's.
    const bool was_sessions = delivery->state == OutboundState::AwaitCommit;
    if (was_sessions) sessions_.commits().record(RecordKind::Discarded, &session, delivery);
    delivery->group = nullptr;
    --group.references;
    delivery->packet_id = 0;
    delivery->state = OutboundState::Queued;
    delivery->dup = false;
    delivery->identifier = 0;
    if (was_sessions || delivery->qos == QoS::AtMostOnce) {
      sessions_.commits().record(RecordKind::GroupQueued, group, delivery);
    }
    push_waiting_front(group, *delivery);
  }
}

void Router::on_offline(Session& session) {
  // A group that it left before may have something in flight here as well.
  bool holds_any = false;
  for (const Delivery* at = session.inflight.first(); at != nullptr && !holds_any; at = at->next) {
    holds_any = at->group != nullptr;
  }
  if (!session.in_group && !holds_any) return;
  give_back(session, nullptr);
  if (holds_any && groups_waiting_ > 0) {
    return groups_.for_each([this](Group& group) {
      if (group.waiting_count > 0) dispatch(group);
    });
  }
  for (Subscription* at = session.subscriptions.first(); at != nullptr;
       at = session.subscriptions.next(*at)) {
    if (Group* const group = at->group()) dispatch(*group);
  }
}

void Router::on_online(Session& session) {
  if (!session.in_group || groups_waiting_ == 0) return;
  for (Subscription* at = session.subscriptions.first(); at != nullptr;
       at = session.subscriptions.next(*at)) {
    if (Group* const group = at->group()) dispatch(*group);
  }
}

void Router::leave_group(Subscription& subscription) {
  Group& group = *subscription.group();
  Session& session = subscription.session;
  // What was not sent yet goes to the other members.
  if (group.member_count > 1) give_back(session, &group);
  if (group.turn == &subscription) group.turn = group.members.next(subscription);
  group.members.remove(subscription);
  --group.member_count;
  --metrics_.shared_subscriptions;
  if (group.member_count > 0) return dispatch(group);
  while (Delivery* const delivery = pop_waiting(group)) {
    metrics_.count(Cause::SessionEnded);
    sessions_.deliveries().destroy(delivery);
  }
  end_group(group);
}

// Nobody is a member.
void Router::end_group(Group& group) {
  SubscriptionTree::remove(*static_cast<TreeNode*>(group.place), group);
  groups_.remove(group);
  sessions_.commits().record(RecordKind::GroupEnded, group);
  group.place = nullptr;
  sessions_.deliveries().release_if_unused(group);
}

}  // namespace midge::routing
