#include "broker/wire/connack.hpp"

#include "broker/wire/decoded.hpp"
#include "broker/wire/frame.hpp"
#include "broker/wire/reader.hpp"

namespace midge::wire {

namespace {

constexpr std::uint8_t kSessionPresent = 0x01;  // of the Connect Acknowledge Flags

struct Told {
  ReasonCode reason;
  ReturnCode return_code;
};

// What 3.1 and 3.1.1 can tell. The first reason of a return code is what it is taken for.
constexpr Told kTold[] = {
    {ReasonCode::Success, ReturnCode::Accepted},
    {ReasonCode::UnsupportedProtocolVersion, ReturnCode::UnacceptableProtocolVersion},
    {ReasonCode::ClientIdentifierNotValid, ReturnCode::IdentifierRejected},
    {ReasonCode::ServerUnavailable, ReturnCode::ServerUnavailable},
    {ReasonCode::ServerBusy, ReturnCode::ServerUnavailable},
    {ReasonCode::ServerShuttingDown, ReturnCode::ServerUnavailable},
    {ReasonCode::QuotaExceeded, ReturnCode::ServerUnavailable},
    {ReasonCode::UseAnotherServer, ReturnCode::ServerUnavailable},
    {ReasonCode::ServerMoved, ReturnCode::ServerUnavailable},
    {ReasonCode::ConnectionRateExceeded, ReturnCode::ServerUnavailable},
    {ReasonCode::BadUserNameOrPassword, ReturnCode::BadUserNameOrPassword},
    {ReasonCode::NotAuthorized, ReturnCode::NotAuthorized},
    {ReasonCode::Banned, ReturnCode::NotAuthorized},
    // Of the will: Mosquitto tells it so.
    {ReasonCode::RetainNotSupported, ReturnCode::NotAuthorized},
    {ReasonCode::QoSNotSupported, ReturnCode::NotAuthorized},
};

// The reason that a 3.1 or 3.1.1 return code tells, or nothing for a reserved one.
std::optional<ReasonCode> reason_of(std::uint8_t return_code) {
  for (const Told& told : kTold) {
    if (static_cast<std::uint8_t>(told.return_code) == return_code) return told.reason;
  }
  return std::nullopt;
}

ReasonCode read_connack(Reader& in, Version version, Connack& connack) {
  const std::uint8_t acknowledge_flags = in.byte();
  const std::uint8_t code = in.byte();
  if (!in.ok()) return ReasonCode::MalformedPacket;
  // [MQTT-3.2.2-1]; all of the byte is reserved in 3.1, which has no Session Present.
  if (version != Version::V31 && (acknowledge_flags & ~unsigned{kSessionPresent}) != 0) {
    return ReasonCode::MalformedPacket;
  }
  if (version == Version::V5) {
    connack.reason = static_cast<ReasonCode>(code);
    if (!is_listed_reason(PacketType::Connack, connack.reason)) {  // [MQTT-3.2.2-8]
      return ReasonCode::ProtocolError;
    }
    const ReasonCode reason = read_properties(in, PropertyPlace::Connack, connack.properties);
    if (is_error(reason)) return reason;
  } else {
    const auto reason = reason_of(code);
    if (!reason) return ReasonCode::ProtocolError;
    connack.reason = *reason;
  }
  // A refusal has nothing to say of a session [MQTT-3.2.2-6] [MQTT-3.2.2-4@3.1.1].
  connack.session_present = version != Version::V31 && connack.reason == ReasonCode::Success &&
                            (acknowledge_flags & kSessionPresent) != 0;
  return in.at_end() ? ReasonCode::Success : ReasonCode::MalformedPacket;
}

}  // namespace

std::optional<ReturnCode> return_code_of(ReasonCode reason) {
  for (const Told& told : kTold) {
    if (told.reason == reason) return told.return_code;
  }
  return std::nullopt;  // [MQTT-3.2.2-6@3.1.1]
}

Result<Connack, ReasonCode> decode_connack(Version version, std::uint8_t flags, Bytes body) {
  return decoded<Connack>([&](Connack& connack) {
    if (!flags_are_valid(version, PacketType::Connack, flags)) return ReasonCode::MalformedPacket;
    Reader in(body);
    return read_connack(in, version, connack);
  });
}

void encode_connack(Writer& out, Version version, const Connack& connack) {
  const auto return_code = return_code_of(connack.reason);
  if (version != Version::V5 && !return_code) return;
  const bool session_present = connack.session_present && version != Version::V31 &&
                               connack.reason == ReasonCode::Success;  // [MQTT-3.2.2-6]
  const std::size_t start = begin_packet(out, PacketType::Connack);
  out.byte(session_present ? kSessionPresent : 0);  // [MQTT-3.2.2-1]
  if (version == Version::V5) {
    out.byte(static_cast<std::uint8_t>(connack.reason));
    write_properties(out, connack.properties);
  } else {
    out.byte(static_cast<std::uint8_t>(*return_code));
  }
  out.insert_length(start);
}

}  // namespace midge::wire
