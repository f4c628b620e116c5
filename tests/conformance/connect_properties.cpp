// CONNECT: its properties and those of the will, one rule broken at a time (MQTT 5.0 sections
// 3.1.2.11 and 3.1.3.2).
#include "tests/conformance/connect_bytes.hpp"
#include "tests/support/client.hpp"

namespace midge::test {
namespace {

struct Vector {
  const char* name;
  const char* properties;
  ReasonCode reason;
};

void check(const Vector& v, const ByteVector& packet) {
  CAPTURE(v.name);
  Broker broker;
  Client a(broker, Version::V5);
  a.send(packet);
  if (v.reason == ReasonCode::Success) {
    a.expect_connack();
    a.expect_nothing();
    return;
  }
  const Packet connack = a.expect_connack(v.reason);
  CHECK(connack.bytes == ByteVector{0x20, 0x03, 0x00, static_cast<std::uint8_t>(v.reason), 0x00});
  a.expect_closed();
  CHECK(broker.metrics.clients_total == 0);
}

TEST_CASE("what CONNECT's properties may not be [MQTT-3.1.4-1]") {
  using enum ReasonCode;
  constexpr Vector kVectors[] = {
      {"none", "", Success},
      {"Session Expiry Interval", "11 00 00 00 0a", Success},
      {"Session Expiry Interval twice", "11 00 00 00 0a 11 00 00 00 0a", ProtocolError},
      {"Receive Maximum 1", "21 00 01", Success},
      {"Receive Maximum 0", "21 00 00", ProtocolError},
      {"Receive Maximum twice", "21 00 01 21 00 01", ProtocolError},
      {"Maximum Packet Size 0", "27 00 00 00 00", ProtocolError},
      {"Maximum Packet Size twice", "27 00 00 ff ff 27 00 00 ff ff", ProtocolError},
      {"Topic Alias Maximum 0", "22 00 00", Success},
      {"Topic Alias Maximum twice", "22 00 05 22 00 05", ProtocolError},
      {"Request Response Information 1", "19 01", Success},
      {"Request Response Information 2", "19 02", ProtocolError},
      {"Request Response Information twice", "19 01 19 01", ProtocolError},
      {"Request Problem Information 0", "17 00", Success},
      {"Request Problem Information 2", "17 02", ProtocolError},
      {"Request Problem Information twice", "17 01 17 01", ProtocolError},
      {"User Property, the same name three times",
       "26 00 01 6b 00 01 76 26 00 01 6b 00 01 76 26 00 01 6b 00 01 77", Success},
      {"User Property with an empty name and value", "26 00 00 00 00", Success},
      {"Authentication Data without a method", "16 00 01 00", ProtocolError},
      {"Authentication Method twice", "15 00 01 6d 15 00 01 6d", ProtocolError},
      {"Authentication Data twice", "15 00 01 6d 16 00 00 16 00 00", ProtocolError},
      {"Authentication Method that nobody knows [MQTT-4.12.0-1]", "15 00 01 6d",
       BadAuthenticationMethod},
      {"Authentication Method that nobody knows, with data [MQTT-4.12.0-1]",
       "15 00 01 6d 16 00 01 00", BadAuthenticationMethod},
      {"number 0", "00 00", MalformedPacket},
      {"number 4", "04 00", MalformedPacket},
      {"number 0x7f", "7f 00", MalformedPacket},
      {"number 0x91, in two bytes", "91 01 00", MalformedPacket},
      {"a value that is cut off", "11 00 00 00", MalformedPacket},
      {"a number without value", "21 00 01 17", MalformedPacket},
      {"a text that is cut off", "26 00 01 6b 00 02 76", MalformedPacket},
      {"a text that is not UTF-8", "26 00 01 ff 00 01 76", MalformedPacket},
  };
  for (const Vector& v : kVectors) {
    check(v, raw_connect(Version::V5, 0x02, "00 01 61", v.properties));
  }
}

// "An Identifier which is not valid for its packet type ... is a Malformed Packet",
// section 2.2.2.2.
TEST_CASE("properties of other packets in CONNECT are malformed [MQTT-3.1.4-1]") {
  using enum ReasonCode;
  constexpr Vector kVectors[] = {
      {"Payload Format Indicator", "01 00", MalformedPacket},
      {"Message Expiry Interval", "02 00 00 00 01", MalformedPacket},
      {"Content Type", "03 00 01 63", MalformedPacket},
      {"Response Topic", "08 00 01 72", MalformedPacket},
      {"Correlation Data", "09 00 01 64", MalformedPacket},
      {"Subscription Identifier", "0b 01", MalformedPacket},
      {"Assigned Client Identifier", "12 00 01 61", MalformedPacket},
      {"Server Keep Alive", "13 00 0a", MalformedPacket},
      {"Will Delay Interval", "18 00 00 00 01", MalformedPacket},
      {"Response Information", "1a 00 01 72", MalformedPacket},
      {"Server Reference", "1c 00 01 73", MalformedPacket},
      {"Reason String", "1f 00 01 72", MalformedPacket},
      {"Topic Alias", "23 00 01", MalformedPacket},
      {"Maximum QoS", "24 01", MalformedPacket},
      {"Retain Available", "25 01", MalformedPacket},
      {"Wildcard Subscription Available", "28 01", MalformedPacket},
      {"Subscription Identifier Available", "29 01", MalformedPacket},
      {"Shared Subscription Available", "2a 01", MalformedPacket},
  };
  for (const Vector& v : kVectors) {
    check(v, raw_connect(Version::V5, 0x02, "00 01 61", v.properties));
  }
}

TEST_CASE("a Property Length that is not the length of the properties [MQTT-3.1.4-1]") {
  for (const char* const body : {
           "00 04 4d 51 54 54 05 02 00 00 04 21 00 01 00 01 61",     // one byte too many
           "00 04 4d 51 54 54 05 02 00 00 02 21 00 01 00 01 61",     // one too few
           "00 04 4d 51 54 54 05 02 00 00 7f 21 00 01 00 01 61",     // beyond the packet
           "00 04 4d 51 54 54 05 02 00 00 80 00 00 01 61",           // 0 in two bytes
           "00 04 4d 51 54 54 05 02 00 00 80 80 80 80 01 00 01 61",  // five bytes
           "00 04 4d 51 54 54 05 02 00 00",                          // none
       }) {
    CAPTURE(body);
    Broker broker;
    Client a(broker, Version::V5);
    a.send(framed(0x10, hex(body)));
    a.expect_bytes("20 03 00 81 00");
    a.expect_closed();
  }
}

ByteVector connect_with_will(const char* properties) {
  const ByteVector section = hex(properties);
  const std::string length = to_hex({static_cast<std::uint8_t>(section.size())});
  return raw_connect(Version::V5, 0x06, "00 01 61" + length + properties + "00 01 77 00 01 78");
}

TEST_CASE("what a will's properties may not be [MQTT-3.1.4-1]") {
  using enum ReasonCode;
  constexpr Vector kVectors[] = {
      {"none", "", Success},
      {"all of them",
       "18 00 00 00 01 01 01 02 00 00 00 01 03 00 01 63 08 00 01 72 09 00 01 64 "
       "26 00 01 6b 00 01 76 26 00 01 6b 00 01 76",
       Success},
      {"Will Delay Interval twice", "18 00 00 00 01 18 00 00 00 01", ProtocolError},
      {"Payload Format Indicator twice", "01 00 01 00", ProtocolError},
      {"Payload Format Indicator 2", "01 02", ProtocolError},
      {"Message Expiry Interval twice", "02 00 00 00 01 02 00 00 00 01", ProtocolError},
      {"Content Type twice", "03 00 00 03 00 00", ProtocolError},
      {"Response Topic twice", "08 00 01 72 08 00 01 72", ProtocolError},
      {"Correlation Data twice", "09 00 00 09 00 00", ProtocolError},
      {"number 0x7f", "7f 00", MalformedPacket},
      {"a value that is cut off", "18 00 00 00", MalformedPacket},
      {"Session Expiry Interval, which is CONNECT's", "11 00 00 00 01", MalformedPacket},
      {"Topic Alias, which is PUBLISH's", "23 00 01", MalformedPacket},
      {"Subscription Identifier, which is PUBLISH's", "0b 01", MalformedPacket},
  };
  for (const Vector& v : kVectors) check(v, connect_with_will(v.properties));
}

TEST_CASE("3.1 and 3.1.1 have no properties: a section is payload") {
  for (const Version version : {Version::V31, Version::V311}) {
    CAPTURE(version);
    Broker broker;
    Client a(broker, version);
    // As 5.0 would have it: no properties, id "a". Here an id of no bytes and one byte too many.
    a.send(raw_connect(version, 0x02, "00 00 01 61"));
    a.expect_closed();
  }
}

}  // namespace
}  // namespace midge::test
