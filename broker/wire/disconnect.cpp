#include "broker/wire/disconnect.hpp"

#include "broker/wire/decoded.hpp"
#include "broker/wire/frame.hpp"
#include "broker/wire/reader.hpp"
#include "broker/wire/reason_tail.hpp"

namespace midge::wire {

ReasonCode decode_disconnect(Version version, Bytes body, Disconnect& disconnect) {
  Reader in(body);
  return read_reason_tail(in, version, PacketType::Disconnect, disconnect.reason,
                          disconnect.properties);
}

Result<Disconnect, ReasonCode> decode_disconnect(Version version, Bytes body) {
  return decoded<Disconnect>(
      [&](Disconnect& disconnect) { return decode_disconnect(version, body, disconnect); });
}

void encode_disconnect(Writer& out, Version version, const Disconnect& disconnect) {
  const std::size_t start = begin_packet(out, PacketType::Disconnect);  // [MQTT-3.14.1-1]
  write_reason_tail(out, version, PacketType::Disconnect, disconnect.reason, disconnect.properties);
  out.insert_length(start);
}

ReasonCode decode_auth(Bytes body, Auth& auth) {
  Reader in(body);
  return read_reason_tail(in, Version::V5, PacketType::Auth, auth.reason, auth.properties);
}

Result<Auth, ReasonCode> decode_auth(Bytes body) {
  return decoded<Auth>([&](Auth& auth) { return decode_auth(body, auth); });
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
