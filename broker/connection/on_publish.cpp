// Connection: PUBLISH from the client (MQTT 5.0 section 3.3): checks, routing, acknowledgement.
#include <algorithm>

#include "broker/connection/incoming.hpp"
#include "broker/topic/topic.hpp"
#include "broker/wire/ack.hpp"

namespace midge::connection {

using metrics::Cause;
using routing::Routed;
using wire::PacketIdentifier;
using wire::PacketType;
using wire::QoS;
using wire::ReasonCode;

namespace {

// [MQTT-3.3.4-1]
PacketType answer_to(QoS qos) {
  return qos == QoS::AtLeastOnce ? PacketType::Puback : PacketType::Pubrec;
}

}  // namespace

bool Connection::on_publish(const wire::FixedHeader& header, Bytes body) {
  wire::Publish publish;
  if (const ReasonCode error = wire::decode_publish(version_, header.flags, body, publish);
      error != ReasonCode::Success) {
    close_for(error);
    return true;
  }
  const auto payload_bytes = static_cast<std::uint32_t>(publish.payload.size());
  const PacketIdentifier packet_id = publish.packet_id.value_or(PacketIdentifier{0});
  const Refusal refusal = judge(publish, payload_bytes);
  if (refusal == Refusal::NotNow) return false;
  if (refusal == Refusal::Closed) return true;
  if (refusal != Refusal::None) {
    count(refusal);
    settle_publish(refusal, publish.qos, packet_id);
    count_received(payload_bytes);
    return true;
  }
  message::Message* const message = make_message(publish, payload_bytes);
  const bool is_whole = message != nullptr && context_.messages.append(*message, publish.payload);
  const bool done = is_whole
                        ? finish_publish(*message, packet_id)
                        : clear_without_room(publish) || on_memory_full(publish.qos, packet_id);
  if (message != nullptr) release(*message);
  if (done) count_received(payload_bytes);
  return done;
}

// A PUBLISH was disposed of, whatever became of it.
void Connection::count_received(std::uint32_t payload_bytes) {
  ++context_.metrics.publish_received;
  context_.metrics.publish_bytes_received += payload_bytes;
}

void Connection::release(message::Message& message) {
  context_.messages.release(message);
}

// Whether the next PUBLISH has to wait for a later turn: a pause has begun.
bool Connection::waits_for_turn() {
  const routing::Schedule::Gate gate = context_.router.schedule().gate(*session_, reaches_few);
  if (gate == routing::Schedule::Gate::Open) return false;
  had_share_ = gate == routing::Schedule::Gate::ShareUsed;
  pause(kTurnFull);
  return true;
}

// Whether it has to wait until those that it goes to have less to send: a pause has begun.
bool Connection::waits_for_room(std::string_view topic_name, std::uint32_t payload_bytes) {
  if (!context_.router.is_crowded(topic_name, payload_bytes)) return false;
  pause(kTurnFull);
  return true;
}

// Learns a Topic Alias, or sets the topic name that one stands for. False when that has closed the
// connection.
bool Connection::resolve_alias(wire::Publish& publish) {
  const auto alias = publish.properties.topic_alias;
  if (!alias) return true;
  if (*alias == 0 || *alias > listener().max_topic_alias) {
    close(ReasonCode::TopicAliasInvalid, Cause::TopicAliasInvalid);  // [MQTT-3.3.2-8]
    return false;
  }
  if (!publish.topic_name.empty()) {
    // Learned whatever becomes of this PUBLISH.
    if (make_extras() != nullptr &&
        extras_->incoming_aliases.define(context_.memory, *alias, publish.topic_name)) {
      return true;
    }
    close_for_memory();
    return false;
  }
  if (extras_ != nullptr) publish.topic_name = extras_->incoming_aliases.topic(*alias);
  if (!publish.topic_name.empty()) return true;
  close_for(ReasonCode::ProtocolError);
  return false;
}

// Everything that is said about a PUBLISH before its payload matters. Sets the topic name that an
// alias stands for.
Refusal Connection::judge(wire::Publish& publish, std::uint32_t payload_bytes) {
  const auto closed = [this](ReasonCode reason, Cause cause) {
    close(reason, cause);
    return Refusal::Closed;
  };
  if (waits_for_turn()) return Refusal::NotNow;
  if (publish.qos > listener().max_qos) {
    return closed(ReasonCode::QoSNotSupported, Cause::QoSNotSupported);
  }
  if (publish.retain && !context_.settings.retains()) {
    return closed(ReasonCode::RetainNotSupported, Cause::RetainNotSupported);
  }
  // A client has no subscription that an identifier could name.
  if (publish.properties.subscription_identifier) {
    return closed(ReasonCode::ProtocolError, Cause::ProtocolError);
  }
  const bool repeats = publish.qos == QoS::ExactlyOnce &&
                       session::Sessions::has_inbound(*session_, *publish.packet_id);
  if (publish.qos != QoS::AtMostOnce && !repeats) {
    if (is_v5() && open_receives_ >= receive_limit()) {
      // A QoS 1 PUBLISH can wait until our own acknowledgements have left, if there are any: what
      // the client has to end first would never be read.
      if (publish.qos == QoS::AtLeastOnce && !context_.settings.strict_receive_maximum &&
          !acknowledgements_.empty()) {
        pause(kQuota);
        return Refusal::NotNow;
      }
      return closed(ReasonCode::ReceiveMaximumExceeded, Cause::ReceiveMaximumExceeded);
    }
    if (!is_v5() && publish.qos == QoS::ExactlyOnce &&
        session_->inbound_count >= context_.settings.limits.inbound_qos2) {
      return closed(ReasonCode::ReceiveMaximumExceeded, Cause::ReceiveMaximumExceeded);
    }
  }
  if (!resolve_alias(publish)) return Refusal::Closed;
  if (waits_for_room(publish.topic_name, payload_bytes)) return Refusal::NotNow;
  // Owned already: acknowledged again, delivered once [MQTT-4.3.3-10].
  if (repeats) return Refusal::Repeated;

  if (has_too_many_levels(publish.topic_name)) return Refusal::TopicLevels;
  if (!topic::is_publishable(publish.topic_name)) return Refusal::BrokersTopic;
  if (!context_.authorizer.may_publish({session_->client_id(), session_->user_name()},
                                       publish.topic_name)) {
    return Refusal::PublishDenied;
  }
  if (payload_bytes > context_.settings.limits.payload_bytes) return Refusal::PayloadTooLarge;
  return Refusal::None;
}

// With the properties that are forwarded; its payload is still to come.
message::Message* Connection::create_message(const message::Head& head,
                                             const wire::Properties& properties) {
  message::Message* const message = context_.messages.create(head);
  if (message != nullptr && head.properties_bytes > 0) {
    wire::copy_forwarded(properties.section, message::Messages::properties_of(*message));
  }
  return message;
}

message::Message* Connection::make_message(const wire::Publish& publish,
                                           std::uint32_t payload_bytes) {
  const auto expiry = publish.properties.message_expiry_interval;
  return create_message({.topic_name = publish.topic_name,
                         .properties_bytes = publish.properties.forwarded_bytes,
                         .payload_bytes = payload_bytes,
                         .qos = publish.qos,
                         .retain = publish.retain,
                         .expires = expiry ? message::expiry_after(context_.now, *expiry) : kNever},
                        publish.properties);
}

bool Connection::finish_publish(message::Message& message, PacketIdentifier packet_id) {
  const QoS qos = message.qos();
  const std::uint32_t before = changes();
  // The identifier first: a QoS 2 message is routed now, and until PUBREL only this is kept.
  if (qos == QoS::ExactlyOnce && !context_.sessions.open_inbound(*session_, packet_id)) {
    return on_memory_full(qos, packet_id);
  }
  const Routed routed = context_.router.publish(message, session_);
  if (routed == Routed::MemoryFull || routed == Routed::QuotaExceeded) {
    if (qos == QoS::ExactlyOnce) context_.sessions.close_inbound(*session_, packet_id);
    if (routed == Routed::MemoryFull) return on_memory_full(qos, packet_id);
    settle_publish(Refusal::LimitReached, qos, packet_id);
    return true;
  }
  end_stall();
  reaches_few = !context_.router.schedule().last_was_wide();
  if (qos == QoS::AtMostOnce) return true;
  if (qos == QoS::ExactlyOnce) {
    record(session::RecordKind::InboundOpened, packet_id);
  }
  const session::CommitNumber commit = commit_since(before);
  if (qos == QoS::ExactlyOnce && message.stored() != nullptr) message.stored()->commit = commit;
  ++open_receives_;
  acknowledge(
      answer_to(qos), packet_id,
      routed == Routed::NoSubscribers ? ReasonCode::NoMatchingSubscribers : ReasonCode::Success,
      commit);
  return true;
}

// Answers a PUBLISH that was not accepted as its QoS asks.
void Connection::settle_publish(Refusal refusal, QoS qos, PacketIdentifier packet_id) {
  if (refusal == Refusal::Closed) return;
  const RefusalRow& row = row_of(refusal);
  Acknowledgement answer{.type = answer_to(qos), .reason = row.reason, .packet_id = packet_id};
  if (refusal == Refusal::Repeated) {
    answer.commit = context_.commits.pending();
  } else {
    ++context_.metrics.publish_dropped;
    if (qos == QoS::AtMostOnce) return;
    ++open_receives_;
  }
  // Before 5.0 there is no refusal: acknowledged and dropped [MQTT-3.3.5-2@3.1.1].
  acknowledge(answer, row.reason_string());
}

// Deleting a retained message gives memory back, so it is not refused for memory where it needs
// none: no message for a subscriber, no identifier of QoS 2.
bool Connection::clear_without_room(const wire::Publish& publish) {
  if (!publish.retain || !publish.payload.empty() || publish.qos == QoS::ExactlyOnce) return false;
  const std::uint32_t before = changes();
  if (!context_.router.clear_unwatched(publish.topic_name)) return false;
  end_stall();
  if (publish.qos == QoS::AtMostOnce) return true;
  ++open_receives_;
  acknowledge(PacketType::Puback, *publish.packet_id, ReasonCode::NoMatchingSubscribers,
              commit_since(before));
  return true;
}

bool Connection::on_memory_full(QoS qos, PacketIdentifier packet_id) {
  if (qos == QoS::AtMostOnce) {
    refuse_for_memory(qos, packet_id);
    return true;
  }
  // A client that owes us acknowledgements is not made to wait: they are what frees memory.
  if (session_->inflight_count == 0 && may_wait()) {
    pause(kMemory);
    return false;
  }
  refuse_for_memory(qos, packet_id);
  return true;
}

void Connection::refuse_for_memory(QoS qos, PacketIdentifier packet_id) {
  end_stall();
  // Before 5.0 there is no refusal but the end, without acknowledgement.
  if (qos != QoS::AtMostOnce && !is_v5()) {
    return close_for_memory();
  }
  count(Refusal::MemoryFull);
  // A payload that is still coming is read over first: there are clients that free it with the
  // answer, and go on sending it.
  if (incoming_ != nullptr && incoming_->stage != Incoming::Stage::Complete) {
    incoming_->verdict = Refusal::MemoryFull;
  } else {
    settle_publish(Refusal::MemoryFull, qos, packet_id);
  }
}

void Connection::acknowledge(PacketType type, PacketIdentifier packet_id, ReasonCode reason,
                             session::CommitNumber commit) {
  acknowledge({.commit = commit, .type = type, .reason = reason, .packet_id = packet_id}, {});
}

void Connection::acknowledge(const Acknowledgement& owed, std::string_view reason_string) {
  Queued queued = Queued::TooLarge;
  if (is_v5() && wants_problem_information_ && !reason_string.empty()) {
    wire::Ack ack;
    ack.packet_id = owed.packet_id;
    ack.reason = owed.reason;
    wire::set_reason_string(ack.properties, reason_string);
    queued =
        queue_packet(Acknowledgement(owed), ack.properties, reason_string.size(),
                     [&](wire::Writer& out) { wire::encode_ack(out, version_, owed.type, ack); });
  }
  if (queued != Queued::Yes && !acknowledgements_.push(context_.memory, owed)) {
    return close_for_memory();
  }
  mark_ready();
}

}  // namespace midge::connection
