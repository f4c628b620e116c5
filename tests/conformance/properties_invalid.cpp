// Properties that a PUBLISH may not have, not twice, or not so (MQTT 5.0 sections 2.2.2 and
// 3.3.2.3).
#include "tests/support/client.hpp"

namespace midge::test {
namespace {

// A PUBLISH at QoS 0 on "t" with this property section, payload "x".
ByteVector with_properties(const std::string& section_hex) {
  const ByteVector section = hex(section_hex);
  ByteVector packet{0x30, static_cast<std::uint8_t>(5 + section.size()), 0, 1,
                    't',  static_cast<std::uint8_t>(section.size())};
  packet.insert(packet.end(), section.begin(), section.end());
  packet.push_back('x');
  return packet;
}

void check_refused(const std::string& section, ReasonCode reason) {
  CAPTURE(section);
  Broker broker;
  Client watcher(broker, Version::V5, "watcher");
  watcher.must_subscribe("#");
  Client a(broker, Version::V5, "a");
  a.send(with_properties(section));
  a.expect_disconnect(reason);
  watcher.expect_nothing();
}

// Right by themselves.
constexpr const char* kSingleUse[] = {
    "01 01",           // Payload Format Indicator
    "02 00 00 00 0a",  // Message Expiry Interval
    "03 00 01 63",     // Content Type
    "08 00 01 72",     // Response Topic
    "09 00 01 64",     // Correlation Data
    "23 00 01",        // Topic Alias
};

TEST_CASE("a property of PUBLISH that may stand once is taken once, and twice a protocol error") {
  for (const char* property : kSingleUse) {
    CAPTURE(property);
    Broker broker;
    Client a(broker, Version::V5, "a");
    a.must_subscribe("t");
    a.send(with_properties(property));
    a.expect_publish("t", "x");
    a.expect_nothing();
    check_refused(std::string(property) + property, ReasonCode::ProtocolError);
    // Not next to each other, either.
    check_refused(std::string(property) + "26 00 01 6b 00 01 76" + property,
                  ReasonCode::ProtocolError);
  }
}

TEST_CASE("a property that belongs to other packets is malformed in PUBLISH") {
  for (const char* property : {
           "11 00 00 00 01",  // Session Expiry Interval
           "12 00 01 78",     // Assigned Client Identifier
           "13 00 05",        // Server Keep Alive
           "15 00 01 78",     // Authentication Method
           "16 00 01 78",     // Authentication Data
           "17 01",           // Request Problem Information
           "18 00 00 00 01",  // Will Delay Interval
           "19 01",           // Request Response Information
           "1a 00 01 78",     // Response Information
           "1c 00 01 78",     // Server Reference
           "1f 00 01 78",     // Reason String
           "21 00 05",        // Receive Maximum
           "22 00 05",        // Topic Alias Maximum
           "24 01",           // Maximum QoS
           "25 01",           // Retain Available
           "27 00 00 10 00",  // Maximum Packet Size
           "28 01",           // Wildcard Subscription Available
           "29 01",           // Subscription Identifier Available
           "2a 01",           // Shared Subscription Available
       }) {
    check_refused(property, ReasonCode::MalformedPacket);
  }
}

TEST_CASE("a Subscription Identifier in a client's PUBLISH is a protocol error [MQTT-3.3.4-6]") {
  check_refused("0b 01", ReasonCode::ProtocolError);
  check_refused("0b ff ff ff 7f", ReasonCode::ProtocolError);
  check_refused("0b 01 0b 02", ReasonCode::ProtocolError);
  check_refused("0b 00", ReasonCode::ProtocolError);
}

TEST_CASE("a property that does not exist, or that is cut off, is malformed") {
  for (const char* property : {"00 01",
                               "04 01",
                               "05 01",
                               "06 01",
                               "07 01",
                               "0a 01",
                               "0c 01",
                               "0d 01",
                               "0e 01",
                               "0f 01",
                               "10 01",
                               "14 01",
                               "1b 01",
                               "1d 01",
                               "1e 01",
                               "20 01",
                               "2b 01",
                               "7f 01",
                               "81 00",
                               "ff 7f",
                               "01",
                               "02",
                               "02 00 00 00",
                               "03",
                               "03 00",
                               "03 00 02 63",
                               "08 00",
                               "08 00 02 72",
                               "09",
                               "09 00 02 64",
                               "0b",
                               "23",
                               "23 00",
                               "26",
                               "26 00 01 6b",
                               "26 00 01 6b 00",
                               "26 00 01 6b 00 02 76",
                               "26 00 02 6b"}) {
    check_refused(property, ReasonCode::MalformedPacket);
  }
}

TEST_CASE("a Property Length that goes beyond the packet is malformed") {
  for (const char* packet : {
           "30 05 00 01 74 02 01",        // one byte of two
           "30 03 00 01 74",              // none at all
           "30 04 00 01 74 80",           // the length itself is cut off
           "30 07 00 01 74 ff ff ff 7f",  // the largest one
           "32 06 00 01 74 00 07 01",     // QoS 1
       }) {
    CAPTURE(packet);
    Broker broker;
    Client a(broker, Version::V5, "a");
    a.send_hex(packet);
    a.expect_disconnect(ReasonCode::MalformedPacket);
  }
}

TEST_CASE("a Payload Format Indicator above 1 is a protocol error") {
  check_refused("01 02", ReasonCode::ProtocolError);
  check_refused("01 ff", ReasonCode::ProtocolError);
}

TEST_CASE(
    "a string property that is no UTF-8, or has a NUL, is malformed [MQTT-3.3.2-13] "
    "[MQTT-3.3.2-19]") {
  for (const char* id : {"08", "03"}) {  // Response Topic, Content Type
    for (const char* text : {" 00 01 ff", " 00 02 61 c3", " 00 03 ed a0 80", " 00 03 61 00 62"}) {
      check_refused(std::string(id) + text, ReasonCode::MalformedPacket);
    }
  }
}

TEST_CASE("a Response Topic that no topic can be is malformed [MQTT-3.3.2-14]") {
  check_refused("08 00 01 2b", ReasonCode::MalformedPacket);           // +
  check_refused("08 00 01 23", ReasonCode::MalformedPacket);           // #
  check_refused("08 00 03 61 2f 2b", ReasonCode::MalformedPacket);     // a/+
  check_refused("08 00 03 61 2f 23", ReasonCode::MalformedPacket);     // a/#
  check_refused("08 00 02 61 2b", ReasonCode::MalformedPacket);        // a+
  check_refused("08 00 04 61 23 2f 62", ReasonCode::MalformedPacket);  // a#/b
}

TEST_CASE("a property section of a large PUBLISH is judged before its payload has come") {
  struct Vector {
    const char* name;
    const char* start;
    ReasonCode reason;
  };
  // 100,000 bytes are announced.
  constexpr Vector kVectors[] = {
      {"twice", "30 a0 8d 06 00 01 74 04 01 01 01 01 78 78", ReasonCode::ProtocolError},
      {"a Subscription Identifier", "30 a0 8d 06 00 01 74 02 0b 01 78 78",
       ReasonCode::ProtocolError},
      {"an unknown one", "30 a0 8d 06 00 01 74 02 04 01 78 78", ReasonCode::MalformedPacket},
      {"a Property Length that is too long", "30 a0 8d 06 00 01 74 ff ff ff 7f",
       ReasonCode::MalformedPacket},
      {"a Property Length of five bytes", "30 a0 8d 06 00 01 74 80 80 80 80 01",
       ReasonCode::MalformedPacket},
  };
  for (const Vector& v : kVectors) {
    CAPTURE(v.name);
    Broker broker;
    Client a(broker, Version::V5, "a");
    a.send_hex(v.start);
    a.expect_disconnect(v.reason);
  }
}

}  // namespace
}  // namespace midge::test
