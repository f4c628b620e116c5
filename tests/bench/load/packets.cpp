#include "tests/bench/load/packets.hpp"

#include <algorithm>
#include <cstring>

namespace midge::bench {
namespace {

void put_u16(std::string& out, std::size_t value) {
  out += static_cast<char>(value >> 8);
  out += static_cast<char>(value);
}

void put_text(std::string& out, std::string_view text) {
  put_u16(out, text.size());
  out += text;
}

std::string packet(Type type, unsigned flags, const std::string& body) {
  std::string out(1, static_cast<char>(static_cast<unsigned>(type) << 4 | flags));
  std::size_t length = body.size();
  do {
    const std::size_t digit = length & 127;
    length >>= 7;
    out += static_cast<char>(length != 0 ? digit | 128 : digit);
  } while (length != 0);
  return out + body;
}

// Bytes of an MQTT 5.0 property's value; 0 where the identifier is not known.
std::size_t property_bytes(std::uint8_t id, const std::uint8_t* value, std::size_t bytes) {
  const auto end_of_text = [&](std::size_t at) {
    if (at + 2 > bytes) return bytes + 1;
    return at + 2 + static_cast<std::size_t>(value[at] << 8 | value[at + 1]);
  };
  switch (id) {
    case 0x01:
    case 0x17:
    case 0x19:
    case 0x24:
    case 0x25:
    case 0x28:
    case 0x29:
    case 0x2A:
      return 1;
    case 0x13:
    case 0x21:
    case 0x22:
    case 0x23:
      return 2;
    case 0x02:
    case 0x11:
    case 0x18:
    case 0x27:
      return 4;
    case 0x03:
    case 0x08:
    case 0x09:
    case 0x12:
    case 0x15:
    case 0x16:
    case 0x1A:
    case 0x1C:
    case 0x1F:
      return end_of_text(0);
    case 0x26:
      return end_of_text(end_of_text(0));
    default:
      return 0;
  }
}

}  // namespace

std::string connect_packet(bool v5, std::string_view client_id, bool is_kept) {
  constexpr std::size_t kKeepAliveSeconds = 600;  // longer than any run: no PINGREQ is needed
  std::string body;
  put_text(body, "MQTT");
  body += static_cast<char>(v5 ? 5 : 4);
  body += is_kept ? '\0' : '\x02';  // Clean Session, Clean Start
  put_u16(body, kKeepAliveSeconds);
  using namespace std::string_view_literals;
  if (v5) body += is_kept ? "\x05\x11\xFF\xFF\xFF\xFF"sv : "\0"sv;  // Session Expiry Interval
  put_text(body, client_id);
  return packet(Type::Connect, 0, body);
}

std::string subscribe_packet(bool v5, std::uint16_t id, const std::vector<std::string>& filters,
                             std::uint8_t qos) {
  std::string body;
  put_u16(body, id);
  if (v5) body += '\0';
  for (const std::string& filter : filters) {
    put_text(body, filter);
    body += static_cast<char>(qos);
  }
  return packet(Type::Subscribe, 2, body);
}

std::string disconnect_packet() {
  return packet(Type::Disconnect, 0, {});
}

void append_ack(std::string& out, Type type, std::uint16_t id) {
  const unsigned flags = type == Type::Pubrel ? 2 : 0;
  const char bytes[4] = {static_cast<char>(static_cast<unsigned>(type) << 4 | flags), 2,
                         static_cast<char>(id >> 8), static_cast<char>(id)};
  out.append(bytes, sizeof bytes);
}

PublishTemplate::PublishTemplate(bool v5, std::string_view topic, std::uint8_t qos, bool retain,
                                 std::size_t payload_bytes) {
  std::string body;
  put_text(body, topic);
  const std::size_t id_in_body = body.size();
  if (qos > 0) put_u16(body, 0);
  if (v5) body += '\0';
  const std::size_t stamp_in_body = body.size();
  body.append(std::max(payload_bytes, sizeof(Stamp)), 'x');
  bytes_ = packet(Type::Publish, static_cast<unsigned>(qos) << 1 | (retain ? 1U : 0U), body);
  const std::size_t header_bytes = bytes_.size() - body.size();
  if (qos > 0) id_at_ = header_bytes + id_in_body;
  stamp_at_ = header_bytes + stamp_in_body;
}

void PublishTemplate::append_to(std::string& out, std::uint16_t id, const Stamp& stamp) const {
  const std::size_t at = out.size();
  out += bytes_;
  if (has_id()) {
    out[at + id_at_] = static_cast<char>(id >> 8);
    out[at + id_at_ + 1] = static_cast<char>(id);
  }
  std::memcpy(&out[at + stamp_at_], &stamp, sizeof stamp);
}

std::uint32_t receive_maximum(const std::uint8_t* properties, std::size_t bytes) {
  constexpr std::uint8_t kReceiveMaximum = 0x21;
  while (bytes > 1) {
    if (properties[0] == kReceiveMaximum && bytes >= 3) {
      return static_cast<std::uint32_t>(properties[1] << 8 | properties[2]);
    }
    const std::size_t value = property_bytes(properties[0], properties + 1, bytes - 1);
    if (value == 0 || value + 1 > bytes) break;
    properties += value + 1;
    bytes -= value + 1;
  }
  return 65'535;
}

}  // namespace midge::bench
