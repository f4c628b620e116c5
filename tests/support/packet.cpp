#include "tests/support/packet.hpp"

#include <stdexcept>

#include "broker/wire/ack.hpp"
#include "broker/wire/connack.hpp"
#include "broker/wire/connect.hpp"
#include "broker/wire/disconnect.hpp"
#include "broker/wire/frame.hpp"
#include "broker/wire/property.hpp"
#include "broker/wire/publish.hpp"
#include "broker/wire/suback.hpp"
#include "broker/wire/subscribe.hpp"

namespace midge::test {
namespace {

// ---- properties

// Calls visit(owning member, wire member) for every property that may stand once.
template <class Owning, class Wire, class Visit>
void for_each_property(Owning& own, Wire& wire, Visit visit) {
  visit(own.payload_format_indicator, wire.payload_format_indicator);
  visit(own.message_expiry_interval, wire.message_expiry_interval);
  visit(own.content_type, wire.content_type);
  visit(own.response_topic, wire.response_topic);
  visit(own.correlation_data, wire.correlation_data);
  visit(own.subscription_identifier, wire.subscription_identifier);
  visit(own.session_expiry_interval, wire.session_expiry_interval);
  visit(own.assigned_client_identifier, wire.assigned_client_identifier);
  visit(own.server_keep_alive, wire.server_keep_alive);
  visit(own.authentication_method, wire.authentication_method);
  visit(own.authentication_data, wire.authentication_data);
  visit(own.request_problem_information, wire.request_problem_information);
  visit(own.will_delay_interval, wire.will_delay_interval);
  visit(own.request_response_information, wire.request_response_information);
  visit(own.response_information, wire.response_information);
  visit(own.server_reference, wire.server_reference);
  visit(own.reason_string, wire.reason_string);
  visit(own.receive_maximum, wire.receive_maximum);
  visit(own.topic_alias_maximum, wire.topic_alias_maximum);
  visit(own.topic_alias, wire.topic_alias);
  visit(own.maximum_qos, wire.maximum_qos);
  visit(own.retain_available, wire.retain_available);
  visit(own.maximum_packet_size, wire.maximum_packet_size);
  visit(own.wildcard_subscription_available, wire.wildcard_subscription_available);
  visit(own.subscription_identifier_available, wire.subscription_identifier_available);
  visit(own.shared_subscription_available, wire.shared_subscription_available);
}

struct ToOwning {
  template <class T>
  void operator()(std::optional<T>& own, const std::optional<T>& wire) const {
    own = wire;
  }
  void operator()(std::optional<std::string>& own,
                  const std::optional<std::string_view>& wire) const {
    if (wire) own = std::string(*wire);
  }
  void operator()(std::optional<std::string>& own, const std::optional<Bytes>& wire) const {
    if (wire) own = std::string(as_text(*wire));
  }
};

struct ToWire {
  template <class T>
  void operator()(const std::optional<T>& own, std::optional<T>& wire) const {
    wire = own;
  }
  void operator()(const std::optional<std::string>& own,
                  std::optional<std::string_view>& wire) const {
    if (own) wire = *own;
  }
  void operator()(const std::optional<std::string>& own, std::optional<Bytes>& wire) const {
    if (own) wire = as_bytes(*own);
  }
};

Properties owning(const wire::Properties& from) {
  Properties props;
  for_each_property(props, from, ToOwning{});
  std::size_t offset = 0;
  while (const auto property = from.section.next_user_property(offset))
    props.user.emplace_back(property->name, property->value);
  offset = 0;
  while (const auto id = from.section.next_subscription_identifier(offset))
    props.subscription_ids.push_back(*id);
  return props;
}

// What wire's encoders want, with the memory behind it: `props` must outlive it.
class WireProperties {
 public:
  explicit WireProperties(const Properties& props) {
    for_each_property(props, wire_, ToWire{});
    for (const auto& [name, value] : props.user) {
      section_.push_back(static_cast<std::uint8_t>(wire::PropertyId::UserProperty));
      add(name);
      add(value);
    }
    wire_.section = wire::PropertySection(section_);
  }
  WireProperties(const WireProperties&) = delete;
  WireProperties& operator=(const WireProperties&) = delete;

  [[nodiscard]] const wire::Properties& get() const { return wire_; }

 private:
  void add(std::string_view text) {
    section_.push_back(static_cast<std::uint8_t>(text.size() >> 8));
    section_.push_back(static_cast<std::uint8_t>(text.size() & 0xFF));
    section_.insert(section_.end(), text.begin(), text.end());
  }

  ByteVector section_;
  wire::Properties wire_;
};

// ---- writing

// Runs `encode` into a buffer that is as large as it takes.
template <class Encode>
ByteVector written(Encode encode) {
  constexpr std::size_t kLargest = std::size_t{1} << 29;
  for (std::size_t room = 1'024; room <= kLargest; room *= 4) {
    ByteVector buffer(room);
    wire::Writer out(buffer);
    encode(out);
    if (!out.ok()) continue;
    const Bytes bytes = out.written();
    return {bytes.begin(), bytes.end()};
  }
  throw std::length_error("a test wants to send a packet that can't be written");
}

// ---- reading

template <class T, class E, class Take>
std::string take_or_error(const Result<T, E>& result, Take take) {
  if (!result) {
    std::string error = "malformed (";
    error += wire::reason_name(result.error());
    return error + ")";
  }
  take(*result);
  return {};
}

std::string decode_body(Packet& packet, Bytes body) {
  using enum PacketType;
  switch (packet.type) {
    case Connack:
      if (packet.version != Version::V5 && body.size() == 2)
        packet.return_code = static_cast<ReturnCode>(body[1]);
      return take_or_error(wire::decode_connack(packet.version, packet.flags, body),
                           [&](const wire::Connack& connack) {
                             packet.session_present = connack.session_present;
                             packet.reason = connack.reason;
                             packet.props = owning(connack.properties);
                           });
    case Publish:
      return take_or_error(wire::decode_publish(packet.version, packet.flags, body),
                           [&](const wire::Publish& publish) {
                             packet.topic = publish.topic_name;
                             packet.payload = as_text(publish.payload);
                             packet.packet_id = publish.packet_id.value_or(0);
                             packet.qos = publish.qos;
                             packet.dup = publish.dup;
                             packet.retain = publish.retain;
                             packet.props = owning(publish.properties);
                           });
    case Puback:
    case Pubrec:
    case Pubrel:
    case Pubcomp:
      return take_or_error(wire::decode_ack(packet.version, packet.type, body),
                           [&](const wire::Ack& ack) {
                             packet.packet_id = ack.packet_id;
                             packet.reason = ack.reason;
                             packet.props = owning(ack.properties);
                           });
    case Suback:
    case Unsuback:
      return take_or_error(wire::decode_suback(packet.version, packet.type, body),
                           [&](const wire::Suback& suback) {
                             packet.packet_id = suback.packet_id;
                             packet.props = owning(suback.properties);
                             for (const std::uint8_t code : suback.codes)
                               packet.codes.push_back(static_cast<ReasonCode>(code));
                           });
    case Pingresp:
      return wire::ping_is_valid(body) ? "" : "malformed (a body)";
    case Disconnect:
      if (packet.version != Version::V5) break;
      return take_or_error(wire::decode_disconnect(packet.version, body),
                           [&](const wire::Disconnect& disconnect) {
                             packet.reason = disconnect.reason;
                             packet.props = owning(disconnect.properties);
                           });
    case Auth:
      if (packet.version != Version::V5) break;
      return take_or_error(wire::decode_auth(body), [&](const wire::Auth& auth) {
        packet.reason = auth.reason;
        packet.props = owning(auth.properties);
      });
    case Connect:
    case Subscribe:
    case Unsubscribe:
    case Pingreq:
      break;
  }
  return "no server may send it";
}

}  // namespace

Decoded decode_packet(Version version, Bytes stream) {
  Decoded decoded;
  const wire::FrameResult frame = wire::read_fixed_header(stream);
  if (frame.framing == wire::Framing::Malformed) decoded.error = "malformed fixed header";
  if (frame.framing != wire::Framing::Frame) return decoded;
  const std::size_t bytes = std::size_t{frame.header.header_bytes} + frame.header.remaining_length;
  if (stream.size() < bytes) return decoded;

  Packet packet;
  packet.type = frame.header.type;
  packet.version = version;
  packet.flags = frame.header.flags;
  packet.bytes.assign(stream.begin(), stream.begin() + static_cast<std::ptrdiff_t>(bytes));
  decoded.bytes = bytes;
  const std::uint8_t expected_flags = packet.type == PacketType::Pubrel ? 2 : 0;
  if (packet.type != PacketType::Publish && packet.flags != expected_flags)
    decoded.error = "wrong flag bits";
  else
    decoded.error = decode_body(packet, Bytes(packet.bytes).subspan(frame.header.header_bytes));
  if (!decoded.error.empty()) {
    decoded.error += ": ";
    decoded.error += wire::packet_name(packet.type);
    decoded.error += ' ';
    decoded.error += to_hex(packet.bytes);
    return decoded;
  }
  decoded.packet = std::move(packet);
  return decoded;
}

std::string describe(const Packet& packet) {
  std::string text(wire::packet_name(packet.type));
  if (packet.packet_id != 0) text += " id " + std::to_string(packet.packet_id);
  if (packet.type == PacketType::Publish) {
    text += " QoS " + std::to_string(static_cast<unsigned>(packet.qos));
    if (packet.dup) text += " DUP";
    if (packet.retain) text += " RETAIN";
    text += " topic \"" + packet.topic + "\" payload \"" + packet.payload.substr(0, 60) + "\"";
  } else if (packet.reason != ReasonCode::Success) {
    text += ' ';
    text += wire::reason_name(packet.reason);
  }
  if (!packet.codes.empty()) {
    ByteVector codes;
    for (const ReasonCode code : packet.codes) codes.push_back(static_cast<std::uint8_t>(code));
    text += " codes " + to_hex(codes);
  }
  if (packet.props.reason_string) text += " (" + *packet.props.reason_string + ")";
  return text;
}

ByteVector connect_bytes(Version version, std::string_view client_id,
                         const ConnectOptions& options) {
  const WireProperties properties(options.props);
  const Properties no_properties;
  const WireProperties will_properties(options.will ? options.will->props : no_properties);
  wire::Connect connect;
  connect.version = version;
  connect.bridge = options.bridge;
  connect.clean_start = options.clean_start;
  connect.keep_alive = options.keep_alive;
  connect.client_id = client_id;
  if (options.user_name) connect.user_name = *options.user_name;
  if (options.password) connect.password = as_bytes(*options.password);
  if (options.will) {
    connect.will = wire::Will{.topic_name = options.will->topic,
                              .payload = as_bytes(options.will->payload),
                              .qos = options.will->qos,
                              .retain = options.will->retain,
                              .properties = will_properties.get()};
  }
  connect.properties = properties.get();
  return written([&](wire::Writer& out) { wire::encode_connect(out, connect); });
}

ByteVector publish_bytes(Version version, std::string_view topic, std::string_view payload, QoS qos,
                         const PublishOptions& options) {
  const WireProperties properties(options.props);
  wire::Publish publish;
  publish.topic_name = topic;
  publish.payload = as_bytes(payload);
  if (qos != kQoS0) publish.packet_id = options.packet_id.value_or(1);
  publish.qos = qos;
  publish.dup = options.dup;
  publish.retain = options.retain;
  publish.properties = properties.get();
  return written([&](wire::Writer& out) { wire::encode_publish(out, version, publish); });
}

ByteVector ack_bytes(Version version, PacketType type, PacketIdentifier packet_id,
                     ReasonCode reason, const Properties& props) {
  const WireProperties properties(props);
  const wire::Ack ack{.packet_id = packet_id, .reason = reason, .properties = properties.get()};
  return written([&](wire::Writer& out) { wire::encode_ack(out, version, type, ack); });
}

ByteVector subscribe_bytes(Version version, PacketIdentifier packet_id,
                           const std::vector<Filter>& filters, const Properties& props) {
  const WireProperties properties(props);
  std::vector<wire::SubscribeEntry> entries;
  for (const Filter& filter : filters) {
    entries.push_back({.filter = filter.filter,
                       .options = {.maximum_qos = filter.qos,
                                   .no_local = filter.no_local,
                                   .retain_as_published = filter.retain_as_published,
                                   .retain_handling = filter.retain_handling}});
  }
  return written([&](wire::Writer& out) {
    wire::encode_subscribe(out, version, packet_id, properties.get(), entries);
  });
}

ByteVector unsubscribe_bytes(Version version, PacketIdentifier packet_id,
                             const std::vector<std::string>& filters, const Properties& props) {
  const WireProperties properties(props);
  const std::vector<std::string_view> views(filters.begin(), filters.end());
  return written([&](wire::Writer& out) {
    wire::encode_unsubscribe(out, version, packet_id, properties.get(), views);
  });
}

ByteVector disconnect_bytes(Version version, ReasonCode reason, const Properties& props) {
  const WireProperties properties(props);
  const wire::Disconnect disconnect{.reason = reason, .properties = properties.get()};
  return written([&](wire::Writer& out) { wire::encode_disconnect(out, version, disconnect); });
}

ByteVector auth_bytes(ReasonCode reason, const Properties& props) {
  const WireProperties properties(props);
  const wire::Auth auth{.reason = reason, .properties = properties.get()};
  return written([&](wire::Writer& out) { wire::encode_auth(out, auth); });
}

ByteVector ping_bytes() {
  return written([](wire::Writer& out) { wire::encode_ping(out, PacketType::Pingreq); });
}

}  // namespace midge::test
