#include "broker/wire/property.hpp"

#include <algorithm>
#include <array>

#include "broker/base/assert.hpp"
#include "broker/wire/decoded.hpp"
#include "broker/wire/text.hpp"

namespace midge::wire {

namespace {

// MQTT 5.0 section 2.2.2.2; the data types are those of section 1.5.
enum class DataType : std::uint8_t {
  Byte,
  TwoByteInteger,
  FourByteInteger,
  VariableByteInteger,
  Utf8String,
  BinaryData,
  Utf8StringPair,
};

// A set of places, one bit each.
using Places = std::uint16_t;

template <class... Place>
constexpr Places at(Place... places) {
  return static_cast<Places>((0U | ... | (1U << (static_cast<unsigned>(places) - 1))));
}

// What a value has to be; else "it is a Protocol Error", for a topic name a malformed packet.
enum class Rule : std::uint8_t { Any, Flag /* 0 or 1 */, NonZero, TopicName };
enum class Forwarding : std::uint8_t { Dropped, Forwarded };

// The member of Properties that has the value: which one of the union tells the DataType.
union Member {
  std::optional<std::uint8_t> Properties::*byte;
  std::optional<std::uint16_t> Properties::*two_bytes;
  std::optional<std::uint32_t> Properties::*four_bytes;
  std::optional<std::string_view> Properties::*text;
  std::optional<Bytes> Properties::*data;

  // NOLINTBEGIN(google-explicit-constructor): a row names its member and nothing else
  constexpr Member(std::optional<std::uint8_t> Properties::*member) : byte(member) {}
  constexpr Member(std::optional<std::uint16_t> Properties::*member) : two_bytes(member) {}
  constexpr Member(std::optional<std::uint32_t> Properties::*member) : four_bytes(member) {}
  constexpr Member(std::optional<std::string_view> Properties::*member) : text(member) {}
  constexpr Member(std::optional<Bytes> Properties::*member) : data(member) {}
  // NOLINTEND(google-explicit-constructor)
};

struct PropertyRow {
  PropertyId id;
  DataType type : 3;
  Rule rule : 2;
  Forwarding forwarding : 1;  // by a server, from a PUBLISH or a will to its receivers
  Places allowed_at;
  Member member;
};

// What the tables of this file name.
using enum PropertyPlace;
using enum DataType;
using enum Rule;
using enum Forwarding;
using P = Properties;

constexpr Places kEverywhere = at(Connect, Connack, Publish, Puback, Pubrec, Pubrel, Pubcomp,
                                  Subscribe, Suback, Unsubscribe, Unsuback, Disconnect, Auth, Will);
constexpr Places kAnswers =
    at(Connack, Puback, Pubrec, Pubrel, Pubcomp, Suback, Unsuback, Disconnect, Auth);
constexpr std::optional<std::string_view> P::*kNoMember = nullptr;

// MQTT 5.0 table 2-4, by number.
constexpr PropertyRow kProperties[] = {
    // [MQTT-3.3.2-4]
    {PropertyId::PayloadFormatIndicator, Byte, Flag, Forwarded, at(Publish, Will),
     &P::payload_format_indicator},
    {PropertyId::MessageExpiryInterval, FourByteInteger, Any, Dropped, at(Publish, Will),
     &P::message_expiry_interval},
    // [MQTT-3.3.2-19, -20]
    {PropertyId::ContentType, Utf8String, Any, Forwarded, at(Publish, Will), &P::content_type},
    // [MQTT-3.3.2-13, -14, -15] [MQTT-4.7.3-1]
    {PropertyId::ResponseTopic, Utf8String, TopicName, Forwarded, at(Publish, Will),
     &P::response_topic},
    // [MQTT-3.3.2-16]
    {PropertyId::CorrelationData, BinaryData, Any, Forwarded, at(Publish, Will),
     &P::correlation_data},
    {PropertyId::SubscriptionIdentifier, VariableByteInteger, NonZero, Dropped,
     at(Publish, Subscribe), &P::subscription_identifier},
    {PropertyId::SessionExpiryInterval, FourByteInteger, Any, Dropped,
     at(Connect, Connack, Disconnect), &P::session_expiry_interval},
    {PropertyId::AssignedClientIdentifier, Utf8String, Any, Dropped, at(Connack),
     &P::assigned_client_identifier},
    {PropertyId::ServerKeepAlive, TwoByteInteger, Any, Dropped, at(Connack), &P::server_keep_alive},
    {PropertyId::AuthenticationMethod, Utf8String, Any, Dropped, at(Connect, Connack, Auth),
     &P::authentication_method},
    {PropertyId::AuthenticationData, BinaryData, Any, Dropped, at(Connect, Connack, Auth),
     &P::authentication_data},
    {PropertyId::RequestProblemInformation, Byte, Flag, Dropped, at(Connect),
     &P::request_problem_information},
    {PropertyId::WillDelayInterval, FourByteInteger, Any, Dropped, at(Will),
     &P::will_delay_interval},
    {PropertyId::RequestResponseInformation, Byte, Flag, Dropped, at(Connect),
     &P::request_response_information},
    {PropertyId::ResponseInformation, Utf8String, Any, Dropped, at(Connack),
     &P::response_information},
    {PropertyId::ServerReference, Utf8String, Any, Dropped, at(Connack, Disconnect),
     &P::server_reference},
    {PropertyId::ReasonString, Utf8String, Any, Dropped, kAnswers, &P::reason_string},
    {PropertyId::ReceiveMaximum, TwoByteInteger, NonZero, Dropped, at(Connect, Connack),
     &P::receive_maximum},
    {PropertyId::TopicAliasMaximum, TwoByteInteger, Any, Dropped, at(Connect, Connack),
     &P::topic_alias_maximum},
    {PropertyId::TopicAlias, TwoByteInteger, Any, Dropped, at(Publish), &P::topic_alias},
    {PropertyId::MaximumQoS, Byte, Flag, Dropped, at(Connack), &P::maximum_qos},
    {PropertyId::RetainAvailable, Byte, Flag, Dropped, at(Connack), &P::retain_available},
    // [MQTT-1.5.7-1] [MQTT-3.3.2-17]
    {PropertyId::UserProperty, Utf8StringPair, Any, Forwarded, kEverywhere, kNoMember},
    {PropertyId::MaximumPacketSize, FourByteInteger, NonZero, Dropped, at(Connect, Connack),
     &P::maximum_packet_size},
    {PropertyId::WildcardSubscriptionAvailable, Byte, Flag, Dropped, at(Connack),
     &P::wildcard_subscription_available},
    {PropertyId::SubscriptionIdentifierAvailable, Byte, Flag, Dropped, at(Connack),
     &P::subscription_identifier_available},
    {PropertyId::SharedSubscriptionAvailable, Byte, Flag, Dropped, at(Connack),
     &P::shared_subscription_available},
};

static_assert(std::is_sorted(std::begin(kProperties), std::end(kProperties),
                             [](const PropertyRow& a, const PropertyRow& b) {
                               return a.id < b.id;
                             }));

// Mosquitto's order in CONNACK, which scripts compare; then the others by number. User Properties
// come last.
constexpr auto kWrittenOrder = std::to_array<PropertyId>({
    PropertyId::SessionExpiryInterval,
    PropertyId::ServerKeepAlive,
    PropertyId::TopicAliasMaximum,
    PropertyId::AssignedClientIdentifier,
    PropertyId::AuthenticationMethod,
    PropertyId::AuthenticationData,
    PropertyId::RetainAvailable,
    PropertyId::MaximumPacketSize,
    PropertyId::ReceiveMaximum,
    PropertyId::MaximumQoS,
    PropertyId::PayloadFormatIndicator,
    PropertyId::MessageExpiryInterval,
    PropertyId::ContentType,
    PropertyId::ResponseTopic,
    PropertyId::CorrelationData,
    PropertyId::SubscriptionIdentifier,
    PropertyId::RequestProblemInformation,
    PropertyId::WillDelayInterval,
    PropertyId::RequestResponseInformation,
    PropertyId::ResponseInformation,
    PropertyId::ServerReference,
    PropertyId::ReasonString,
    PropertyId::TopicAlias,
    PropertyId::WildcardSubscriptionAvailable,
    PropertyId::SubscriptionIdentifierAvailable,
    PropertyId::SharedSubscriptionAvailable,
});

// The row of property number `id`, or null when the spec has no such property. Numbers are variable
// byte integers, but all that exist have one byte.
const PropertyRow* find_property(PropertyId id) {
  const auto* row =
      std::lower_bound(std::begin(kProperties), std::end(kProperties), id,
                       [](const PropertyRow& r, PropertyId wanted) { return r.id < wanted; });
  return row != std::end(kProperties) && row->id == id ? row : nullptr;
}

const PropertyRow* read_identifier(Reader& in) {
  return find_property(static_cast<PropertyId>(in.byte()));
}

void skip_value(Reader& in, DataType type) {
  switch (type) {
    case Byte:
      in.take(1);
      return;
    case TwoByteInteger:
      in.take(2);
      return;
    case FourByteInteger:
      in.take(4);
      return;
    case VariableByteInteger:
      in.variable_byte_integer();
      return;
    case Utf8String:
    case BinaryData:
      in.binary_data();
      return;
    case Utf8StringPair:
      in.binary_data();
      in.binary_data();
      return;
  }
}

// Takes the property at the front of `in`, which was validated: its row, and all of it as it
// stands. Null at the end, and where bytes stop making sense.
const PropertyRow* take_property(Reader& in, Bytes& property) {
  const Bytes rest = in.rest();
  const PropertyRow* row = read_identifier(in);
  if (row == nullptr) return nullptr;
  skip_value(in, row->type);
  if (!in.ok()) return nullptr;
  property = rest.first(rest.size() - in.rest().size());
  return row;
}

// Likewise the next property `id`, over those between. False when there is none.
bool take_next(Reader& in, PropertyId id, Bytes& property) {
  while (const PropertyRow* row = take_property(in, property)) {
    if (row->id == id) return true;
  }
  return false;
}

// The value of the next property `id` at or after `offset`, which moves behind it; a failed reader
// when there is none.
Reader next_value(Bytes section, std::size_t& offset, PropertyId id) {
  offset = std::min(offset, section.size());
  Reader in(section.subspan(offset));
  Bytes property;
  Reader value(property);
  if (take_next(in, id, property)) {
    offset = section.size() - in.rest().size();
    value = Reader(property.subspan(1));
  } else {
    value.fail();
  }
  return value;
}

// "It is a Protocol Error to include [it] more than once": all but User Properties, and a PUBLISH's
// Subscription Identifier. It has one for each subscription that it goes to; `section` keeps them
// all.
template <class T>
ReasonCode set(std::optional<T>& property, T value, bool repeats = false) {
  if (property) return repeats ? ReasonCode::Success : ReasonCode::ProtocolError;
  property = value;
  return ReasonCode::Success;
}

ReasonCode set_number(const PropertyRow& row, std::uint32_t value, PropertyPlace place,
                      Properties& properties) {
  if (row.rule == Flag ? value > 1 : row.rule == NonZero && value == 0) {
    return ReasonCode::ProtocolError;
  }
  if (row.type == DataType::Byte) {
    return set(properties.*row.member.byte, static_cast<std::uint8_t>(value));
  }
  if (row.type == TwoByteInteger) {
    return set(properties.*row.member.two_bytes, static_cast<std::uint16_t>(value));
  }
  return set(properties.*row.member.four_bytes, value,
             row.type == VariableByteInteger && place == Publish);
}

// Reads the value of a property. Where it does not fit the section, `in` is failed and the returned
// code says nothing.
ReasonCode read_value(Reader& in, PropertyPlace place, const PropertyRow& row,
                      Properties& properties) {
  switch (row.type) {
    case DataType::Byte:
      return set_number(row, in.byte(), place, properties);
    case TwoByteInteger:
      return set_number(row, in.two_byte_integer(), place, properties);
    case FourByteInteger:
      return set_number(row, in.four_byte_integer(), place, properties);
    case VariableByteInteger:
      return set_number(row, in.variable_byte_integer(), place, properties);
    case Utf8String: {
      const std::string_view text = in.utf8_string();
      if (row.rule == TopicName && !is_topic_name(text)) return ReasonCode::MalformedPacket;
      return set(properties.*row.member.text, text);
    }
    case BinaryData:
      return set(properties.*row.member.data, in.binary_data());
    case Utf8StringPair:
      in.utf8_string();
      in.utf8_string();
      break;
  }
  return ReasonCode::Success;
}

// Reads the section `in`, which has nothing behind it.
ReasonCode read_section(Reader in, PropertyPlace place, Properties& properties) {
  properties.section = PropertySection(in.rest());
  while (!in.at_end()) {
    const std::size_t bytes_before = in.rest().size();
    const PropertyRow* row = read_identifier(in);
    if (row == nullptr) return ReasonCode::MalformedPacket;
    // "An Identifier which is not valid for its packet type": section 2.2.2.2.
    if ((row->allowed_at & at(place)) == 0) return ReasonCode::MalformedPacket;
    const ReasonCode reason = read_value(in, place, *row, properties);
    if (!in.ok()) return ReasonCode::MalformedPacket;
    if (is_error(reason)) return reason;
    if (row->forwarding == Forwarded) {
      properties.forwarded_bytes += static_cast<std::uint32_t>(bytes_before - in.rest().size());
    }
  }
  // "It is a Protocol Error to include Authentication Data if there is no Authentication Method."
  if (properties.authentication_data && !properties.authentication_method) {
    return ReasonCode::ProtocolError;
  }
  return ReasonCode::Success;
}

void write_number(Writer& out, const PropertyRow& row, std::uint32_t value) {
  out.byte(static_cast<std::uint8_t>(row.id));
  if (row.type == DataType::Byte) {
    out.byte(static_cast<std::uint8_t>(value));
  } else if (row.type == TwoByteInteger) {
    out.two_byte_integer(static_cast<std::uint16_t>(value));
  } else if (row.type == FourByteInteger) {
    out.four_byte_integer(value);
  } else {
    out.variable_byte_integer(value);
  }
}

void write_data(Writer& out, const PropertyRow& row, Bytes value) {
  out.byte(static_cast<std::uint8_t>(row.id));
  out.binary_data(value);
}

// Writes a property that is set.
void write_property(Writer& out, const PropertyRow& row, const Properties& properties) {
  switch (row.type) {
    case DataType::Byte:
      if (const auto& value = properties.*row.member.byte) write_number(out, row, *value);
      return;
    case TwoByteInteger:
      if (const auto& value = properties.*row.member.two_bytes) write_number(out, row, *value);
      return;
    case FourByteInteger:
    case VariableByteInteger:
      if (const auto& value = properties.*row.member.four_bytes) write_number(out, row, *value);
      return;
    case Utf8String:
      if (const auto& value = properties.*row.member.text) write_data(out, row, as_bytes(*value));
      return;
    case BinaryData:
      if (const auto& value = properties.*row.member.data) write_data(out, row, *value);
      return;
    case Utf8StringPair:
      return;
  }
}

// Writes those of a section that have number `id`, as they stand; `skipped` of them are left out.
void write_standing(Writer& out, PropertySection section, PropertyId id, unsigned skipped = 0) {
  Reader in(section.bytes());
  Bytes property;
  while (take_next(in, id, property)) {
    if (skipped == 0) {
      out.raw(property);
    } else {
      --skipped;
    }
  }
}

}  // namespace

Properties::Properties() = default;

std::optional<UserProperty> PropertySection::next_user_property(std::size_t& offset) const {
  Reader in = next_value(bytes_, offset, PropertyId::UserProperty);
  // Validated before, so the text need not be looked at again.
  const std::string_view name = as_text(in.binary_data());
  const std::string_view value = as_text(in.binary_data());
  if (!in.ok()) return std::nullopt;
  return UserProperty{name, value};
}

std::optional<std::uint32_t> PropertySection::next_subscription_identifier(
    std::size_t& offset) const {
  Reader in = next_value(bytes_, offset, PropertyId::SubscriptionIdentifier);
  const std::uint32_t identifier = in.variable_byte_integer();
  if (!in.ok()) return std::nullopt;
  return identifier;
}

ReasonCode read_properties(Reader& in, PropertyPlace place, Properties& properties) {
  const Bytes section = in.take(in.variable_byte_integer());
  if (!in.ok()) return ReasonCode::MalformedPacket;
  if (section.empty()) return ReasonCode::Success;
  const ReasonCode reason = read_section(Reader(section), place, properties);
  if (is_error(reason)) in.fail();
  return reason;
}

Result<Properties, ReasonCode> read_properties(Reader& in, PropertyPlace place) {
  return decoded<Properties>(
      [&](Properties& properties) { return read_properties(in, place, properties); });
}

void write_properties(Writer& out, const Properties& properties) {
  const std::size_t start = out.size();
  for (const PropertyId id : kWrittenOrder) {
    write_property(out, *find_property(id), properties);
    if (id == PropertyId::SubscriptionIdentifier && properties.subscription_identifier) {
      write_standing(out, properties.section, id, 1);
    }
  }
  write_standing(out, properties.section, PropertyId::UserProperty);
  out.insert_length(start);  // 0 when there are none [MQTT-2.2.2-1]
}

void set_reason_string(Properties& properties, std::string_view text) {
  if (!text.empty()) properties.reason_string = std::make_optional(text);
}

bool is_empty(const Properties& properties) {
  std::uint8_t length_alone[1];
  Writer out(length_alone);
  write_properties(out, properties);
  return out.ok();
}

void copy_forwarded(PropertySection section, MutableBytes out) {
  Reader in(section.bytes());
  Bytes property;
  while (const PropertyRow* row = take_property(in, property)) {
    if (row->forwarding != Forwarded) continue;
    MIDGE_ASSERT(property.size() <= out.size());
    std::copy(property.begin(), property.end(), out.begin());
    out = out.subspan(property.size());
  }
}

}  // namespace midge::wire
