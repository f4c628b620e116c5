#include "broker/wire/subscribe.hpp"

#include "broker/wire/decoded.hpp"
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

// Reads a filter and, in a SUBSCRIBE, its options.
ReasonCode read_entry(Reader& in, Version version, PacketType type) {
  in.utf8_string();  // [MQTT-3.8.3-1] [MQTT-3.10.3-1]
  const std::uint8_t options = type == PacketType::Subscribe ? in.byte() : std::uint8_t{0};
  return in.ok() ? judge_options(version, options) : ReasonCode::MalformedPacket;
}

}  // namespace

ReasonCode decode_filters(Version version, Bytes body, FilterList& list) {
  Reader in(body);
  list.packet_id = in.two_byte_integer();
  if (version == Version::V5) {
    const ReasonCode reason =
        read_properties(in, static_cast<PropertyPlace>(list.type), list.properties);
    if (is_error(reason)) return reason;
  }
  if (!in.ok()) return ReasonCode::MalformedPacket;
  list.entries = in.rest();
  for (; !in.at_end(); ++list.count) {
    const ReasonCode reason = read_entry(in, version, list.type);
    if (is_error(reason)) return reason;
  }
  // A filter at least [MQTT-3.8.3-2] [MQTT-3.10.3-2], and an identifier [MQTT-2.2.1-3].
  return list.count == 0 || list.packet_id == 0 ? ReasonCode::ProtocolError : ReasonCode::Success;
}

std::optional<SubscribeEntry> FilterList::next(std::size_t& offset) const {
  if (offset >= entries.size()) return std::nullopt;
  Reader in(entries.subspan(offset));
  SubscribeEntry entry{.filter = as_text(in.binary_data())};  // validated when decoded
  if (type == PacketType::Subscribe) entry.options = options_of(in.byte());
  if (!in.ok()) return std::nullopt;
  offset = entries.size() - in.rest().size();
  return entry;
}

Result<FilterList, ReasonCode> decode_subscribe(Version version, Bytes body) {
  return decoded<FilterList>([&](FilterList& list) { return decode_filters(version, body, list); });
}

Result<FilterList, ReasonCode> decode_unsubscribe(Version version, Bytes body) {
  return decoded<FilterList>([&](FilterList& list) {
    list.type = PacketType::Unsubscribe;
    return decode_filters(version, body, list);
  });
}

void encode_subscribe(Writer& out, Version version, PacketIdentifier packet_id,
                      const Properties& properties, std::span<const SubscribeEntry> entries) {
  const std::size_t start = begin_packet(out, PacketType::Subscribe, 0x2);  // [MQTT-3.8.1-1]
  out.two_byte_integer(packet_id);
  if (version == Version::V5) write_properties(out, properties);
  for (const SubscribeEntry& entry : entries) {
    out.utf8_string(entry.filter);
    out.byte(options_byte(version, entry.options));
  }
  out.insert_length(start);
}

void encode_unsubscribe(Writer& out, Version version, PacketIdentifier packet_id,
                        const Properties& properties, std::span<const std::string_view> filters) {
  const std::size_t start = begin_packet(out, PacketType::Unsubscribe, 0x2);  // [MQTT-3.10.1-1]
  out.two_byte_integer(packet_id);
  if (version == Version::V5) write_properties(out, properties);
  for (const std::string_view filter : filters) out.utf8_string(filter);
  out.insert_length(start);
}

}  // namespace midge::wire
