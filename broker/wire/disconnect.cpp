#include "broker/wire/disconnect.hpp"

#include "broker/wire/frame.hpp"
#include "broker/wire/reader.hpp"

namespace midge::wire {

namespace {

ReasonCode read_disconnect(Reader& in, Version version, Disconnect& disconnect) {
  // Both the reason and the properties may be left out at the end [MQTT-2.2.2-1].
  if (version == Version::V5 && !in.at_end()) {
    disconnect.reason = static_cast<ReasonCode>(in.byte());
    if (!is_listed_reason(PacketType::Disconnect, disconnect.reason)) {  // [MQTT-3.14.2-1]
      return ReasonCode::ProtocolError;
    }
    if (!in.at_end()) {
      const ReasonCode reason =
          read_properties(in, PropertyPlace::Disconnect, disconnect.properties);
      if (is_error(reason)) return reason;
    }
  }
  return in.at_end() ? ReasonCode::Success : ReasonCode::MalformedPacket;
}

ReasonCode read_auth(Reader& in, Auth& auth) {
  if (in.at_end()) return ReasonCode::Success;  // Success without properties, section 3.15.2.1
  auth.reason = static_cast<ReasonCode>(in.byte());
  if (!is_listed_reason(PacketType::Auth, auth.reason)) {  // [MQTT-3.15.2-1]
    return ReasonCode::ProtocolError;
  }
  // Unlike in the other packets, the reason never stands without the properties.
  const ReasonCode reason = read_properties(in, PropertyPlace::Auth, auth.properties);
  if (is_error(reason)) return reason;
  return in.at_end() ? ReasonCode::Success : ReasonCode::MalformedPacket;
}

}  // namespace

Result<Disconnect, ReasonCode> decode_disconnect(Version version, Bytes body) {
  Result<Disconnect, ReasonCode> result{Disconnect{}};
  Reader in(body);
  const ReasonCode reason = read_disconnect(in, version, *result);
  if (is_error(reason)) result = Failure{reason};
  return result;
}

void encode_disconnect(Writer& out, Version version, const Disconnect& disconnect) {
  const bool v5 = version == Version::V5;
  const bool has_properties = v5 && properties_bytes(disconnect.properties) != 0;
  const bool has_reason =
      v5 && (has_properties || disconnect.reason != ReasonCode::NormalDisconnection);

  std::size_t bytes = 0;
  if (has_reason) bytes += 1;
  if (has_properties) bytes += property_section_bytes(disconnect.properties);

  write_fixed_header(out, PacketType::Disconnect, 0, length_of(bytes));  // [MQTT-3.14.1-1]
  if (has_reason) out.byte(static_cast<std::uint8_t>(disconnect.reason));
  if (has_properties) write_properties(out, disconnect.properties);
}

Result<Auth, ReasonCode> decode_auth(Bytes body) {
  Result<Auth, ReasonCode> result{Auth{}};
  Reader in(body);
  const ReasonCode reason = read_auth(in, *result);
  if (is_error(reason)) result = Failure{reason};
  return result;
}

void encode_auth(Writer& out, const Auth& auth) {
  const bool is_empty =
      auth.reason == ReasonCode::Success && properties_bytes(auth.properties) == 0;
  const std::size_t bytes = is_empty ? 0 : 1 + std::size_t{property_section_bytes(auth.properties)};

  write_fixed_header(out, PacketType::Auth, 0, length_of(bytes));  // [MQTT-3.15.1-1]
  if (is_empty) return;
  out.byte(static_cast<std::uint8_t>(auth.reason));
  write_properties(out, auth.properties);
}

void encode_ping(Writer& out, PacketType type) {
  write_fixed_header(out, type, 0, 0);
}

}  // namespace midge::wire
