#include "broker/session/outbound_state.hpp"

namespace midge::session {

using wire::PacketType;
using wire::ReasonCode;

Step on_ack(OutboundState state, PacketType ack, ReasonCode reason) {
  using enum OutboundState;
  switch (state) {
    case Queued:  // nothing was sent, so nothing can be acknowledged
    case AwaitCommit:
      break;
    case AwaitPuback:
      if (ack == PacketType::Puback) return {state, Action::Release};
      break;
    case AwaitPubrec:
      if (ack != PacketType::Pubrec) break;
      // A refused PUBLISH frees its identifier: PUBREL answers only codes below 0x80
      // [MQTT-4.3.3-4] [MQTT-4.4.0-2].
      if (wire::is_error(reason)) return {state, Action::Release};
      return {AwaitPubcomp, Action::SendPubrel};
    case AwaitPubcomp:
      if (ack == PacketType::Pubcomp) return {state, Action::Release};
      // The peer repeats PUBREC when our PUBREL died with the old connection.
      if (ack == PacketType::Pubrec) {
        return {state, wire::is_error(reason) ? Action::Release : Action::SendPubrel};
      }
      break;
  }
  return {state, Action::Reject};
}

}  // namespace midge::session
