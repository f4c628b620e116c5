// Connection: what the client tells with a reason: acknowledgements (MQTT 5.0 sections 3.4 to 3.7),
// DISCONNECT, AUTH.
#include "broker/connection/connection.hpp"
#include "broker/session/outbound_state.hpp"
#include "broker/wire/ack.hpp"

namespace midge::connection {

using metrics::Cause;
using session::RecordKind;
using wire::PacketIdentifier;
using wire::PacketType;
using wire::ReasonCode;

void Connection::on_reason(PacketType type, Bytes body) {
  wire::Ack ack;
  const ReasonCode error = wire::decode_ack(version_, type, body, ack);
  if (wire::is_error(error)) return close_for(error);
  if (type == PacketType::Pubrel) return on_pubrel(ack.packet_id);
  if (type == PacketType::Disconnect) return on_disconnect(ack);
  // No exchange is under way: CONNECT named no method that is known here.
  if (type == PacketType::Auth) return close_for(ReasonCode::ProtocolError);
  on_ack(type, ack);
}

void Connection::on_ack(PacketType type, const wire::Ack& ack) {
  const auto found = session::Sessions::find_inflight(*session_, ack.packet_id);
  if (found.delivery == nullptr) {
    count(Cause::UnknownIdentifier);
    // Nothing is open under this identifier. A PUBREC is told so, so that its sender can end its
    // side; the others, and a PUBREC that refuses, end it themselves [MQTT-4.3.3-4].
    if (type == PacketType::Pubrec && !wire::is_error(ack.reason)) {
      acknowledge(PacketType::Pubrel, ack.packet_id, ReasonCode::PacketIdentifierNotFound);
    }
    return;
  }
  const session::Step step = session::on_ack(found.delivery->state, type, ack.reason);
  const std::uint32_t before = changes();
  switch (step.action) {
    case session::Action::Release:
      end_delivery(found);
      break;
    case session::Action::SendPubrel:
      if (found.delivery->state != step.next) {
        record(RecordKind::OutboundReceived, 0, found.delivery);
      }
      found.delivery->state = step.next;
      // Its turn in a resend has come with this PUBREL.
      if (session_->resend == found.delivery) session_->resend = found.delivery->next;
      acknowledge(PacketType::Pubrel, ack.packet_id, ReasonCode::Success, commit_since(before));
      break;
    case session::Action::Reject:
      return close_for(ReasonCode::ProtocolError);
  }
  keeps_up = true;  // the window has room
  mark_ready();
}

// One in flight is acknowledged, or given up.
void Connection::end_delivery(const session::Sessions::Found& found) {
  record(RecordKind::OutboundDone, 0, found.delivery);
  context_.sessions.deliveries().destroy(context_.sessions.land(*session_, found));
}

void Connection::on_pubrel(PacketIdentifier packet_id) {
  const std::uint32_t before = changes();
  const auto took_quota = context_.sessions.close_inbound(*session_, packet_id);
  if (!took_quota) {
    count(Cause::UnknownIdentifier);
    return acknowledge(PacketType::Pubcomp, packet_id, ReasonCode::PacketIdentifierNotFound);
  }
  // PUBCOMP gives back one of the quota; what was inherited took none.
  if (!*took_quota) ++open_receives_;
  record(RecordKind::InboundClosed, packet_id);
  acknowledge(PacketType::Pubcomp, packet_id, ReasonCode::Success,
              commit_since(before));  // [MQTT-4.3.3-11]
}

}  // namespace midge::connection
