#include "broker/routing/router.hpp"

#include <algorithm>

namespace midge::routing {

using message::Message;
using metrics::Cause;
using session::Delivery;
using session::RecordKind;
using session::Session;
using session::Subscription;
using wire::QoS;

Router::Router(const Parts& parts)
    : memory_(parts.memory),
      sessions_(parts.sessions),
      ready_(parts.ready),
      metrics_(parts.metrics),
      settings_(parts.settings),
      virtual_topics_(parts.virtual_topics),
      look_ahead_(parts.look_ahead),
      schedule_(parts.settings.limits.memory_bytes),
      subscriptions_(parts.memory.arena()),
      hasher_(parts.hasher),
      retained_(parts.memory, parts.hasher, parts.sessions.messages(), parts.metrics,
                parts.deadlines, parts.settings.limits),
      tree_(parts.memory, parts.hasher, parts.settings.limits.topic_levels),
      groups_(parts.memory) {}

void Router::for_each_node(const Matches& matches, std::string_view topic_name,
                           FunctionRef<void(TreeNode&)> visit) const {
  if (matches.count > Matches::kKept) return tree_.for_each_match(topic_name, visit);
  for (std::size_t i = 0; i < matches.count; ++i) visit(*matches.nodes[i]);
}

const Router::Matches& Router::match(std::string_view topic_name) {
  Matches& matches = last_.matches;
  if (last_.topic_bytes == topic_name.size() &&
      topic::is_same(last_.topic, topic_name.data(), topic_name.size())) {
    return matches;
  }
  if (const LookAhead::Matches* const ahead = look_ahead_.take(topic_name)) {
    std::copy_n(ahead->nodes.begin(), ahead->count, matches.nodes.begin());
    matches.count = ahead->count;
    matches.subscribers = ahead->subscribers;
  } else {
    matches.count = matches.subscribers = 0;
    tree_.for_each_match(topic_name, [&matches](TreeNode& node) {
      if (matches.count < Matches::kKept) matches.nodes[matches.count] = &node;
      ++matches.count;
      matches.subscribers += node.subscriber_count;
    });
  }
  last_.topic_bytes = topic_name.size() <= LastMatches::kTopicBytes ? topic_name.size() : 0;
  copy(last_.topic, topic_name.substr(0, last_.topic_bytes));
  return matches;
}

void Router::forget_matches() {
  last_.topic_bytes = 0;
  look_ahead_.forget();
}

Routed Router::publish(Message& message, const Session* publisher) {
  message.publisher = publisher != nullptr ? publisher->hash : 0;
  const Matches& matches = match(message.topic_name());
  // Everything that can be refused is found out before anything happens.
  if (!fits_journal(message, matches) || !sessions_.deliveries().prepare(matches.subscribers)) {
    return Routed::MemoryFull;
  }
  Routed routed = matches.count == 0 ? Routed::NoSubscribers : Routed::Delivered;
  schedule_.begin(publisher, matches.subscribers);
  if (settings_.queue_full == settings::QueueFull::Refuse &&
      would_refuse(matches, message, publisher)) {
    routed = Routed::QuotaExceeded;
  } else if (message.retain()) {
    routed = retain(message, routed);
  }
  if (routed == Routed::Delivered) deliver(matches, message, publisher);
  schedule_.end();
  sessions_.deliveries().settle();
  return routed;
}

// QoS 0 promises nothing: it goes on without being recorded.
bool Router::fits_journal(const Message& message, const Matches& matches) const {
  if (message.qos() == QoS::AtMostOnce) return true;
  const std::size_t bytes =
      message.topic_name().size() + message.properties().size() + message.payload_bytes();
  return sessions_.commits().has_room(bytes, matches.subscribers);
}

// Stores or deletes the retained message; what became of it, or `routed` when all went well.
Routed Router::retain(Message& message, Routed routed) {
  if (message.payload_bytes() == 0) {
    // An empty payload deletes and is not kept itself [MQTT-3.3.1-6] [MQTT-3.3.1-7].
    clear_retained(message.topic_name());
    return routed;
  }
  switch (retained_.set(message)) {
    case RetainedStore::Stored::Yes:
      sessions_.commits().record({.kind = RecordKind::Retained, .message = &message});
      return routed;
    case RetainedStore::Stored::LimitReached:
      metrics_.count(Cause::RetainedLimit);
      // QoS 0 can't be refused: it goes to those who are subscribed, and is not kept.
      return message.qos() == QoS::AtMostOnce ? routed : Routed::QuotaExceeded;
    case RetainedStore::Stored::MemoryFull:
      break;
  }
  return Routed::MemoryFull;
}

void Router::clear_retained(std::string_view topic_name) {
  if (!retained_.clear(topic_name)) return;
  sessions_.commits().record({.kind = RecordKind::RetainedGone, .text = topic_name});
}

bool Router::clear_unwatched(std::string_view topic_name) {
  if (match(topic_name).count > 0) return false;
  clear_retained(topic_name);
  return true;
}

void Router::deliver(const Matches& matches, Message& message, const Session* publisher) {
  bool has_groups = false;
  skipped_qos0_ = false;
  for_each_node(matches, message.topic_name(), [&](TreeNode& node) {
    for (session::Subscriber* at = node.subscribers.first(); at != nullptr;
         at = node.subscribers.next(*at)) {
      if (at->is_group) {
        has_groups = true;
        continue;
      }
      auto& subscription = static_cast<Subscription&>(*at);
      // No Local: not to the publisher's own client [MQTT-3.8.3-3].
      if (subscription.options.no_local && &subscription.session == publisher) continue;
      if (!subscription.session.is_over) deliver_plain(matches, subscription, message);
    }
  });
  if (!has_groups) return;
  // Groups come after all plain subscriptions, so that overlapping ones of a session find its
  // delivery at the end of its queue.
  for_each_node(matches, message.topic_name(), [&](TreeNode& node) {
    for (session::Subscriber* at = node.subscribers.first(); at != nullptr;
         at = node.subscribers.next(*at)) {
      if (at->is_group) deliver_group(static_cast<session::Group&>(*at), message);
    }
  });
}

QoS Router::effective_qos(const Message& message, session::PackedOptions options) const {
  // The lower of published and granted [MQTT-3.8.4-8], unless configured against the spec.
  const QoS granted = options.maximum_qos;
  return settings_.upgrade_outgoing_qos ? granted : std::min(message.qos(), granted);
}

void Router::deliver_plain(const Matches& matches, Subscription& subscription, Message& message) {
  Session& session = subscription.session;
  const session::PackedOptions options = subscription.options;
  const QoS qos = effective_qos(message, options);
  const bool retain = options.retain_as_published && message.retain();
  Delivery* const last = session.queued.last();
  if (last != nullptr && last->message == &message && last->group == nullptr &&
      !settings_.allow_duplicate_messages) {
    // Another subscription of this session matched already: one copy with the highest QoS
    // [MQTT-3.3.4-2], every identifier [MQTT-3.3.4-4], RETAIN if any of them asks so.
    const bool is_new = last->qos == QoS::AtMostOnce;  // to the journal
    last->qos = std::max(last->qos, qos);
    last->retain = last->retain || retain;
    if (subscription.identifier != 0) {
      // prepare() counted every matching subscription, so there is room.
      static_cast<void>(sessions_.deliveries().add_identifier(*last, subscription.identifier));
    }
    sessions_.commits().record(is_new ? RecordKind::Queued : RecordKind::QueuedChanged, &session,
                               last);
    return;
  }
  if (qos == QoS::AtMostOnce && !session.is_online() && !settings_.queue_qos0_messages) {
    skipped_qos0_ = true;
    if (!sends_virtual_) metrics_.count(Cause::Offline);
    return;
  }
  if (!never_waits(session) && !make_room(session, message)) return;
  Delivery* const delivery = sessions_.deliveries().create(message);
  if (delivery == nullptr) return metrics_.count(Cause::MemoryFull);
  delivery->qos = qos;
  delivery->retain = retain;
  delivery->identifier = subscription.identifier;
  if (skipped_qos0_ && session.subscription_count > 1) {
    add_skipped_identifiers(matches, subscription, *delivery);
  }
  if (!session.replays.empty()) mark_overtaken(message.topic_name());
  sessions_.commits().record(RecordKind::Queued, &session, delivery);
  queue(session, *delivery);
}

// Matching subscriptions of an absent session that would have got QoS 0 were passed by before this
// one; their identifiers belong to the copy as well.
void Router::add_skipped_identifiers(const Matches& matches, const Subscription& subscription,
                                     Delivery& delivery) {
  bool before = true;
  for_each_node(matches, delivery.message->topic_name(), [&](TreeNode& node) {
    if (&node == subscription.node()) before = false;
    if (!before) return;
    const Subscription* const skipped = find_subscription(subscription.session, node, nullptr);
    if (skipped != nullptr && skipped->identifier != 0) {
      static_cast<void>(sessions_.deliveries().add_identifier(delivery, skipped->identifier));
    }
  });
}

bool Router::is_total_full() const {
  // What is in flight does not wait.
  return metrics_.queued_messages - metrics_.inflight_messages >=
         settings_.limits.total_queued_messages;
}

std::optional<Cause> Router::queue_limit(const Session& session,
                                         std::uint32_t payload_bytes) const {
  const settings::Limits& limits = settings_.limits;
  if (never_waits(session)) return std::nullopt;
  if (is_total_full()) return Cause::QueueTotal;
  if (session.queued_count >= limits.queued_messages) return Cause::QueueMessages;
  if (session.queued_bytes + std::uint64_t{payload_bytes} > limits.queued_bytes) {
    return Cause::QueueBytes;
  }
  return std::nullopt;
}

bool Router::finds_crowd(std::string_view topic_name, std::uint32_t payload_bytes) {
  bool crowded = false;
  for_each_node(match(topic_name), topic_name, [&](TreeNode& node) {
    for (session::Subscriber* at = node.subscribers.first(); at != nullptr && !crowded;
         at = node.subscribers.next(*at)) {
      if (at->is_group) continue;
      const Session& session = static_cast<Subscription&>(*at).session;
      crowded = leaves_soon(session) &&
                session.attachment->listed != session::Attachment::Listed::No &&
                queue_limit(session, payload_bytes).has_value();
    }
  });
  return crowded;
}

bool Router::would_refuse(const Matches& matches, const Message& message,
                          const Session* publisher) const {
  if (message.qos() == QoS::AtMostOnce) return false;
  std::optional<Cause> cause;
  for_each_node(matches, message.topic_name(), [&](TreeNode& node) {
    for (session::Subscriber* at = node.subscribers.first(); at != nullptr && !cause;
         at = node.subscribers.next(*at)) {
      if (at->is_group) {
        const auto& group = static_cast<session::Group&>(*at);
        if (!group.waiting.empty() || find_member(group, message.payload_bytes()) == nullptr)
          cause = queue_limit(group);
        continue;
      }
      const auto& subscription = static_cast<Subscription&>(*at);
      if (subscription.options.no_local && &subscription.session == publisher) continue;
      if (subscription.session.is_over) continue;
      if (effective_qos(message, subscription.options) == QoS::AtMostOnce) continue;
      cause = queue_limit(subscription.session, message.payload_bytes());
    }
  });
  if (cause) metrics_.count(*cause);
  return cause.has_value();
}

bool Router::make_room(Session& session, const Message& message) {
  // What could never wait drives nothing out.
  const bool drops_old = settings_.queue_full == settings::QueueFull::DropOld &&
                         message.payload_bytes() <= settings_.limits.queued_bytes;
  for (int dropped = 0;; ++dropped) {
    const auto cause = queue_limit(session, message.payload_bytes());
    if (!cause) return true;
    metrics_.count(*cause);
    ++metrics_.publish_dropped;
    // One in, one out; with a byte limit a few small ones may have to go.
    constexpr int kMostDropped = 16;
    if (!drops_old || dropped == kMostDropped) return false;
    if (session.queued.empty() && session.has_evicted) {
      static_cast<void>(sessions_.commits().bring_back(session));
    }
    Delivery* const oldest = sessions_.dequeue(session);
    if (oldest == nullptr) return false;
    sessions_.commits().record(RecordKind::Discarded, &session, oldest);
    sessions_.deliveries().destroy(oldest);
  }
}

void Router::queue(Session& session, Delivery& delivery) {
  sessions_.enqueue(session, delivery);
  // A client that does not keep up is served when it has made room.
  if (!leaves_soon(session)) return;
  if (schedule_.is_wide()) {
    ready_.add_wide(*session.attachment);
  } else {
    ready_.add(*session.attachment);
  }
  schedule_.on_queued(session.queued_count >= Schedule::kSessionAhead ||
                      session.queued_count * 2 >= settings_.limits.queued_messages);
}

}  // namespace midge::routing
