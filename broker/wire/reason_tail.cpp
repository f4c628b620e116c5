#include "broker/wire/reason_tail.hpp"

namespace midge::wire {

ReasonCode read_reason_tail(Reader& in, Version version, PacketType type, ReasonCode& reason,
                            Properties& properties) {
  if (version == Version::V5 && !in.at_end()) {
    reason = static_cast<ReasonCode>(in.byte());
    // [MQTT-3.4.2-1] [MQTT-3.5.2-1] [MQTT-3.6.2-1] [MQTT-3.7.2-1] [MQTT-3.14.2-1] [MQTT-3.15.2-1]
    if (!is_listed_reason(type, reason)) return ReasonCode::ProtocolError;
    // In an AUTH the reason never stands without the properties.
    if (!in.at_end() || type == PacketType::Auth) {
      const ReasonCode error = read_properties(in, static_cast<PropertyPlace>(type), properties);
      if (is_error(error)) return error;
    }
  }
  return in.ok() && in.at_end() ? ReasonCode::Success : ReasonCode::MalformedPacket;
}

void write_reason_tail(Writer& out, Version version, PacketType type, ReasonCode reason,
                       const Properties& properties) {
  const bool has_properties = !is_empty(properties);
  if (version != Version::V5 || (reason == ReasonCode::Success && !has_properties)) return;
  out.byte(static_cast<std::uint8_t>(reason));
  if (has_properties || type == PacketType::Auth) write_properties(out, properties);
}

}  // namespace midge::wire
