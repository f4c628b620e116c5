// Subscriptions and shared groups (MQTT 5.0 sections 3.8 and 4.8). They hang in the session that
// made them and at the node of the subscription tree that stands for their filter.
#pragma once

#include <cstdint>

#include "broker/base/list.hpp"
#include "broker/session/delivery.hpp"
#include "broker/wire/subscribe.hpp"

namespace midge::session {

class Session;
struct Group;

struct AtNode {};
struct OfSession {};
struct OfGroup {};

// What hangs at a node of the tree: a session's own subscription, or a shared group.
struct Subscriber : ListNode<AtNode> {
  explicit Subscriber(bool group) : is_group(group) {}
  bool is_group;
};

// A plain subscription hangs at its node, a shared one in its group.
struct Subscription : Subscriber, ListNode<OfSession>, ListNode<OfGroup> {
  Subscription(Session& owner, void* node, Group* shared)
      : Subscriber(false), session(owner), place(node), group(shared) {}

  wire::SubscriptionOptions options;
  std::uint32_t identifier = 0;  // Subscription Identifier, 0: none
  Session& session;
  void* place;   // the tree's node
  Group* group;  // null for a plain subscription
};

// All members of one share name and filter: to the tree it is one receiver [MQTT-4.5.0-1]. It lives
// while it has members or deliveries that came from it are under way.
struct Group : Subscriber {
  Group() : Subscriber(true) {}

  Group* hash_next = nullptr;
  std::uint32_t hash = 0;  // of share name and node
  List<Subscription, OfGroup> members;
  Subscription* turn = nullptr;  // who is asked first for the next message; null: the first
  Queue<Delivery> waiting;       // what no online member could take, in order
  std::uint32_t waiting_count = 0;
  std::uint32_t member_count = 0;
  std::uint32_t references = 0;  // deliveries that came from it
  void* place = nullptr;         // the tree's node; null once it has no members
  std::uint16_t name_bytes = 0;  // the share name lies behind the object

  [[nodiscard]] std::string_view share_name() const {
    return {reinterpret_cast<const char*>(this + 1), name_bytes};
  }
};

}  // namespace midge::session
