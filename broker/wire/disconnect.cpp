#include "broker/wire/disconnect.hpp"

#include "broker/wire/decoded.hpp"
#include "broker/wire/frame.hpp"
#include "broker/wire/reader.hpp"
#include "broker/wire/reason_tail.hpp"

namespace midge::wire {

namespace {

template <class Packet>
Result<Packet, ReasonCode> decode(Version version, PacketType type, Bytes body) {
  return decoded<Packet>([&](Packet& packet) {
    Reader in(body);
    return read_reason_tail(in, version, type, packet.reason, packet.properties);
  });
}

}  // namespace

Result<Disconnect, ReasonCode> decode_disconnect(Version version, Bytes body) {
  return decode<Disconnect>(version, PacketType::Disconnect, body);
}

void encode_disconnect(Writer& out, Version version, const Disconnect& disconnect) {
  const std::size_t start = begin_packet(out, PacketType::Disconnect);  // [MQTT-3.14.1-1]
  write_reason_tail(out, version, PacketType::Disconnect, disconnect.reason, disconnect.properties);
  out.insert_length(start);
}

Result<Auth, ReasonCode> decode_auth(Bytes body) {
  return decode<Auth>(Version::V5, PacketType::Auth, body);
}

void encode_auth(Writer& out, const Auth& auth) {
  const std::size_t start = begin_packet(out, PacketType::Auth);  // [MQTT-3.15.1-1]
  write_reason_tail(out, Version::V5, PacketType::Auth, auth.reason, auth.properties);
  out.insert_length(start);
}

void encode_ping(Writer& out, PacketType type) {
  write_fixed_header(out, type, 0, 0);
}

}  // namespace midge::wire
