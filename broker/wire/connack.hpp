// CONNACK (section 3.2): bytes <-> struct.
#pragma once

#include <cstdint>
#include <optional>

#include "broker/base/bytes.hpp"
#include "broker/base/result.hpp"
#include "broker/wire/property.hpp"
#include "broker/wire/protocol.hpp"
#include "broker/wire/writer.hpp"

namespace midge::wire {

struct Connack {
  bool session_present = false;
  // 5.0: as it is. 3.1 and 3.1.1: encode maps it with return_code_of(), decode maps back.
  ReasonCode reason = ReasonCode::Success;
  Properties properties{};  // 5.0 only
};

// The 3.1 / 3.1.1 return code that tells `reason`, or nothing where none fits and the connection is
// to be closed silently [MQTT-3.2.2-6@3.1.1].
[[nodiscard]] std::optional<ReturnCode> return_code_of(ReasonCode reason);

// Errors: MalformedPacket, ProtocolError (a code that is not listed, properties). A refusal never
// has session_present set.
[[nodiscard]] Result<Connack, ReasonCode> decode_connack(Version version, std::uint8_t flags,
                                                         Bytes body);
// Whole packet. 3.1 has no Session Present: the byte is 0. Nothing is written before 5.0 where
// return_code_of() has nothing.
void encode_connack(Writer& out, Version version, const Connack& connack);

}  // namespace midge::wire
