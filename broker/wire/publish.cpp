#include "broker/wire/publish.hpp"

#include <algorithm>

#include "broker/wire/decoded.hpp"
#include "broker/wire/frame.hpp"
#include "broker/wire/reader.hpp"
#include "broker/wire/text.hpp"

namespace midge::wire {

namespace {

// The fixed header's flags, section 3.3.1.
constexpr std::uint8_t kRetain = 0x1;
constexpr std::uint8_t kQoS = 0x6;
constexpr unsigned kQoSShift = 1;
constexpr std::uint8_t kDup = 0x8;

}  // namespace

ReasonCode decode_publish(Version version, std::uint8_t flags, Bytes body, Publish& publish) {
  if ((flags & kQoS) == kQoS) return ReasonCode::MalformedPacket;  // [MQTT-3.3.1-4]
  publish.qos = static_cast<QoS>((flags & kQoS) >> kQoSShift);
  publish.dup = (flags & kDup) != 0;
  publish.retain = (flags & kRetain) != 0;
  const bool has_packet_id = publish.qos != QoS::AtMostOnce;              // [MQTT-2.2.1-2]
  if (publish.dup && !has_packet_id) return ReasonCode::MalformedPacket;  // [MQTT-3.3.1-2]

  Reader in(body);
  publish.topic_name = in.utf8_string();  // [MQTT-3.3.2-1]
  if (has_packet_id) publish.packet_id = in.two_byte_integer();
  if (version == Version::V5) {
    const ReasonCode reason = read_properties(in, PropertyPlace::Publish, publish.properties);
    if (is_error(reason)) return reason;
  }
  if (!in.ok()) return ReasonCode::MalformedPacket;
  publish.payload = in.rest();

  if (publish.packet_id == PacketIdentifier{0}) return ReasonCode::ProtocolError;  // [MQTT-2.2.1-3]
  if (has_wildcard(publish.topic_name)) return ReasonCode::MalformedPacket;        // [MQTT-3.3.2-2]
  if (!publish.topic_name.empty() || publish.properties.topic_alias) return ReasonCode::Success;
  // 5.0 section 3.3.2.1; before, [MQTT-4.7.3-1@3.1.1] alone.
  return version == Version::V5 ? ReasonCode::ProtocolError : ReasonCode::MalformedPacket;
}

Result<Publish, ReasonCode> decode_publish(Version version, std::uint8_t flags, Bytes body) {
  return decoded<Publish>(
      [&](Publish& publish) { return decode_publish(version, flags, body, publish); });
}

namespace {

// As measure_publish_head(), with a `body` and a QoS that may be.
std::uint32_t head_bytes(Version version, std::uint8_t flags, Bytes body) {
  std::uint32_t bytes = 2;  // of the topic name's length
  if (body.size() < bytes) return bytes;
  bytes += static_cast<std::uint32_t>(body[0] << 8 | body[1]);
  if ((flags & kQoS) != 0) bytes += 2;  // the packet identifier
  if (version != Version::V5) return bytes;

  // Property Length: one to four bytes, the last of which has no high bit.
  std::uint32_t property_bytes = 0;
  for (std::uint32_t shift = 0; shift <= 21; shift += 7) {
    if (bytes >= body.size()) return bytes + 1;
    const std::uint8_t digit = body[bytes++];
    property_bytes |= static_cast<std::uint32_t>(digit & 0x7F) << shift;
    if ((digit & 0x80) != 0) continue;
    return digit == 0 && shift != 0 ? 0 : bytes + property_bytes;  // [MQTT-1.5.5-1]
  }
  return 0;
}

}  // namespace

std::uint32_t measure_publish_head(Version version, std::uint8_t flags, Bytes body,
                                   std::uint32_t remaining_length) {
  if ((flags & kQoS) == kQoS) return 0;  // [MQTT-3.3.1-4]
  body = body.first(std::min<std::size_t>(body.size(), remaining_length));
  const std::uint32_t bytes = head_bytes(version, flags, body);
  return bytes <= remaining_length ? bytes : 0;
}

void encode_publish(Writer& out, Version version, const Publish& publish) {
  const bool has_packet_id = publish.qos != QoS::AtMostOnce;
  const bool dup = publish.dup && has_packet_id;  // [MQTT-3.3.1-2]
  const unsigned flags = (dup ? kDup : 0U) | (publish.retain ? kRetain : 0U) |
                         static_cast<unsigned>(publish.qos) << kQoSShift;

  const std::size_t start =
      begin_packet(out, PacketType::Publish, static_cast<std::uint8_t>(flags));
  out.utf8_string(publish.topic_name);
  if (has_packet_id) out.two_byte_integer(publish.packet_id.value_or(0));
  if (version == Version::V5) write_properties(out, publish.properties);
  out.raw(publish.payload);
  out.insert_length(start);
}

}  // namespace midge::wire
