// PUBACK, PUBREC, PUBREL, PUBCOMP (sections 3.4 to 3.7): the four have one shape; DISCONNECT and
// AUTH too, but for the packet identifier.
#pragma once

#include <cstdint>

#include "broker/base/bytes.hpp"
#include "broker/base/result.hpp"
#include "broker/wire/property.hpp"
#include "broker/wire/protocol.hpp"
#include "broker/wire/writer.hpp"

namespace midge::wire {

struct Ack {
  PacketIdentifier packet_id = 0;  // none in DISCONNECT and AUTH
  ReasonCode reason = ReasonCode::Success;
  Properties properties{};  // 5.0 only: Reason String, User Properties
};

// `type` is one of the four; flags are judged by flags_are_valid() before. Errors: MalformedPacket,
// ProtocolError (packet identifier 0, a reason code that is not listed for `type`, properties).
[[nodiscard]] Result<Ack, ReasonCode> decode_ack(Version version, PacketType type, Bytes body);
// The same in place: `ack` comes in new. `type` may be Disconnect or Auth as well. Returns Success
// or the error.
[[nodiscard]] ReasonCode decode_ack(Version version, PacketType type, Bytes body, Ack& ack);

// Whole packet, in its shortest form: 4 bytes when reason is Success and there are no properties,
// and always before 5.0; 5 bytes for another reason without properties.
void encode_ack(Writer& out, Version version, PacketType type, const Ack& ack);

}  // namespace midge::wire
