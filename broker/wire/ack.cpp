#include "broker/wire/ack.hpp"

#include "broker/wire/decoded.hpp"
#include "broker/wire/frame.hpp"
#include "broker/wire/reader.hpp"
#include "broker/wire/reason_tail.hpp"

namespace midge::wire {

ReasonCode decode_ack(Version version, PacketType type, Bytes body, Ack& ack) {
  Reader in(body);
  const bool has_packet_id = type < PacketType::Disconnect;
  if (has_packet_id) ack.packet_id = in.two_byte_integer();
  const ReasonCode error = read_reason_tail(in, version, type, ack.reason, ack.properties);
  if (is_error(error)) return error;
  // No PUBLISH that is acknowledged had it [MQTT-2.2.1-3, -5].
  return has_packet_id && ack.packet_id == 0 ? ReasonCode::ProtocolError : ReasonCode::Success;
}

Result<Ack, ReasonCode> decode_ack(Version version, PacketType type, Bytes body) {
  return decoded<Ack>([&](Ack& ack) { return decode_ack(version, type, body, ack); });
}

void encode_ack(Writer& out, Version version, PacketType type, const Ack& ack) {
  // A PUBREL's flags are 0010 [MQTT-3.6.1-1], the others' 0000.
  const std::size_t start = begin_packet(out, type, type == PacketType::Pubrel ? 0x2 : 0x0);
  out.two_byte_integer(ack.packet_id);
  write_reason_tail(out, version, type, ack.reason, ack.properties);
  out.insert_length(start);
}

}  // namespace midge::wire
