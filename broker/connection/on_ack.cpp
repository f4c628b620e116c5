// Connection: acknowledgements from the client (MQTT 5.0 sections 3.4 to 3.7).
#include "broker/connection/connection.hpp"
#include "broker/session/outbound_state.hpp"
#include "broker/wire/ack.hpp"

namespace midge::connection {

using metrics::Cause;
using session::RecordKind;
using wire::PacketIdentifier;
using wire::PacketType;
using wire::ReasonCode;

void Connection::on_ack(PacketType type, Bytes body) {
  const auto ack = wire::decode_ack(version_, type, body);
  if (!ack) return close_for(ack.error());
  if (type == PacketType::Pubrel) return on_pubrel(ack->packet_id);

  const auto found = session::Sessions::find_inflight(*session_, ack->packet_id);
  if (found.delivery == nullptr) {
    context_.metrics.count(Cause::UnknownIdentifier);
    // Nothing is open under this identifier. A PUBREC is told so, so that its sender can end its
    // side; the others, and a PUBREC that refuses, end it themselves [MQTT-4.3.3-4].
    if (type == PacketType::Pubrec && !wire::is_error(ack->reason)) {
      acknowledge(PacketType::Pubrel, ack->packet_id, ReasonCode::PacketIdentifierNotFound, 0);
    }
    return;
  }
  const session::Step step = session::on_ack(found.delivery->state, type, ack->reason);
  const std::uint64_t before = context_.commits.records();
  switch (step.action) {
    case session::Action::Release:
      context_.commits.record(
          {.kind = RecordKind::OutboundDone, .session = session_, .packet_id = ack->packet_id});
      context_.sessions.deliveries().destroy(context_.sessions.land(*session_, found));
      break;
    case session::Action::SendPubrel:
      if (found.delivery->state != step.next) {
        context_.commits.record({.kind = RecordKind::OutboundReceived,
                                 .session = session_,
                                 .packet_id = ack->packet_id});
      }
      found.delivery->state = step.next;
      // Its turn in a resend has come with this PUBREL.
      if (session_->resend == found.delivery) session_->resend = found.delivery->next;
      acknowledge(PacketType::Pubrel, ack->packet_id, ReasonCode::Success,
                  context_.commits.since(before));
      break;
    case session::Action::Reject:
      return close(ReasonCode::ProtocolError, Cause::ProtocolError);
  }
  keeps_up = true;  // the window has room
  mark_ready();
}

void Connection::on_pubrel(PacketIdentifier packet_id) {
  const std::uint64_t before = context_.commits.records();
  if (const auto took_quota = context_.sessions.close_inbound(*session_, packet_id)) {
    // PUBCOMP gives back one of the quota; what was inherited took none.
    if (!*took_quota) ++open_receives_;
    context_.commits.record(
        {.kind = RecordKind::InboundClosed, .session = session_, .packet_id = packet_id});
    // [MQTT-4.3.3-11]
    return acknowledge(PacketType::Pubcomp, packet_id, ReasonCode::Success,
                       context_.commits.since(before));
  }
  context_.metrics.count(Cause::UnknownIdentifier);
  acknowledge(PacketType::Pubcomp, packet_id, ReasonCode::PacketIdentifierNotFound, 0);
}

}  // namespace midge::connection
