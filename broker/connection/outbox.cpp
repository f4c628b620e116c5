// Connection: the write at the end of a turn. Packets are planned into the shared scratch, offered
// to the transport in one write, and what it took is applied: only then is an acknowledgement gone,
// a delivery in flight, an alias defined.
#include <algorithm>

#include "broker/connection/connection.hpp"
#include "broker/connection/outbox_plan.hpp"

namespace midge::connection {

using message::Message;
using metrics::Cause;
using session::Delivery;
using session::OutboundState;
using session::Sessions;
using wire::PacketIdentifier;
using wire::PacketType;
using wire::QoS;
using Kind = PlannedPacket::Kind;

void Connection::flush() {
  if (phase_ == Phase::Finished || phase_ == Phase::Gone) return;
  if (context_.ends) on_shutdown();
  if (context_.failed_to != 0) on_commit_failed();
  if (phase_ < Phase::Open) return;  // CONNACK is the first
  if (is_writable_) write_out();
  if (phase_ == Phase::Closing) {
    // Owed acknowledgements and DISCONNECT have had their chance.
    if (held() != nullptr || !is_writable_) {
      transport_->abort();
    } else {
      transport_->finish();
    }
    phase_ = Phase::Finished;
    release_held();
    drop_incoming();
    acknowledgements_.clear(context_.memory);
    return;
  }
  if (pauses_ == 0) return;
  if ((pauses_ & kTurnFull) != 0) continue_turn();
  if (open_receives_ < receive_limit() || acknowledgements_.empty()) resume(kQuota);
}

// The turn is over for which a PUBLISH had to wait; not for who had its share while others had
// none, nor for messages for many while those before are not out.
void Connection::continue_turn() {
  const routing::Schedule& schedule = context_.router.schedule();
  if ((had_share_ && schedule.has_unserved()) || (!reaches_few && schedule.is_wide_full())) {
    return mark_ready();
  }
  resume(kTurnFull);
}

void Connection::write_out() {
  // Room first goes to what the session has in store.
  routing::Refill refill = routing::Refill::Done;
  if (session_ != nullptr && (session_->queued.empty() || !session_->replays.empty())) {
    refill = context_.router.refill(*session_);
    if (refill == routing::Refill::NoMemory) retry_soon();
  }
  const bool more = refill == routing::Refill::More;
  bool is_read = true;  // what waits on storage only, as far as it can be
  if (session_ != nullptr && session_->has_evicted && session_->queued.empty()) {
    const session::BroughtBack brought = context_.commits.bring_back(*session_);
    if (brought == session::BroughtBack::NoMemory) retry_soon();
    is_read = brought == session::BroughtBack::Done;
  }
  Plan plan(context_.scratch, context_.messages.created(), alias_count());
  if (const Held* const rest = held()) plan.add_held(*rest);
  // Nothing goes out before CONNACK [MQTT-3.2.0-1].
  if (!awaits_connack()) {
    plan_acknowledgements(plan);
    if (session_ != nullptr && phase_ == Phase::Open) {
      plan_resends(plan);
      if (!plan.is_window_full) plan_deliveries(plan);
    }
  }
  if (plan.empty()) {
    // All that was brought may have been dropped: it goes on.
    const bool goes_on = session_ != nullptr && session_->queued.empty() &&
                         ((refill == routing::Refill::Done && !session_->replays.empty()) ||
                          (is_read && session_->has_evicted));
    if (more || goes_on) mark_ready();
    return;
  }
  const auto written = transport_->write(plan.chunks());
  if (!written) {
    is_writable_ = false;  // on_closed() follows
    return;
  }
  std::size_t offered = 0;
  for (const hal::Chunk& chunk : plan.chunks()) offered += chunk.bytes.size();
  context_.metrics.bytes_sent += *written;
  is_writable_ = *written == offered;
  apply(plan, *written);
  keeps_up = is_writable_ && !plan.is_window_full;
  if (phase_ != Phase::Open || !is_writable_) return;
  const bool reads_on = is_read && session_->has_evicted && session_->queued.empty();
  if (plan.is_full || held() != nullptr || more || reads_on || !session_->replays.empty()) {
    mark_ready();
  }
}

// PINGRESPs too.
void Connection::plan_acknowledgements(Plan& plan) {
  Acknowledgements::Place place;
  Acknowledgement owed;
  bool has_disconnect = false;
  while (acknowledgements_.next(place, owed)) {
    // In order of arrival: what waits for its commit holds up those behind it.
    if (!context_.commits.is_durable(owed.commit)) break;
    // Nothing follows a DISCONNECT [MQTT-3.14.4-1]: PINGRESPs go before it.
    has_disconnect = owed.type == PacketType::Disconnect;
    if (has_disconnect) plan_pings(plan);
    const bool is_planned = owed.packet.empty()
                                ? plan.add_small(Kind::Acknowledgement, owed, is_v5())
                                : plan.add_whole(Kind::Acknowledgement, owed.packet, true);
    if (!is_planned) {
      plan.is_full = true;
      return;
    }
  }
  if (!has_disconnect) plan_pings(plan);
}

// Whether CONNACK waits for its commit.
bool Connection::awaits_connack() const {
  Acknowledgements::Place place;
  Acknowledgement first;
  return acknowledgements_.next(place, first) && first.type == PacketType::Connack &&
         !context_.commits.is_durable(first.commit);
}

void Connection::plan_pings(Plan& plan) {
  constexpr std::uint8_t kPingresp[] = {static_cast<unsigned>(PacketType::Pingresp) << 4U, 0};
  for (std::uint16_t i = 0; i < owed_pings_ && !plan.is_full; ++i) {
    plan.is_full = !plan.add_whole(Kind::Pingresp, kPingresp);
  }
}

// What was in flight when the last connection ended, in its order, with its identifiers
// [MQTT-4.4.0-1].
void Connection::plan_resends(Plan& plan) {
  plan.quota = session_->quota_used;
  for (Delivery* delivery = session_->resend; delivery != nullptr;) {
    Delivery* const following = delivery->next;
    if (delivery->state == OutboundState::AwaitPubcomp) {
      const Acknowledgement pubrel{.type = PacketType::Pubrel, .packet_id = delivery->packet_id};
      if (!plan.add_small(Kind::Resend, pubrel, is_v5())) {
        plan.is_full = true;
        return;
      }
      delivery = following;
      continue;
    }
    if (delivery->state == OutboundState::AwaitCommit &&
        !context_.commits.is_durable_low(delivery->hold)) {
      plan.waits_for_commit = true;
      return;
    }
    if (plan.quota >= window()) {
      plan.is_window_full = true;
      return;
    }
    if (is_droppable(*delivery)) {
      end_delivery(Sessions::find_inflight(*session_, delivery->packet_id));
      delivery = following;
      continue;
    }
    if (!plan_publish(plan, *delivery, delivery->packet_id, Kind::Resend)) {
      plan.is_full = true;
      return;
    }
    ++plan.quota;
    delivery = following;
  }
}

std::uint16_t Connection::window() const {
  return std::min(receive_maximum_, receive_limit());
}

// Whether a delivery ends here: expired before it began [MQTT-3.3.2-5], or too large for the
// client [MQTT-3.1.2-25]. Counts why.
bool Connection::is_droppable(const Delivery& delivery) const {
  const Message& message = *delivery.message;
  // What was sent once is not given up for its age [MQTT-4.3.3-7].
  if (delivery.state == OutboundState::Queued && message.is_expired(context_.now)) {
    count(Cause::Expired);
    return true;
  }
  // What it has of its own must fit the scratch, all of it what the client takes.
  const std::size_t total = publish_size(delivery, message.topic_name().size(), 0).total;
  if (!fits_client(total) ||
      total - shared_bytes(message, is_v5()) > context_.scratch.bytes.size()) {
    count(Cause::TooLargeForClient);
    return true;
  }
  return false;
}

void Connection::plan_deliveries(Plan& plan) {
  session::Session& session = *session_;
  Flight flight{.last_id = session.last_packet_id};
  if (context_.settings.limits.inflight_bytes != settings::kUnlimited) {
    for (const Delivery* at = session.inflight.first(); at != nullptr; at = at->next) {
      flight.bytes += at->message->payload_bytes();
    }
  }
  Delivery* planned = nullptr;  // the last one in the queue that is planned
  Delivery* before = nullptr;
  for (Delivery* delivery = session.queued.first(); delivery != nullptr;) {
    Delivery* const following = delivery->next;
    if (waits_for_commit(plan, *delivery, flight)) {
      before = delivery;
    } else {
      switch (plan_delivery(plan, *delivery, before, flight)) {
        case Planned::Yes:
          // What is planned stands in front of the queue; what overtook moves there.
          if (before == planned) {
            before = delivery;
          } else {
            session.queued.insert_after(planned, *session.queued.pop_after(before));
          }
          planned = delivery;
          break;
        case Planned::TakenOut:
          break;
        case Planned::No:
          return;
      }
    }
    delivery = following;
  }
}

// Behind what waits for its commit only QoS 0 goes on: it never waits for a disk.
bool Connection::waits_for_commit(Plan& plan, const Delivery& delivery, const Flight& flight) {
  const bool is_durable = context_.commits.is_durable(delivery.message->commit());
  if (!is_durable || (flight.holds && delivery.qos != QoS::ExactlyOnce)) {
    plan.waits_for_commit = true;
  }
  return plan.waits_for_commit && (delivery.qos != QoS::AtMostOnce || !is_durable);
}

// Plans the first PUBLISH of the delivery that follows `before` in the session's queue.
Connection::Planned Connection::plan_delivery(Plan& plan, Delivery& delivery, Delivery* before,
                                              Flight& flight) {
  if (plan_again(plan, delivery)) return Planned::Yes;
  session::Session& session = *session_;
  Message& message = *delivery.message;
  if (is_droppable(delivery)) {
    ++context_.metrics.publish_dropped;
    record(session::RecordKind::Discarded, 0, &delivery);
    context_.sessions.deliveries().destroy(context_.sessions.dequeue_after(session, before));
    return Planned::TakenOut;
  }
  PacketIdentifier packet_id = 0;
  Kind as = Kind::Delivery;
  if (delivery.qos != QoS::AtMostOnce) {
    // The client's window [MQTT-3.3.4-9] and ours. Order is kept: QoS 0 behind it waits too.
    const bool all_open = session.inflight_count == 0xFFFF;
    flight.bytes += message.payload_bytes();
    const bool too_many_bytes = flight.bytes > context_.settings.limits.inflight_bytes &&
                                flight.bytes > message.payload_bytes();
    if (plan.quota >= window() || all_open || too_many_bytes) {
      plan.is_window_full = true;
      return Planned::No;
    }
    packet_id = flight.last_id = Sessions::free_identifier_after(session, flight.last_id);
    ++plan.quota;
    if (context_.commits.is_active() && launch_recorded(delivery, before, packet_id)) {
      as = Kind::Resend;
      // QoS 2: not before its identifier is durable; others of a row share the commit.
      flight.holds = flight.holds || delivery.state == OutboundState::AwaitCommit;
      if (flight.holds) return Planned::TakenOut;
    }
  }
  if (!plan_publish(plan, delivery, packet_id, as)) {
    plan.is_full = true;
    return Planned::No;
  }
  return as == Kind::Delivery ? Planned::Yes : Planned::TakenOut;
}

// Gives a delivery of a durable session its identifier ahead of the write, so that a resend after a
// restart keeps it. False when the session is not durable.
bool Connection::launch_recorded(Delivery& delivery, Delivery* before, PacketIdentifier packet_id) {
  session::Session& session = *session_;
  if (!context_.commits.record({.kind = session::RecordKind::OutboundIdAssigned,
                                .session = &session,
                                .delivery = &delivery,
                                .packet_id = packet_id})) {
    return false;
  }
  static_cast<void>(context_.sessions.dequeue_after(session, before));
  const bool waits = delivery.qos == QoS::ExactlyOnce;
  context_.sessions.launch(session, delivery,
                           waits ? OutboundState::AwaitCommit : OutboundState::AwaitPuback);
  if (session.resend == nullptr) session.resend = &delivery;
  if (waits) delivery.hold = static_cast<std::uint32_t>(context_.commits.pending());
  return true;
}

}  // namespace midge::connection
