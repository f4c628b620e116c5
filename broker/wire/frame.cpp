#include "broker/wire/frame.hpp"

namespace midge::wire {

bool flags_are_valid(Version version, PacketType type, std::uint8_t flags) {
  using enum PacketType;
  switch (type) {
    case Publish:  // DUP, QoS and RETAIN: decode_publish() judges them
      return true;
    case Pubrel:       // [MQTT-3.6.1-1]
    case Subscribe:    // [MQTT-3.8.1-1]
    case Unsubscribe:  // [MQTT-3.10.1-1]
      return version == Version::V31 || flags == 0x2;
    case Connect:
    case Connack:
    case Puback:
    case Pubrec:
    case Pubcomp:
    case Suback:
    case Unsuback:
    case Pingreq:
    case Pingresp:
    case Disconnect:  // [MQTT-3.14.1-1]
    case Auth:        // [MQTT-3.15.1-1]
      break;
  }
  return flags == 0;  // [MQTT-2.1.3-1] [MQTT-2.2.2-2@3.1.1]
}

std::size_t begin_packet(Writer& out, PacketType type, std::uint8_t flags) {
  out.byte(static_cast<std::uint8_t>(static_cast<std::uint8_t>(type) << 4 | (flags & 0x0F)));
  return out.size();
}

void write_fixed_header(Writer& out, PacketType type, std::uint8_t flags,
                        std::uint32_t remaining_length) {
  static_cast<void>(begin_packet(out, type, flags));
  out.variable_byte_integer(remaining_length);
}

}  // namespace midge::wire
