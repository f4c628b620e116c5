// PUBACK, PUBREC, PUBREL and PUBCOMP from the client: which reason codes, properties, flags and
// lengths they may have (MQTT 5.0 sections 3.4 to 3.7).
#include <algorithm>

#include "tests/support/client.hpp"

namespace midge::test {
namespace {

using enum PacketType;

constexpr PacketType kTypes[] = {Puback, Pubrec, Pubrel, Pubcomp};

// The first byte of such a packet, in hex.
const char* first_byte(PacketType type) {
  switch (type) {
    case Puback:
      return "40";
    case Pubrec:
      return "50";
    case Pubrel:
      return "62";
    default:
      return "70";
  }
}

// MQTT 5.0 tables 3-4, 3-6, 3-8 and 3-10.
bool is_listed(PacketType type, int reason) {
  constexpr int kPublishAnswers[] = {0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99};
  if (type == Pubrel || type == Pubcomp) return reason == 0x00 || reason == 0x92;
  return std::find(std::begin(kPublishAnswers), std::end(kPublishAnswers), reason) !=
         std::end(kPublishAnswers);
}

// The answer to such a packet with an identifier that is not in use, or "". A PUBREC that refuses
// has ended its exchange [MQTT-4.3.3-4].
const char* answer_to_unknown(PacketType type, int reason) {
  if (type == Pubrel) return "70 03 00 05 92";
  return type == Pubrec && reason < 0x80 ? "62 03 00 05 92" : "";
}

TEST_CASE(
    "of all reason codes the listed ones are taken and the others a protocol error "
    "[MQTT-3.4.2-1] [MQTT-3.5.2-1] [MQTT-3.6.2-1] [MQTT-3.7.2-1]") {
  for (const PacketType type : kTypes) {
    for (int reason = 0; reason < 256; ++reason) {
      CAPTURE(type);
      CAPTURE(reason);
      Broker broker;
      Client a(broker, Version::V5, "a");
      a.send_hex(std::string(first_byte(type)) + " 03 00 05 " +
                 to_hex({static_cast<std::uint8_t>(reason)}));
      if (is_listed(type, reason)) {
        a.expect_bytes(answer_to_unknown(type, reason));
        a.expect_nothing();
      } else {
        a.expect_disconnect(ReasonCode::ProtocolError);
      }
    }
  }
}

TEST_CASE("each form that may be left out is taken") {
  for (const PacketType type : kTypes) {
    for (const char* rest :
         {" 02 00 05", " 03 00 05 00", " 04 00 05 00 00", " 08 00 05 92 04 1f 00 01 78",
          " 0f 00 05 92 0b 1f 00 01 78 26 00 01 6b 00 01 76",
          " 12 00 05 00 0e 26 00 01 6b 00 01 76 26 00 01 6b 00 01 76"}) {
      std::string bytes = first_byte(type) + std::string(rest);
      // 0x92 is not for PUBACK and PUBREC.
      if (type == Puback || type == Pubrec) {
        if (const auto at = bytes.find(" 92 "); at != std::string::npos)
          bytes.replace(at, 4, " 83 ");
      }
      CAPTURE(bytes);
      Broker broker;
      Client a(broker, Version::V5, "a");
      a.send_hex(bytes);
      a.expect_bytes(answer_to_unknown(type, hex(bytes).size() > 4 ? hex(bytes)[4] : 0));
      a.expect_nothing();
    }
  }
}

TEST_CASE("an acknowledgement that is not as it has to be ends the connection") {
  struct Vector {
    const char* name;
    const char* rest;  // behind the first byte
    ReasonCode reason;
    bool only_v5;
  };
  constexpr Vector kVectors[] = {
      {"no body", " 00", ReasonCode::MalformedPacket, false},
      {"half an identifier", " 01 05", ReasonCode::MalformedPacket, false},
      {"identifier 0", " 02 00 00", ReasonCode::ProtocolError, false},
      {"properties longer than the packet", " 05 00 05 00 02 1f", ReasonCode::MalformedPacket,
       true},
      {"bytes behind the properties", " 05 00 05 00 00 00", ReasonCode::MalformedPacket, true},
      {"a Reason String that is cut off", " 07 00 05 00 03 1f 00 01", ReasonCode::MalformedPacket,
       true},
      {"two Reason Strings", " 0c 00 05 00 08 1f 00 01 78 1f 00 01 78", ReasonCode::ProtocolError,
       true},
      {"a property that it can't have", " 09 00 05 00 05 02 00 00 00 01",
       ReasonCode::MalformedPacket, true},
      {"a property that there is not", " 06 00 05 00 02 04 00", ReasonCode::MalformedPacket, true},
      {"a Reason String that is no UTF-8", " 08 00 05 00 04 1f 00 01 ff",
       ReasonCode::MalformedPacket, true},
  };
  for (const Version version : kBothVersions) {
    for (const PacketType type : kTypes) {
      for (const Vector& v : kVectors) {
        if (v.only_v5 && version != Version::V5) continue;
        CAPTURE(version);
        CAPTURE(type);
        CAPTURE(v.name);
        Broker broker;
        Client a(broker, version, "a");
        a.send_hex(std::string(first_byte(type)) + v.rest);
        a.expect_disconnect(v.reason);
      }
    }
  }
}

TEST_CASE("before 5.0 an acknowledgement has two bytes, no more") {
  for (const Version version : {Version::V31, Version::V311}) {
    for (const PacketType type : kTypes) {
      CAPTURE(version);
      CAPTURE(type);
      Broker broker;
      Client a(broker, version, "a");
      a.send_hex(std::string(first_byte(type)) + " 03 00 05 00");
      a.expect_closed();
    }
  }
}

TEST_CASE(
    "the flags of PUBREL are 0010, others are malformed [MQTT-3.6.1-1] [MQTT-3.6.1-1@3.1.1]") {
  for (const Version version : kBothVersions) {
    for (std::uint8_t flags = 0; flags < 16; ++flags) {
      CAPTURE(version);
      CAPTURE(flags);
      Broker broker;
      Client a(broker, version, "a");
      a.send(ByteVector{static_cast<std::uint8_t>(0x60 | flags), 2, 0, 5});
      if (flags == 2) {
        a.expect_bytes(version == Version::V5 ? "70 03 00 05 92" : "70 02 00 05");
      } else {
        a.expect_disconnect(ReasonCode::MalformedPacket);
      }
    }
  }
}

TEST_CASE("the flags of PUBACK, PUBREC and PUBCOMP are 0, others are malformed") {
  for (const Version version : kBothVersions) {
    for (const PacketType type : {Puback, Pubrec, Pubcomp}) {
      for (std::uint8_t flags = 1; flags < 16; ++flags) {
        CAPTURE(version);
        CAPTURE(type);
        CAPTURE(flags);
        Broker broker;
        Client a(broker, version, "a");
        a.send(ByteVector{static_cast<std::uint8_t>(static_cast<unsigned>(type) << 4 | flags), 2, 0,
                          5});
        a.expect_disconnect(ReasonCode::MalformedPacket);
      }
    }
  }
}

TEST_CASE("3.1 does not judge the flags of PUBREL: DUP and all others are taken") {
  for (std::uint8_t flags = 0; flags < 16; ++flags) {
    CAPTURE(flags);
    Broker broker;
    Client a(broker, Version::V31, "a");
    a.publish("t", "x", kQoS2, {.packet_id = 5});
    a.expect_bytes("50 02 00 05");
    a.send(ByteVector{static_cast<std::uint8_t>(0x60 | flags), 2, 0, 5});
    a.expect_bytes("70 02 00 05");
  }
}

}  // namespace
}  // namespace midge::test
