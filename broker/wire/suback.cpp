#include "broker/wire/suback.hpp"

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

ReasonCode read_suback(Reader& in, Version version, PacketType type, Suback& suback) {
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
}

// As `version` can tell it.
std::uint8_t code_on_wire(Version version, std::uint8_t code) {
  return version != Version::V5 && is_error(static_cast<ReasonCode>(code)) ? kFailure311 : code;
}

}  // namespace

Result<Suback, ReasonCode> decode_suback(Version version, PacketType type, Bytes body) {
  Result<Suback, ReasonCode> result{Suback{}};
  Reader in(body);
  const ReasonCode reason = read_suback(in, version, type, *result);
  if (is_error(reason)) result = Failure{reason};
  return result;
}

void encode_suback(Writer& out, Version version, PacketType type, const Suback& suback) {
  const Bytes codes = has_codes(version, type) ? suback.codes : Bytes{};
  std::size_t bytes = 2 + codes.size();
  if (version == Version::V5) bytes += property_section_bytes(suback.properties);

  write_fixed_header(out, type, 0, length_of(bytes));
  out.two_byte_integer(suback.packet_id);
  if (version == Version::V5) write_properties(out, suback.properties);
  // In the order of the filters [MQTT-3.9.3-1] [MQTT-3.11.3-1].
  for (const std::uint8_t code : codes) out.byte(code_on_wire(version, code));
}

}  // namespace midge::wire
