// Reason code and properties at the end of PUBACK, PUBREC, PUBREL, PUBCOMP, DISCONNECT and AUTH:
// both may be left out where they say nothing [MQTT-2.2.2-1]. Before 5.0 there is neither.
#pragma once

#include "broker/wire/property.hpp"
#include "broker/wire/protocol.hpp"
#include "broker/wire/reader.hpp"
#include "broker/wire/writer.hpp"

namespace midge::wire {

// Reads to the end of a packet of `type`; what is left out is left as it is. Returns Success or the
// error: MalformedPacket, ProtocolError (a code that is not listed for `type`, properties).
[[nodiscard]] ReasonCode read_reason_tail(Reader& in, Version version, PacketType type,
                                          ReasonCode& reason, Properties& properties);

// In its shortest form.
void write_reason_tail(Writer& out, Version version, PacketType type, ReasonCode reason,
                       const Properties& properties);

}  // namespace midge::wire
