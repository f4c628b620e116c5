// SUBACK and UNSUBACK (sections 3.9, 3.11): bytes <-> struct.
#pragma once

#include <cstdint>

#include "broker/base/bytes.hpp"
#include "broker/base/result.hpp"
#include "broker/wire/property.hpp"
#include "broker/wire/protocol.hpp"
#include "broker/wire/writer.hpp"

namespace midge::wire {

struct Suback {
  PacketIdentifier packet_id = 0;
  Properties properties{};  // 5.0 only
  Bytes codes;              // one for each filter, as on the wire; none for UNSUBACK before 5.0
};

// `type` is Suback or Unsuback. Errors: MalformedPacket (no code too), ProtocolError (packet
// identifier 0, a code that is not listed, properties). 0x80 is taken from a 3.1 server too.
[[nodiscard]] Result<Suback, ReasonCode> decode_suback(Version version, PacketType type,
                                                       Bytes body);

// Whole packet. Codes are written as they are for 5.0; 3.1.1 turns errors into 0x80; 3.1 has no
// failure code: the caller passes the requested QoS. UNSUBACK before 5.0 has no codes.
void encode_suback(Writer& out, Version version, PacketType type, const Suback& suback);

}  // namespace midge::wire
