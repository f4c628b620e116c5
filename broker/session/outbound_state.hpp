// The sender's QoS 1 and 2 state machines (MQTT 5.0 section 4.3): a pure step. The caller does the
// sending.
#pragma once

#include <cstdint>

#include "broker/wire/protocol.hpp"

namespace midge::session {

enum class OutboundState : std::uint8_t {
  Queued,       // nothing was sent
  AwaitCommit,  // has its identifier, which must be durable before the PUBLISH goes out
  AwaitPuback,
  AwaitPubrec,
  AwaitPubcomp,  // PUBREC came
};

enum class Action : std::uint8_t {
  Release,  // done: free the identifier and the message
  SendPubrel,
  Reject,  // the wrong kind of acknowledgement: 0x82
};

struct Step {
  OutboundState next{};
  Action action{};
};

[[nodiscard]] Step on_ack(OutboundState state, wire::PacketType ack, wire::ReasonCode reason);

}  // namespace midge::session
