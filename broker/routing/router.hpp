// Who gets what: subscriptions, shared groups, retained messages and their replay. The router
// queues deliveries at sessions and marks their connections ready; it never sends or closes
// anything.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "broker/base/deadlines.hpp"
#include "broker/message/message.hpp"
#include "broker/routing/look_ahead.hpp"
#include "broker/routing/retained.hpp"
#include "broker/routing/schedule.hpp"
#include "broker/routing/subscription_tree.hpp"
#include "broker/routing/virtual_topics.hpp"
#include "broker/session/sessions.hpp"
#include "broker/settings/settings.hpp"
#include "broker/topic/topic.hpp"

namespace midge::routing {

enum class Routed : std::uint8_t {
  Delivered,      // at least one subscription matched
  NoSubscribers,  // none did; a retained message is stored all the same
  MemoryFull,     // nothing has happened: try again later, or refuse
  QuotaExceeded,  // nothing has happened: a limit refuses it
};

enum class Refill : std::uint8_t {
  Done,  // nothing is left, or there is no room before something was sent
  More,  // more can go on at once
  NoMemory,
};

// A retained replay under way: one subscription's walk over the retained messages.
struct Replay : session::ReplayBase {
  session::Subscription* subscription = nullptr;
  RetainedCursor cursor;
  std::uint32_t started = 0;       // what live messages overtook since then is passed by
  std::uint32_t filter_bytes = 0;  // the filter lies behind the object

  [[nodiscard]] std::string_view filter() const {
    return {reinterpret_cast<const char*>(this + 1), filter_bytes};
  }
};

class Router {
 public:
  struct Parts {
    Memory& memory;
    Hasher hasher;
    session::Sessions& sessions;
    session::ReadyList& ready;
    Deadlines& deadlines;
    metrics::Metrics& metrics;
    const settings::Settings& settings;
    VirtualTopics& virtual_topics;
    LookAhead& look_ahead;
  };
  explicit Router(const Parts& parts);
  Router(const Router&) = delete;
  Router& operator=(const Router&) = delete;
  [[nodiscard]] bool is_ready() const { return tree_.is_ready(); }

  // --- messages ---

  // Stores `message` if it is retained and queues it at every matching session. `publisher` is for
  // No Local; null for the broker itself. All memory is reserved first: the outcome is whole or
  // nothing.
  [[nodiscard]] Routed publish(message::Message& message, const session::Session* publisher);
  // These bytes came together; the PUBLISHes in them are going to be published, unless something
  // is wrong with them. See LookAhead::look().
  [[nodiscard]] std::size_t look_ahead(Bytes received) { return look_ahead_.look(tree_, received); }
  void forget_topics() { look_ahead_.forget(); }
  // Deletes the retained message of a topic that nobody is subscribed to, which takes no memory.
  // False when somebody is: then nothing has happened.
  [[nodiscard]] bool clear_unwatched(std::string_view topic_name);

  // --- subscriptions ---

  struct Subscribed {
    wire::ReasonCode reason{};                            // granted QoS or an error
    const session::Subscription* subscription = nullptr;  // null: an error
  };
  // Adds or replaces the subscription [MQTT-3.8.4-3]; starts the replay of retained messages that
  // the options ask for.
  [[nodiscard]] Subscribed subscribe(session::Session& session, const topic::Filter& filter,
                                     wire::SubscriptionOptions options, std::uint32_t identifier);
  // False when there was no such subscription [MQTT-3.10.4-1].
  [[nodiscard]] bool unsubscribe(session::Session& session, const topic::Filter& filter);

  // --- sessions ---

  // The session's client came: it takes what its shared groups hold.
  void on_online(session::Session& session);
  // It went: what it has of shared groups and did not send or, at QoS 1, see acknowledged goes to
  // other members.
  void on_offline(session::Session& session);
  // The session is over: takes away its subscriptions and replays, at most `most`, which counts
  // down. False while some are left.
  [[nodiscard]] bool forget(session::Session& session, std::uint32_t& most);

  // Refills the session's queue from replays and shared groups while there is room. Called before
  // its connection writes.
  [[nodiscard]] Refill refill(session::Session& session);

  // Whether waiting QoS 0 messages outlive a connection.
  [[nodiscard]] bool keeps_qos0() const { return settings_.queue_qos0_messages; }

  // --- what a journal keeps ---

  // The filter of a subscription or a group as a client writes it: with $share.
  [[nodiscard]] std::size_t filter_bytes(const session::Subscriber& subscriber) const;
  void write_filter(const session::Subscriber& subscriber, std::uint8_t* out) const;
  // Whether it has not got yet all that is retained.
  [[nodiscard]] static bool is_replaying(const session::Subscription& subscription);
  // The group of a shared filter, or null.
  [[nodiscard]] session::Group* find_group(const topic::Filter& filter) const;
  // Puts a delivery behind those that wait in a group.
  void restore_waiting(session::Group& group, session::Delivery& delivery);
  [[nodiscard]] RetainedStore& retained() { return retained_; }
  // A message that a session gets was queued before a replay, perhaps, and comes only now.
  void on_brought_back(const session::Session& session, const message::Message& message) {
    if (!session.replays.empty()) mark_overtaken(message.topic_name());
  }

  // --- virtual topics ---

  [[nodiscard]] bool has_virtual_subscriber() const;
  // Whether subscriptions came or went since the last call.
  [[nodiscard]] bool take_subscriptions_changed() {
    return std::exchange(subscriptions_changed_, false);
  }
  // Sends every virtual topic to its subscribers.
  void publish_virtual(Instant now);

  void on_expired(RetainedExpiry& expiry) { retained_.on_expired(expiry); }

  // Who may publish when.
  [[nodiscard]] Schedule& schedule() { return schedule_; }
  // Whether a message would find a queue full that empties before long.
  [[nodiscard]] bool is_crowded(std::string_view topic_name, std::uint32_t payload_bytes) {
    // Counted messages are kept below their limit by queue().
    const settings::Limits& limits = settings_.limits;
    return (limits.queued_bytes != settings::kUnlimited ||
            limits.total_queued_messages != settings::kUnlimited) &&
           finds_crowd(topic_name, payload_bytes);
  }
  void start_turn(Instant now) {
    now_ = now;
    schedule_.start_turn();
  }

 private:
  // How many messages a member of a group or a replay queues ahead of what was sent.
  static constexpr std::uint32_t kGroupAhead = 64;
  static constexpr std::uint32_t kReplayAhead = 64;
  static constexpr std::uint32_t kReplayVisits = 2'048;  // nodes a refill looks at

  // The nodes that a topic name matches; if there are too many to keep, the tree is walked again.
  struct Matches {
    static constexpr std::size_t kKept = 32;
    std::array<TreeNode*, kKept> nodes;
    std::size_t count = 0;
    std::size_t subscribers = 0;
  };
  // Those of the last topic name: publishers repeat themselves. Valid until subscriptions change.
  struct LastMatches {
    static constexpr std::size_t kTopicBytes = 120;  // longer ones are not kept
    Matches matches;
    std::size_t topic_bytes = 0;  // 0: not valid
    char topic[kTopicBytes];
  };
  [[nodiscard]] const Matches& match(std::string_view topic_name);
  // Subscriptions are going to change.
  void forget_matches();
  void for_each_node(const Matches& matches, std::string_view topic_name,
                     FunctionRef<void(TreeNode&)> visit) const;

  [[nodiscard]] bool fits_journal(const message::Message& message, const Matches& matches) const;
  [[nodiscard]] Routed retain(message::Message& message, Routed routed);
  void clear_retained(std::string_view topic_name);
  [[nodiscard]] bool finds_crowd(std::string_view topic_name, std::uint32_t payload_bytes);
  void deliver(const Matches& matches, message::Message& message,
               const session::Session* publisher);
  void deliver_plain(const Matches& matches, session::Subscription& subscription,
                     message::Message& message);
  void add_skipped_identifiers(const Matches& matches, const session::Subscription& subscription,
                               session::Delivery& delivery);
  [[nodiscard]] bool would_refuse(const Matches& matches, const message::Message& message,
                                  const session::Session* publisher) const;
  // Whether `session` takes one more delivery, perhaps after it dropped an old one; counts why not.
  [[nodiscard]] bool make_room(session::Session& session, const message::Message& message);
  // Which limit keeps the session, or the group, from one more; none when it can wait there.
  [[nodiscard]] std::optional<metrics::Cause> queue_limit(const session::Session& session,
                                                          std::uint32_t payload_bytes) const;
  [[nodiscard]] std::optional<metrics::Cause> queue_limit(const session::Group& group) const;
  [[nodiscard]] bool is_total_full() const;
  [[nodiscard]] static bool leaves_soon(const session::Session& session) {
    return session.is_online() && session.attachment->keeps_up;
  }
  // One message to a client that keeps up leaves before long: it does not wait. Nor do the
  // values of virtual topics, which come all at once.
  [[nodiscard]] bool never_waits(const session::Session& session) const {
    return (session.queued_count == 0 || sends_virtual_) && leaves_soon(session);
  }
  void queue(session::Session& session, session::Delivery& delivery);
  [[nodiscard]] wire::QoS effective_qos(const message::Message& message,
                                        session::PackedOptions options) const;

  // shared groups
  [[nodiscard]] std::uint32_t hash_of(const topic::Filter& filter) const;
  [[nodiscard]] session::Group* find_group(const TreeNode& node, const topic::Filter& filter) const;
  [[nodiscard]] session::Group* make_group(TreeNode& node, const topic::Filter& filter);
  void deliver_group(session::Group& group, message::Message& message);
  [[nodiscard]] session::Subscription* find_member(const session::Group& group,
                                                   std::uint32_t payload_bytes) const;
  [[nodiscard]] session::Subscription* choose_member(session::Group& group,
                                                     std::uint32_t payload_bytes) const;
  void assign(session::Group& group, session::Subscription& member, session::Delivery& delivery);
  void dispatch(session::Group& group);
  void give_back(session::Session& session, const session::Group* only);
  void push_waiting_front(session::Group& group, session::Delivery& delivery);
  [[nodiscard]] session::Delivery* pop_waiting(session::Group& group);
  void leave_group(session::Subscription& subscription);
  void end_group(session::Group& group);

  // subscriptions
  [[nodiscard]] session::Subscription* find_subscription(const session::Session& session,
                                                         const TreeNode& node,
                                                         const session::Group* group) const;
  [[nodiscard]] session::Subscription* find_subscription(const session::Session& session,
                                                         const TreeNode& node,
                                                         const topic::Filter& filter) const;
  // Null when memory is full; then all is as before, but `node` may be unused.
  [[nodiscard]] session::Subscription* add(session::Session& session, TreeNode& node,
                                           const topic::Filter& filter);
  void remove(session::Subscription& subscription);

  // replay
  [[nodiscard]] bool start_replay(session::Subscription& subscription, const topic::Filter& wanted);
  void stop_replay(session::Subscription& subscription);
  void destroy(Replay* replay);
  void replay_virtual(session::Subscription& subscription, std::string_view filter);
  [[nodiscard]] message::Message* make_virtual(std::size_t index);
  // Whether a replay may queue one more. It leaves half of each limit to live messages.
  [[nodiscard]] bool has_replay_room(const session::Session& session) const;
  // False when memory is full.
  [[nodiscard]] bool replay_here(const Replay& replay);
  void mark_overtaken(std::string_view topic_name);

  // The large ones last: what lies far from the front takes longer instructions on a small machine.
  Memory& memory_;
  session::Sessions& sessions_;
  session::ReadyList& ready_;
  metrics::Metrics& metrics_;
  const settings::Settings& settings_;
  VirtualTopics& virtual_topics_;
  LookAhead& look_ahead_;
  Instant now_{};
  std::uint32_t replays_ = 0;         // under way
  std::uint32_t sequence_ = 1;        // counts what overtakes replays
  std::uint32_t groups_waiting_ = 0;  // groups whose queue is not empty
  bool subscriptions_changed_ = false;
  bool sends_virtual_ = false;  // values of virtual topics are being queued
  bool skipped_qos0_ = false;   // while one message is delivered: an absent session skipped a match
  Schedule schedule_;
  Pool<session::Subscription> subscriptions_;
  Hasher hasher_;
  RetainedStore retained_;
  SubscriptionTree tree_;
  HashIndex<session::Group> groups_;
  LastMatches last_;
};

}  // namespace midge::routing
