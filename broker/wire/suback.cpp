#include "broker/wire/suback.hpp"

#include "broker/wire/decoded.hpp"
#include "broker/wire/frame.hpp"
#include "broker/wire/reader.hpp"

namespace midge::wire {

namespace {

constexpr std::uint8_t kFailure311 = 0x80;  // the only error of a 3.1.1 SUBACK

bool has_codes(Version version, PacketType type) {
  return version == Version::V5 || type == PacketType::Suback;
}

bool is_listed_code(Version version, PacketType type, std::uint8_t code) {
  if (version == Version::V5) {  // [MQTT-3.9.3-2] [MQTT-3.11.3-2]
    return is_listed_reason(type, static_cast<ReasonCode>(code));
  }
  return code <= 2 || code == kFailure311;  // [MQTT-3.9.3-2@3.1.1]
}

// As `version` can tell it.
std::uint8_t code_on_wire(Version version, std::uint8_t code) {
  return version != Version::V5 && is_error(static_cast<ReasonCode>(code)) ? kFailure311 : code;
}

}  // namespace

Result<Suback, ReasonCode> decode_suback(Version version, PacketType type, Bytes body) {
  return decoded<Suback>([&](Suback& suback) {
    Reader in(body);
    suback.packet_id = in.two_byte_integer();
    if (version == Version::V5) {
      const auto place = static_cast<PropertyPlace>(type);
      const ReasonCode reason = read_properties(in, place, suback.properties);
      if (is_error(reason)) return reason;
    }
    if (!in.ok()) return ReasonCode::MalformedPacket;
    // Requests have a filter at least, so their answers have a code.
    if (in.at_end() == has_codes(version, type)) return ReasonCode::MalformedPacket;
    suback.codes = in.rest();
    for (const std::uint8_t code : suback.codes) {
      if (!is_listed_code(version, type, code)) return ReasonCode::ProtocolError;
    }
    return suback.packet_id == 0 ? ReasonCode::ProtocolError : ReasonCode::Success;
  });
}

void encode_suback(Writer& out, Version version, PacketType type, const Suback& suback) {
  const std::size_t start = begin_packet(out, type);
  out.two_byte_integer(suback.packet_id);
  if (version == Version::V5) write_properties(out, suback.properties);
  // In the order of the filters [MQTT-3.9.3-1] [MQTT-3.11.3-1].
  if (has_codes(version, type)) {
    for (const std::uint8_t code : suback.codes) out.byte(code_on_wire(version, code));
  }
  out.insert_length(start);
}

}  // namespace midge::wire
