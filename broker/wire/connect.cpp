#include "broker/wire/connect.hpp"

#include "broker/wire/frame.hpp"
#include "broker/wire/reader.hpp"
#include "broker/wire/text.hpp"

namespace midge::wire {

namespace {

constexpr std::string_view kName = "MQTT";      // 3.1.1 and 5.0
constexpr std::string_view kName31 = "MQIsdp";  // 3.1
constexpr std::uint8_t kBridgeBit = 0x80;       // of the level: Mosquitto's try_private

// The CONNECT flags, section 3.1.2.3.
constexpr std::uint8_t kReserved = 0x01;
constexpr std::uint8_t kCleanStart = 0x02;
constexpr std::uint8_t kWill = 0x04;
constexpr std::uint8_t kWillQoS = 0x18;
constexpr unsigned kWillQoSShift = 3;
constexpr std::uint8_t kWillRetain = 0x20;
constexpr std::uint8_t kPassword = 0x40;
constexpr std::uint8_t kUserName = 0x80;

// Reads protocol name and level into `connect`.
ConnectError read_protocol(Reader& in, Connect& connect) {
  const std::string_view name = in.utf8_string();
  const std::uint8_t level = in.byte();
  if (!in.ok()) return {.reason = ReasonCode::MalformedPacket};
  const bool is_31 = name == kName31;
  if (name != kName && !is_31) {  // [MQTT-3.1.2-1]
    return {.reason = ReasonCode::UnsupportedProtocolVersion};
  }
  connect.bridge = (level & kBridgeBit) != 0;
  connect.version = static_cast<Version>(connect.bridge ? level & ~unsigned{kBridgeBit} : level);
  const bool is_known = is_31 ? connect.version == Version::V31
                              : connect.version == Version::V311 ||
                                    (connect.version == Version::V5 && !connect.bridge);
  if (is_known) return {};
  return {.reason = ReasonCode::UnsupportedProtocolVersion,  // [MQTT-3.1.2-2]
          .unsupported_level = true};
}

bool connect_flags_are_valid(Version version, std::uint8_t flags) {
  // [MQTT-3.1.2-3] [MQTT-3.1.2-3@3.1.1]; 3.1 calls the bit unused.
  if ((flags & kReserved) != 0 && version != Version::V31) return false;
  if ((flags & kWillQoS) == kWillQoS) return false;  // [MQTT-3.1.2-12] [MQTT-3.1.2-14@3.1.1]
  // [MQTT-3.1.2-11, -13] [MQTT-3.1.2-11, -13, -15@3.1.1]
  if ((flags & kWill) == 0 && (flags & (kWillQoS | kWillRetain)) != 0) return false;
  // [MQTT-3.1.2-22@3.1.1]; 5.0 lets a password stand alone [MQTT-3.1.2-19].
  if (version != Version::V5 && (flags & kPassword) != 0 && (flags & kUserName) == 0) return false;
  return true;
}

// Will Properties, Will Topic, Will Payload [MQTT-3.1.2-9]. A failed `in` says MalformedPacket.
ReasonCode read_will(Reader& in, Version version, std::uint8_t flags, Will& will) {
  will.qos = static_cast<QoS>((flags & kWillQoS) >> kWillQoSShift);
  will.retain = (flags & kWillRetain) != 0;
  if (version == Version::V5) {
    const ReasonCode reason = read_properties(in, PropertyPlace::Will, will.properties);
    if (is_error(reason)) return reason;
  }
  will.topic_name = in.utf8_string();  // [MQTT-3.1.3-11]
  will.payload = in.binary_data();
  if (!in.ok()) return ReasonCode::MalformedPacket;
  return is_topic_name(will.topic_name) ? ReasonCode::Success : ReasonCode::MalformedPacket;
}

// Reads what stands behind the protocol level. Returns Success or the error.
ReasonCode read_rest(Reader& in, Connect& connect) {
  const Version version = connect.version;
  const std::uint8_t flags = in.byte();
  if (!connect_flags_are_valid(version, flags)) return ReasonCode::MalformedPacket;
  connect.clean_start = (flags & kCleanStart) != 0;
  connect.keep_alive = in.two_byte_integer();
  if (version == Version::V5) {
    const ReasonCode reason = read_properties(in, PropertyPlace::Connect, connect.properties);
    if (is_error(reason)) return reason;
  }
  connect.client_id = in.utf8_string();  // first, and always there [MQTT-3.1.3-1, -3, -4]
  ReasonCode will_reason = ReasonCode::Success;
  if ((flags & kWill) != 0) {
    will_reason = read_will(in, version, flags, connect.will.emplace());
    if (!in.ok()) return will_reason;
  }
  // 3.1 section 3.1: the Remaining Length takes precedence over the two flags.
  const auto is_missing = [&] { return version == Version::V31 && in.ok() && in.at_end(); };
  if ((flags & kUserName) != 0 && !is_missing()) {             // [MQTT-3.1.2-16, -17]
    connect.user_name = std::make_optional(in.utf8_string());  // [MQTT-3.1.3-12]
  }
  if ((flags & kPassword) != 0 && !is_missing()) {  // [MQTT-3.1.2-18, -19]
    connect.password = std::make_optional(in.binary_data());
  }
  if (!in.ok() || !in.at_end()) return ReasonCode::MalformedPacket;
  return will_reason;
}

}  // namespace

ConnectError decode_connect(std::uint8_t flags, Bytes body, Connect& connect) {
  Reader in(body);
  ConnectError error = read_protocol(in, connect);
  if (is_error(error.reason)) return error;
  // The fixed header's flags are judged behind the level, so that a 5.0 client can be told.
  error.version = connect.version;
  error.reason = flags_are_valid(connect.version, PacketType::Connect, flags)
                     ? read_rest(in, connect)
                     : ReasonCode::MalformedPacket;
  return error;
}

Result<Connect, ConnectError> decode_connect(std::uint8_t flags, Bytes body) {
  Result<Connect, ConnectError> result{Connect{}};
  const ConnectError error = decode_connect(flags, body, *result);
  if (is_error(error.reason)) result = Failure{error};
  return result;
}

namespace {

std::uint8_t protocol_level(const Connect& connect) {
  const auto level = static_cast<std::uint8_t>(connect.version);
  const bool bridge = connect.bridge && connect.version != Version::V5;
  return static_cast<std::uint8_t>(level | (bridge ? kBridgeBit : 0));
}

std::uint8_t connect_flags(const Connect& connect, bool has_password) {
  unsigned flags = connect.clean_start ? kCleanStart : 0;
  if (connect.will) {
    flags |= kWill | static_cast<unsigned>(connect.will->qos) << kWillQoSShift;
    if (connect.will->retain) flags |= kWillRetain;
  }
  if (connect.user_name) flags |= kUserName;
  if (has_password) flags |= kPassword;
  return static_cast<std::uint8_t>(flags);
}

}  // namespace

void encode_connect(Writer& out, const Connect& connect) {
  const bool v5 = connect.version == Version::V5;
  const bool has_password = connect.password && (v5 || connect.user_name);  // [..-22@3.1.1]

  const std::size_t start = begin_packet(out, PacketType::Connect);
  out.utf8_string(connect.version == Version::V31 ? kName31 : kName);
  out.byte(protocol_level(connect));
  out.byte(connect_flags(connect, has_password));
  out.two_byte_integer(connect.keep_alive);
  if (v5) write_properties(out, connect.properties);
  out.utf8_string(connect.client_id);
  if (connect.will) {
    if (v5) write_properties(out, connect.will->properties);
    out.utf8_string(connect.will->topic_name);
    out.binary_data(connect.will->payload);
  }
  if (connect.user_name) out.utf8_string(*connect.user_name);
  if (has_password) out.binary_data(*connect.password);
  out.insert_length(start);
}

}  // namespace midge::wire
