// Subscriptions and shared groups (MQTT 5.0 sections 3.8 and 4.8). They hang in the session that
// made them and at the node of the subscription tree that stands for their filter.
#pragma once

#include <cstdint>

#include "broker/base/hash_index.hpp"
#include "broker/base/list.hpp"
#include "broker/session/delivery.hpp"
#include "broker/wire/subscribe.hpp"

namespace midge::session {

class Session;
struct Group;

struct AtNode {};
struct OfSession {};

// Subscription Options in a byte: every subscription keeps them.
struct PackedOptions {
  PackedOptions() = default;
  explicit PackedOptions(const wire::SubscriptionOptions& options) {
    maximum_qos = options.maximum_qos;
    no_local = options.no_local;
    retain_as_published = options.retain_as_published;
    retain_handling = options.retain_handling;
  }

  wire::QoS maximum_qos : 2 = wire::QoS::AtMostOnce;
  bool no_local : 1 = false;
  bool retain_as_published : 1 = false;
  wire::RetainHandling retain_handling : 2 = wire::RetainHandling::Send;
};

// What hangs at a node of the tree: a session's own subscription, or a shared group.
struct Subscriber : ListNode<AtNode> {
  explicit Subscriber(bool group) : is_group(group) {}

  bool is_group;

  // A Subscription's, here because they fill what alignment would leave empty.
  bool is_shared = false;
  PackedOptions options;
  std::uint32_t identifier = 0;  // Subscription Identifier, 0: none
};

// A plain subscription hangs at its node; a shared one in its group, with the same links.
struct Subscription : Subscriber, ListNode<OfSession> {
  Subscription(Session& owner, void* node, Group* shared);

  // Null for a plain subscription.
  [[nodiscard]] Group* group() const { return is_shared ? static_cast<Group*>(place) : nullptr; }
  // The tree's node that stands for the filter.
  [[nodiscard]] void* node() const;

  Session& session;
  void* place;  // what it hangs in: the node or the group
};
static_assert(sizeof(void*) != 8 || sizeof(Subscription) == 56, "there may be very many");

// All members of one share name and filter: to the tree it is one receiver [MQTT-4.5.0-1]. It lives
// while it has members or deliveries that came from it are under way.
struct Group : Subscriber, HashNode {  // the hash is of share name and node
  Group() : Subscriber(true) {}

  List<Subscription, AtNode> members;
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

inline Subscription::Subscription(Session& owner, void* node, Group* shared)
    : Subscriber(false), session(owner), place(shared != nullptr ? shared : node) {
  is_shared = shared != nullptr;
}

inline void* Subscription::node() const {
  return is_shared ? group()->place : place;
}

}  // namespace midge::session
