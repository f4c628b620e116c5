#include "broker/routing/lifecycle.hpp"

#include <algorithm>
#include <chrono>

namespace midge::routing {

using message::Message;
using metrics::Cause;
using session::Session;

void Lifecycle::attach(Session& session, session::Attachment& attachment) {
  deadlines_.clear(session);
  session.attachment = &attachment;
  session::Sessions::restart_flight(session);
  ++metrics_.clients_connected;
  metrics_.clients_maximum = std::max(metrics_.clients_maximum, metrics_.clients_connected);
}

void Lifecycle::leave(Session& session) {
  deadlines_.clear(session);
  session.attachment = nullptr;
  --metrics_.clients_connected;
  router_.on_offline(session);
}

void Lifecycle::detach(Session& session, bool with_will) {
  leave(session);
  if (!with_will) drop_will(session);
  // Session Expiry 0 ends the session with its connection; state is kept while it is above 0
  // [MQTT-3.1.2-23].
  if (session.expiry_seconds == 0) return end(session);
  if (!router_.keeps_qos0()) sessions_.drop_qos0(session);
  wait(session, now_);
  if (session.will != nullptr && session.will->delay_seconds == 0) publish_will(session);
  sessions_.commits().record(session::RecordKind::SessionLeft, &session);
  arm(session);
}

void Lifecycle::restore(Session& session, Instant left) {
  wait(session, left);
  arm(session);
}

// The times of an absent client count from when it left.
void Lifecycle::wait(Session& session, Instant left) {
  session.ends = session.expiry_seconds == wire::kSessionNeverExpires
                     ? kNever
                     : left + std::chrono::seconds(session.expiry_seconds);
  if (session.will != nullptr) {
    session.will->due = left + std::chrono::seconds(session.will->delay_seconds);
  }
}

void Lifecycle::drop_will(Session& session) {
  Message* const message = sessions_.take_will(session);
  if (message == nullptr) return;
  record_will_gone(session, *message);
  sessions_.messages().release(*message);
}

void Lifecycle::record_will_gone(const Session& session, Message& message) {
  sessions_.commits().record(
      {.kind = session::RecordKind::WillChanged, .session = &session, .message = &message});
}

void Lifecycle::arm(Session& session) {
  // A delay longer than the session's life ends with the session.
  const Instant will = session.will != nullptr ? session.will->due : kNever;
  const Instant next = std::min(session.ends, will);
  if (next != kNever) deadlines_.set(session, next);
}

void Lifecycle::end(Session& session) {
  deadlines_.clear(session);
  publish_will(session);
  if (session.queued_count > 0) metrics_.count(Cause::SessionEnded, session.queued_count);
  sessions_.commits().record(session::RecordKind::SessionEnded, &session);
  sessions_.retire(session);
  over_.push_back(session);
  sweep();
}

void Lifecycle::sweep() {
  while (!over_.empty()) {
    auto& session = static_cast<Session&>(*over_.first());
    if (!router_.forget(session, sweeps_)) return;
    over_.pop_front();
    sessions_.destroy(session);
  }
}

void Lifecycle::publish_will(Session& session) {
  if (session.will == nullptr) return;
  if (const auto expiry = session.will->expiry_seconds) {
    message::Messages::set_expires(*session.will->message, message::expiry_after(now_, *expiry));
  }
  Message* const message = sessions_.take_will(session);
  record_will_gone(session, *message);
  // Nobody gets it before it is sure that it will not be sent again.
  if (message->stored() != nullptr) message->stored()->commit = sessions_.commits().pending();
  // Permission may have been taken away since CONNECT.
  if (authorizer_.may_publish({session.client_id(), session.user_name()}, message->topic_name())) {
    const Routed routed = router_.publish(*message, &session);
    if (routed == Routed::MemoryFull) metrics_.count(Cause::MemoryFull);
  } else {
    metrics_.count(Cause::PublishDenied);
  }
  sessions_.messages().release(*message);
}

void Lifecycle::on_deadline(Session& session) {
  if (session.ends <= now_) {
    ++metrics_.clients_expired;
    return end(session);
  }
  if (session.will != nullptr && session.will->due <= now_) publish_will(session);
  arm(session);
}

}  // namespace midge::routing
