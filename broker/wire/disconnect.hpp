// DISCONNECT and AUTH (sections 3.14, 3.15), PINGREQ and PINGRESP (3.12, 3.13).
#pragma once

#include <cstdint>

#include "broker/base/bytes.hpp"
#include "broker/base/result.hpp"
#include "broker/wire/property.hpp"
#include "broker/wire/protocol.hpp"
#include "broker/wire/writer.hpp"

namespace midge::wire {

struct Disconnect {
  ReasonCode reason = ReasonCode::NormalDisconnection;
  Properties properties{};  // 5.0 only
};

// Errors: MalformedPacket (before 5.0 also: any body), ProtocolError (a code that is not listed,
// properties).
[[nodiscard]] Result<Disconnect, ReasonCode> decode_disconnect(Version version, Bytes body);

// Whole packet in its shortest form; before 5.0 two bytes.
void encode_disconnect(Writer& out, Version version, const Disconnect& disconnect);

struct Auth {
  ReasonCode reason = ReasonCode::Success;
  Properties properties{};
};

// 5.0 only. Errors as above; Authentication Data without a Method is a ProtocolError.
[[nodiscard]] Result<Auth, ReasonCode> decode_auth(Bytes body);
void encode_auth(Writer& out, const Auth& auth);

// PINGREQ and PINGRESP have no body.
[[nodiscard]] constexpr bool ping_is_valid(Bytes body) {
  return body.empty();
}
void encode_ping(Writer& out, PacketType type);  // Pingreq or Pingresp

}  // namespace midge::wire
