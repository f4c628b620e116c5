// UNSUBSCRIBE (section 3.10): bytes <-> struct. The list of filters is walked in place.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "broker/base/bytes.hpp"
#include "broker/base/result.hpp"
#include "broker/wire/property.hpp"
#include "broker/wire/protocol.hpp"
#include "broker/wire/writer.hpp"

namespace midge::wire {

struct Unsubscribe {
  PacketIdentifier packet_id = 0;
  Properties properties{};  // 5.0 only: User Properties
  Bytes filters;            // validated: at least one
  std::uint32_t count = 0;

  // The filter at `offset`, which moves behind it; nothing at the end.
  [[nodiscard]] std::optional<std::string_view> next(std::size_t& offset) const;
};

// Errors: MalformedPacket, ProtocolError (packet identifier 0 [MQTT-2.2.1-3], no filter,
// properties).
[[nodiscard]] Result<Unsubscribe, ReasonCode> decode_unsubscribe(Version version, Bytes body);

// Whole packet.
void encode_unsubscribe(Writer& out, Version version, PacketIdentifier packet_id,
                        const Properties& properties, std::span<const std::string_view> filters);

}  // namespace midge::wire
