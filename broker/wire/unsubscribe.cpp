#include "broker/wire/unsubscribe.hpp"

#include "broker/wire/frame.hpp"
#include "broker/wire/reader.hpp"

namespace midge::wire {

namespace {

ReasonCode read_unsubscribe(Reader& in, Version version, Unsubscribe& unsubscribe) {
  unsubscribe.packet_id = in.two_byte_integer();
  if (version == Version::V5) {
    const ReasonCode reason =
        read_properties(in, PropertyPlace::Unsubscribe, unsubscribe.properties);
    if (is_error(reason)) return reason;
  }
  if (!in.ok()) return ReasonCode::MalformedPacket;
  unsubscribe.filters = in.rest();
  while (!in.at_end()) {
    in.utf8_string();  // [MQTT-3.10.3-1]
    if (!in.ok()) return ReasonCode::MalformedPacket;
    ++unsubscribe.count;
  }
  if (unsubscribe.count == 0) return ReasonCode::ProtocolError;  // [MQTT-3.10.3-2]
  return unsubscribe.packet_id == 0 ? ReasonCode::ProtocolError  // [MQTT-2.2.1-3]
                                    : ReasonCode::Success;
}

}  // namespace

std::optional<std::string_view> Unsubscribe::next(std::size_t& offset) const {
  if (offset >= filters.size()) return std::nullopt;
  Reader in(filters.subspan(offset));
  const std::string_view filter = as_text(in.binary_data());  // validated when decoded
  if (!in.ok()) return std::nullopt;
  offset = filters.size() - in.rest().size();
  return filter;
}

Result<Unsubscribe, ReasonCode> decode_unsubscribe(Version version, Bytes body) {
  Result<Unsubscribe, ReasonCode> result{Unsubscribe{}};
  Reader in(body);
  const ReasonCode reason = read_unsubscribe(in, version, *result);
  if (is_error(reason)) result = Failure{reason};
  return result;
}

void encode_unsubscribe(Writer& out, Version version, PacketIdentifier packet_id,
                        const Properties& properties, std::span<const std::string_view> filters) {
  std::size_t bytes = 2;
  if (version == Version::V5) bytes += property_section_bytes(properties);
  for (const std::string_view filter : filters) bytes += string_bytes(filter);

  write_fixed_header(out, PacketType::Unsubscribe, 0x2, length_of(bytes));  // [MQTT-3.10.1-1]
  out.two_byte_integer(packet_id);
  if (version == Version::V5) write_properties(out, properties);
  for (const std::string_view filter : filters) out.utf8_string(filter);
}

}  // namespace midge::wire
