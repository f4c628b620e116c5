// Rules without a number (MQTT 5.0 section 2.2.2.2): for every property and every packet that a
// client sends, whether the property may stand there, and how often.
#include <string>

#include "tests/support/client.hpp"

namespace midge::test {
namespace {

// The packets of a client that have properties. What stands before the length of the property
// section, and behind the section.
struct Place {
  char letter;  // in Property::places
  const char* name;
  const char* first_byte;
  const char* before;
  const char* behind;
};
constexpr Place kPlaces[] = {
    {'C', "CONNECT", "10", "00 04 4d 51 54 54 05 02 00 00", "00 01 61"},
    {'W', "the will of a CONNECT", "10", "00 04 4d 51 54 54 05 06 00 00 00 00 01 61",
     "00 01 77 00 01 78"},
    {'P', "PUBLISH", "30", "00 01 74", "78"},
    {'a', "PUBACK", "40", "00 07 00", ""},
    {'r', "PUBREC", "50", "00 07 00", ""},
    {'l', "PUBREL", "62", "00 07 00", ""},
    {'c', "PUBCOMP", "70", "00 07 00", ""},
    {'S', "SUBSCRIBE", "82", "00 07", "00 01 74 00"},
    {'U', "UNSUBSCRIBE", "a2", "00 07", "00 01 74"},
    {'D', "DISCONNECT", "e0", "00", ""},
    {'A', "AUTH", "f0", "18", ""},
};

struct Property {
  const char* name;
  const char* bytes;
  const char* places;      // letters of those where table 2-4 has it
  const char* needs = "";  // another property that must stand before it
};
constexpr Property kProperties[] = {
    {"Payload Format Indicator", "01 00", "PW"},
    {"Message Expiry Interval", "02 00 00 00 0a", "PW"},
    {"Content Type", "03 00 01 63", "PW"},
    {"Response Topic", "08 00 01 72", "PW"},
    {"Correlation Data", "09 00 01 64", "PW"},
    {"Subscription Identifier", "0b 01", "PS"},
    {"Session Expiry Interval", "11 00 00 00 00", "CD"},
    {"Assigned Client Identifier", "12 00 01 61", ""},
    {"Server Keep Alive", "13 00 0a", ""},
    {"Authentication Method", "15 00 01 6d", "CA"},
    {"Authentication Data", "16 00 01 64", "CA", "15 00 01 6d"},
    {"Request Problem Information", "17 01", "C"},
    {"Will Delay Interval", "18 00 00 00 0a", "W"},
    {"Request Response Information", "19 01", "C"},
    {"Response Information", "1a 00 01 72", ""},
    {"Server Reference", "1c 00 01 73", "D"},
    {"Reason String", "1f 00 01 72", "arlcDA"},
    {"Receive Maximum", "21 00 0a", "C"},
    {"Topic Alias Maximum", "22 00 0a", "C"},
    {"Topic Alias", "23 00 01", "P"},
    {"Maximum QoS", "24 01", ""},
    {"Retain Available", "25 01", ""},
    {"User Property", "26 00 01 6b 00 01 76", "CWParlcSUDA"},
    {"Maximum Packet Size", "27 00 00 10 00", "C"},
    {"Wildcard Subscription Available", "28 01", ""},
    {"Subscription Identifier Available", "29 01", ""},
    {"Shared Subscription Available", "2a 01", ""},
};

bool has_place(const Property& property, const Place& place) {
  return std::string(property.places).find(place.letter) != std::string::npos;
}

// All lengths are below 128, one byte each.
ByteVector packet(const Place& place, const std::string& section_hex) {
  const ByteVector section = hex(section_hex);
  ByteVector body = hex(place.before);
  body.push_back(static_cast<std::uint8_t>(section.size()));
  body.insert(body.end(), section.begin(), section.end());
  const ByteVector behind = hex(place.behind);
  body.insert(body.end(), behind.begin(), behind.end());
  ByteVector bytes = hex(place.first_byte);
  bytes.push_back(static_cast<std::uint8_t>(body.size()));
  bytes.insert(bytes.end(), body.begin(), body.end());
  return bytes;
}

// Sends it where it belongs; the broker must refuse it with `reason`.
void check_refused(const Place& place, const std::string& section, ReasonCode reason) {
  CAPTURE(section);
  Broker broker;
  if (place.letter == 'C' || place.letter == 'W') {
    Client a(broker, Version::V5);
    a.send(packet(place, section));
    a.expect_refused(reason, std::nullopt);
    return;
  }
  Client a(broker, Version::V5, "a");
  a.send(packet(place, section));
  a.expect_disconnect(reason);
}

// Nothing is wrong with the properties; what the broker makes of the packet is another matter.
void check_understood(const Place& place, const std::string& section) {
  // No authentication method is known here, and no exchange is ever under way.
  const bool has_method = section.find("15 00 01 6d") != std::string::npos;
  if (place.letter == 'C' && has_method) {
    return check_refused(place, section, ReasonCode::BadAuthenticationMethod);
  }
  if (place.letter == 'A') return check_refused(place, section, ReasonCode::ProtocolError);
  CAPTURE(section);
  Broker broker;
  if (place.letter == 'C' || place.letter == 'W') {
    Client a(broker, Version::V5);
    a.send(packet(place, section));
    a.expect_connack();
    a.expect_nothing();
    return;
  }
  Client a(broker, Version::V5, "a");
  a.send(packet(place, section));
  if (place.letter == 'D') return a.expect_closed();
  (void)a.all();
  a.expect_nothing();
}

TEST_CASE("every property is understood in the packets that have it and malformed in the others") {
  for (const Property& property : kProperties) {
    for (const Place& place : kPlaces) {
      CAPTURE(property.name);
      CAPTURE(place.name);
      // Only a server's PUBLISH has Subscription Identifiers.
      if (place.letter == 'P' && property.bytes == std::string("0b 01")) {
        check_refused(place, property.bytes, ReasonCode::ProtocolError);
      } else if (has_place(property, place)) {
        check_understood(place, std::string(property.needs) + property.bytes);
      } else {
        check_refused(place, property.bytes, ReasonCode::MalformedPacket);
        // Behind one that is right too.
        check_refused(place, std::string("26 00 01 6b 00 01 76") + property.bytes,
                      ReasonCode::MalformedPacket);
      }
    }
  }
}

TEST_CASE("every property but the User Property is a protocol error when it stands twice") {
  for (const Property& property : kProperties) {
    for (const Place& place : kPlaces) {
      if (!has_place(property, place)) continue;
      // An AUTH is a protocol error here in any case, so that nothing could be seen.
      if (place.letter == 'A') continue;
      CAPTURE(property.name);
      CAPTURE(place.name);
      const std::string once = std::string(property.needs) + property.bytes;
      if (property.bytes[0] == '2' && property.bytes[1] == '6') {
        check_understood(place, once + property.bytes);
        continue;
      }
      check_refused(place, once + property.bytes, ReasonCode::ProtocolError);
      // And not next to each other.
      check_refused(place, once + "26 00 01 6b 00 01 76" + property.bytes,
                    ReasonCode::ProtocolError);
    }
  }
}

TEST_CASE("a property may stand both among those of CONNECT and those of its will") {
  Broker broker;
  Client a(broker, Version::V5);
  // A User Property in both, and a Session Expiry Interval beside a Will Delay Interval.
  a.send_hex(
      "10 2d 00 04 4d 51 54 54 05 06 00 00 0c 11 00 00 00 0a 26 00 01 6b 00 01 76 00 01 61"
      "0c 18 00 00 00 0a 26 00 01 6b 00 01 76 00 01 77 00 01 78");
  a.expect_connack();
}

TEST_CASE("a number that no property has is malformed in every packet") {
  for (const char* section : {"00 00", "04 00", "0a 00", "10 00", "14 00", "1b 00", "1d 00",
                              "1e 00", "20 00", "2b 00", "7f 00", "80 01", "ff 7f"}) {
    for (const Place& place : kPlaces) {
      CAPTURE(place.name);
      check_refused(place, section, ReasonCode::MalformedPacket);
    }
  }
}

}  // namespace
}  // namespace midge::test
