// Router: the replay of retained messages to a new subscription (MQTT 5.0 section 3.3.1.3), and the
// values of virtual topics. A replay goes on as the session's queue drains, over many turns.
#include <new>

#include "broker/routing/router.hpp"

namespace midge::routing {

using message::Message;
using session::Delivery;
using session::Session;
using session::Subscription;

bool Router::start_replay(Subscription& subscription, const topic::Filter& wanted) {
  const std::string_view filter = wanted.filter;
  if (topic::first_level(filter) == virtual_topics_.root() && virtual_topics_.count() > 0 &&
      settings_.sys_interval.count() > 0) {
    replay_virtual(subscription, filter);
  }
  if (metrics_.retained_messages == 0) return true;
  if (!wanted.has_wildcard && retained_.find(filter) == nullptr) return true;
  void* const memory = memory_.allocate(sizeof(Replay) + filter.size());
  if (memory == nullptr) return false;
  auto* const replay = new (memory) Replay;
  replay->subscription = &subscription;
  replay->cursor = retained_.start();
  replay->started = sequence_;
  replay->filter_bytes = static_cast<std::uint32_t>(filter.size());
  copy(replay + 1, filter);
  subscription.session.replays.push_back(*replay);
  ++replays_;
  if (subscription.session.is_online()) ready_.add(*subscription.session.attachment);
  return true;
}

void Router::destroy(Replay* replay) {
  retained_.stop(replay->cursor);
  --replays_;
  const std::size_t bytes = sizeof(Replay) + replay->filter_bytes;
  replay->~Replay();
  memory_.release(replay, bytes);
}

bool Router::is_replaying(const Subscription& subscription) {
  const Ring<session::ReplayBase>& replays = subscription.session.replays;
  for (const session::ReplayBase* at = replays.first(); at != nullptr; at = replays.next(*at)) {
    if (static_cast<const Replay*>(at)->subscription == &subscription) return true;
  }
  return false;
}

void Router::stop_replay(Subscription& subscription) {
  Ring<session::ReplayBase>& replays = subscription.session.replays;
  session::ReplayBase* before = nullptr;
  for (session::ReplayBase* at = replays.first(); at != nullptr;
       before = at, at = replays.next(*at)) {
    if (static_cast<Replay*>(at)->subscription != &subscription) continue;
    return destroy(static_cast<Replay*>(replays.pop_after(before)));
  }
}

bool Router::replay_here(const Replay& replay) {
  const RetainedNode& node = *replay.cursor.node;
  Message& message = *node.message();
  // A live message of this topic went to the session after the replay began: an older value must
  // not follow it.
  if (static_cast<std::int32_t>(node.overtaken - replay.started) > 0) return true;
  if (message.is_expired(now_)) return true;
  // No Local: what its own client published is passed by [MQTT-3.8.3-3].
  if (replay.subscription->options.no_local &&
      message.publisher == replay.subscription->session.hash) {
    return true;
  }
  Delivery* const delivery = sessions_.deliveries().create(message);
  if (delivery == nullptr) return false;
  const Subscription& subscription = *replay.subscription;
  delivery->qos = effective_qos(message, subscription.options);
  delivery->retain = true;  // [MQTT-3.3.1-8@3.1.1]
  delivery->is_late = true;
  delivery->identifier = subscription.identifier;
  sessions_.commits().record(session::RecordKind::Queued, &subscription.session, delivery);
  sessions_.enqueue(subscription.session, *delivery);  // its connection is about to write
  return true;
}

bool Router::has_replay_room(const Session& session) const {
  const settings::Limits& limits = settings_.limits;
  if (session.queued.empty()) return true;
  return session.queued_count < kReplayAhead &&
         std::uint64_t{session.queued_count} * 2 < limits.queued_messages &&
         std::uint64_t{session.queued_bytes} * 2 < limits.queued_bytes &&
         std::uint64_t{metrics_.queued_messages} * 2 < limits.total_queued_messages;
}

Refill Router::refill(Session& session) {
  if (groups_waiting_ > 0 && session.queued.empty()) on_online(session);
  std::uint32_t visits = kReplayVisits;
  while (session::ReplayBase* const first = session.replays.first()) {
    Replay& replay = *static_cast<Replay*>(first);
    while (replay.cursor.node != nullptr) {
      if (!has_replay_room(session)) return Refill::Done;  // goes on when they have left
      if (visits-- == 0) return Refill::More;
      if (retained_.is_match(replay.cursor, replay.filter()) && !replay_here(replay)) {
        return Refill::NoMemory;
      }
      retained_.step(replay.cursor, replay.filter());
    }
    session.replays.pop_front();
    sessions_.commits().record({.kind = session::RecordKind::Replayed,
                                .session = &session,
                                .subscription = replay.subscription});
    destroy(&replay);
  }
  return Refill::Done;
}

void Router::mark_overtaken(std::string_view topic_name) {
  if (RetainedNode* const node = retained_.find(topic_name)) node->overtaken = ++sequence_;
}

Message* Router::make_virtual(std::size_t index) {
  Text<128> value;
  virtual_topics_.render(index, value);
  Message* const message = sessions_.messages().create(
      {.topic_name = virtual_topics_.name(index),
       .payload_bytes = static_cast<std::uint32_t>(value.view().size())});
  if (message == nullptr) return nullptr;
  if (sessions_.messages().append(*message, as_bytes(value.view()))) return message;
  sessions_.messages().release(*message);
  return nullptr;
}

void Router::replay_virtual(Subscription& subscription, std::string_view filter) {
  virtual_topics_.sample(now_);
  sends_virtual_ = true;
  for (std::size_t i = 0; i < virtual_topics_.count(); ++i) {
    if (!topic::matches(filter, virtual_topics_.name(i))) continue;
    Message* const message = make_virtual(i);
    if (message == nullptr) break;
    if (make_room(subscription.session, *message)) {
      if (Delivery* const delivery = sessions_.deliveries().create(*message)) {
        delivery->retain = true;
        delivery->identifier = subscription.identifier;
        queue(subscription.session, *delivery);
      }
    }
    sessions_.messages().release(*message);
  }
  sends_virtual_ = false;
}

void Router::publish_virtual(Instant now) {
  virtual_topics_.sample(now);
  sends_virtual_ = true;
  for (std::size_t i = 0; i < virtual_topics_.count(); ++i) {
    if (match(virtual_topics_.name(i)).count == 0) continue;
    Message* const message = make_virtual(i);
    if (message == nullptr) break;
    static_cast<void>(publish(*message, nullptr));  // without room it comes next time
    sessions_.messages().release(*message);
  }
  sends_virtual_ = false;
}

}  // namespace midge::routing
