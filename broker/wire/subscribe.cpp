#include "broker/wire/subscribe.hpp"

#include "broker/wire/frame.hpp"
#include "broker/wire/reader.hpp"

namespace midge::wire {

namespace {

// The options byte, section 3.8.3.1. Before 5.0 it has the QoS only.
constexpr std::uint8_t kQoS = 0x03;
constexpr std::uint8_t kNoLocal = 0x04;
constexpr std::uint8_t kRetainAsPublished = 0x08;
constexpr std::uint8_t kRetainHandling = 0x30;
constexpr unsigned kRetainHandlingShift = 4;
constexpr std::uint8_t kReserved = 0xC0;

ReasonCode judge_options(Version version, std::uint8_t options) {
  if (version != Version::V5) {  // [MQTT-3.8.3-4@3.1.1]
    return options <= 2 ? ReasonCode::Success : ReasonCode::MalformedPacket;
  }
  if ((options & kReserved) != 0) return ReasonCode::MalformedPacket;  // [MQTT-3.8.3-5]
  // "It is a Protocol Error" to have either at 3.
  if ((options & kQoS) == kQoS) return ReasonCode::ProtocolError;
  if ((options & kRetainHandling) == kRetainHandling) return ReasonCode::ProtocolError;
  return ReasonCode::Success;
}

SubscriptionOptions options_of(std::uint8_t options) {
  return {static_cast<QoS>(options & kQoS), (options & kNoLocal) != 0,
          (options & kRetainAsPublished) != 0,
          static_cast<RetainHandling>((options & kRetainHandling) >> kRetainHandlingShift)};
}

std::uint8_t options_byte(Version version, const SubscriptionOptions& options) {
  unsigned byte = static_cast<unsigned>(options.maximum_qos);
  if (version != Version::V5) return static_cast<std::uint8_t>(byte);
  if (options.no_local) byte |= kNoLocal;
  if (options.retain_as_published) byte |= kRetainAsPublished;
  byte |= static_cast<unsigned>(options.retain_handling) << kRetainHandlingShift;
  return static_cast<std::uint8_t>(byte);
}

ReasonCode read_subscribe(Reader& in, Version version, Subscribe& subscribe) {
  subscribe.packet_id = in.two_byte_integer();
  if (version == Version::V5) {
    const ReasonCode reason = read_properties(in, PropertyPlace::Subscribe, subscribe.properties);
    if (is_error(reason)) return reason;
  }
  if (!in.ok()) return ReasonCode::MalformedPacket;
  subscribe.entries = in.rest();
  while (!in.at_end()) {
    in.utf8_string();  // [MQTT-3.8.3-1]
    const std::uint8_t options = in.byte();
    if (!in.ok()) return ReasonCode::MalformedPacket;
    const ReasonCode reason = judge_options(version, options);
    if (is_error(reason)) return reason;
    ++subscribe.count;
  }
  if (subscribe.count == 0) return ReasonCode::ProtocolError;  // [MQTT-3.8.3-2]
  return subscribe.packet_id == 0 ? ReasonCode::ProtocolError  // [MQTT-2.2.1-3]
                                  : ReasonCode::Success;
}

}  // namespace

std::optional<SubscribeEntry> Subscribe::next(std::size_t& offset) const {
  if (offset >= entries.size()) return std::nullopt;
  Reader in(entries.subspan(offset));
  const std::string_view filter = as_text(in.binary_data());  // validated when decoded
  const std::uint8_t options = in.byte();
  if (!in.ok()) return std::nullopt;
  offset = entries.size() - in.rest().size();
  return SubscribeEntry{filter, options_of(options)};
}

Result<Subscribe, ReasonCode> decode_subscribe(Version version, Bytes body) {
  Result<Subscribe, ReasonCode> result{Subscribe{}};
  Reader in(body);
  const ReasonCode reason = read_subscribe(in, version, *result);
  if (is_error(reason)) result = Failure{reason};
  return result;
}

void encode_subscribe(Writer& out, Version version, PacketIdentifier packet_id,
                      const Properties& properties, std::span<const SubscribeEntry> entries) {
  std::size_t bytes = 2;
  if (version == Version::V5) bytes += property_section_bytes(properties);
  for (const SubscribeEntry& entry : entries) bytes += string_bytes(entry.filter) + 1;

  write_fixed_header(out, PacketType::Subscribe, 0x2, length_of(bytes));  // [MQTT-3.8.1-1]
  out.two_byte_integer(packet_id);
  if (version == Version::V5) write_properties(out, properties);
  for (const SubscribeEntry& entry : entries) {
    out.utf8_string(entry.filter);
    out.byte(options_byte(version, entry.options));
  }
}

}  // namespace midge::wire
