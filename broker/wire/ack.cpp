#include "broker/wire/ack.hpp"

#include "broker/wire/frame.hpp"
#include "broker/wire/reader.hpp"

namespace midge::wire {

namespace {

// A PUBREL's flags are 0010 [MQTT-3.6.1-1], the others' 0000.
std::uint8_t ack_flags(PacketType type) {
  return type == PacketType::Pubrel ? 0x2 : 0x0;
}

ReasonCode read_ack(Reader& in, Version version, PacketType type, Ack& ack) {
  ack.packet_id = in.two_byte_integer();
  // Both the reason and the properties may be left out at the end [MQTT-2.2.2-1].
  if (version == Version::V5 && !in.at_end()) {
    ack.reason = static_cast<ReasonCode>(in.byte());
    // [MQTT-3.4.2-1] [MQTT-3.5.2-1] [MQTT-3.6.2-1] [MQTT-3.7.2-1]
    if (!is_listed_reason(type, ack.reason)) return ReasonCode::ProtocolError;
    if (!in.at_end()) {
      const auto place = static_cast<PropertyPlace>(type);
      const ReasonCode reason = read_properties(in, place, ack.properties);
      if (is_error(reason)) return reason;
    }
  }
  if (!in.ok() || !in.at_end()) return ReasonCode::MalformedPacket;
  // No PUBLISH that is acknowledged had it [MQTT-2.2.1-3, -5].
  return ack.packet_id == 0 ? ReasonCode::ProtocolError : ReasonCode::Success;
}

}  // namespace

Result<Ack, ReasonCode> decode_ack(Version version, PacketType type, Bytes body) {
  Result<Ack, ReasonCode> result{Ack{}};
  Reader in(body);
  const ReasonCode reason = read_ack(in, version, type, *result);
  if (is_error(reason)) result = Failure{reason};
  return result;
}

void encode_ack(Writer& out, Version version, PacketType type, const Ack& ack) {
  const bool v5 = version == Version::V5;
  const bool has_properties = v5 && properties_bytes(ack.properties) != 0;
  const bool has_reason = v5 && (has_properties || ack.reason != ReasonCode::Success);

  std::size_t bytes = 2;
  if (has_reason) bytes += 1;
  if (has_properties) bytes += property_section_bytes(ack.properties);

  write_fixed_header(out, type, ack_flags(type), length_of(bytes));
  out.two_byte_integer(ack.packet_id);
  if (has_reason) out.byte(static_cast<std::uint8_t>(ack.reason));
  if (has_properties) write_properties(out, ack.properties);
}

}  // namespace midge::wire
