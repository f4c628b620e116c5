#include "broker/wire/property.hpp"

#include <algorithm>
#include <array>

#include "broker/base/assert.hpp"
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
using Places = std::uint32_t;

template <class... Place>
constexpr Places at(Place... places) {
  return (0U | ... | (1U << static_cast<unsigned>(places)));
}

enum class Forwarding : std::uint8_t { Dropped, Forwarded };

struct PropertyRow {
  PropertyId id;
  DataType type;
  Forwarding forwarding;  // by a server, from a PUBLISH or a will to its receivers
  Places allowed_at;
};

// What the two tables of this file name.
using enum PropertyPlace;
using enum DataType;
using enum Forwarding;

constexpr Places kEverywhere = at(Connect, Connack, Publish, Puback, Pubrec, Pubrel, Pubcomp,
                                  Subscribe, Suback, Unsubscribe, Unsuback, Disconnect, Auth, Will);
constexpr Places kAnswers =
    at(Connack, Puback, Pubrec, Pubrel, Pubcomp, Suback, Unsuback, Disconnect, Auth);

// MQTT 5.0 table 2-4, by number.
constexpr auto kProperties = std::to_array<PropertyRow>({
    {PropertyId::PayloadFormatIndicator, Byte, Forwarded, at(Publish, Will)},  // [MQTT-3.3.2-4]
    {PropertyId::MessageExpiryInterval, FourByteInteger, Dropped, at(Publish, Will)},
    {PropertyId::ContentType, Utf8String, Forwarded, at(Publish, Will)},      // [MQTT-3.3.2-20]
    {PropertyId::ResponseTopic, Utf8String, Forwarded, at(Publish, Will)},    // [MQTT-3.3.2-15]
    {PropertyId::CorrelationData, BinaryData, Forwarded, at(Publish, Will)},  // [MQTT-3.3.2-16]
    {PropertyId::SubscriptionIdentifier, VariableByteInteger, Dropped, at(Publish, Subscribe)},
    {PropertyId::SessionExpiryInterval, FourByteInteger, Dropped, at(Connect, Connack, Disconnect)},
    {PropertyId::AssignedClientIdentifier, Utf8String, Dropped, at(Connack)},
    {PropertyId::ServerKeepAlive, TwoByteInteger, Dropped, at(Connack)},
    {PropertyId::AuthenticationMethod, Utf8String, Dropped, at(Connect, Connack, Auth)},
    {PropertyId::AuthenticationData, BinaryData, Dropped, at(Connect, Connack, Auth)},
    {PropertyId::RequestProblemInformation, Byte, Dropped, at(Connect)},
    {PropertyId::WillDelayInterval, FourByteInteger, Dropped, at(Will)},
    {PropertyId::RequestResponseInformation, Byte, Dropped, at(Connect)},
    {PropertyId::ResponseInformation, Utf8String, Dropped, at(Connack)},
    {PropertyId::ServerReference, Utf8String, Dropped, at(Connack, Disconnect)},
    {PropertyId::ReasonString, Utf8String, Dropped, kAnswers},
    {PropertyId::ReceiveMaximum, TwoByteInteger, Dropped, at(Connect, Connack)},
    {PropertyId::TopicAliasMaximum, TwoByteInteger, Dropped, at(Connect, Connack)},
    {PropertyId::TopicAlias, TwoByteInteger, Dropped, at(Publish)},
    {PropertyId::MaximumQoS, Byte, Dropped, at(Connack)},
    {PropertyId::RetainAvailable, Byte, Dropped, at(Connack)},
    {PropertyId::UserProperty, Utf8StringPair, Forwarded, kEverywhere},  // [MQTT-3.3.2-17]
    {PropertyId::MaximumPacketSize, FourByteInteger, Dropped, at(Connect, Connack)},
    {PropertyId::WildcardSubscriptionAvailable, Byte, Dropped, at(Connack)},
    {PropertyId::SubscriptionIdentifierAvailable, Byte, Dropped, at(Connack)},
    {PropertyId::SharedSubscriptionAvailable, Byte, Dropped, at(Connack)},
});

static_assert(std::is_sorted(kProperties.begin(), kProperties.end(),
                             [](const PropertyRow& a, const PropertyRow& b) {
                               return a.id < b.id;
                             }));

// The row of property number `id`, or null when the spec has no such property. Numbers are variable
// byte integers, but all that exist have one byte.
const PropertyRow* find_property(std::uint8_t id) {
  const auto* row = std::lower_bound(kProperties.begin(), kProperties.end(), id,
                                     [](const PropertyRow& r, std::uint8_t wanted) {
                                       return static_cast<std::uint8_t>(r.id) < wanted;
                                     });
  return row != kProperties.end() && static_cast<std::uint8_t>(row->id) == id ? row : nullptr;
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

// Moves `in` to the value of the next property `id`, over those between. False when there is none.
bool find_next(Reader& in, PropertyId id) {
  while (!in.at_end()) {
    const PropertyRow* row = find_property(in.byte());
    if (row == nullptr) return false;
    if (row->id == id) return true;
    skip_value(in, row->type);
  }
  return false;
}

Reader reader_at(Bytes bytes, std::size_t offset) {
  return Reader(bytes.subspan(std::min(offset, bytes.size())));
}

// "It is a Protocol Error to include [it] more than once": all but User Properties.
template <class T>
ReasonCode set_once(std::optional<T>& property, T value) {
  if (property) return ReasonCode::ProtocolError;
  property = value;
  return ReasonCode::Success;
}

template <class T>
ReasonCode set_non_zero(std::optional<T>& property, T value) {
  if (value == 0) return ReasonCode::ProtocolError;
  return set_once(property, value);
}

// 0 or 1; "a Protocol Error to have a value other than".
ReasonCode set_flag(std::optional<std::uint8_t>& property, std::uint8_t value) {
  if (value > 1) return ReasonCode::ProtocolError;
  return set_once(property, value);
}

ReasonCode set_response_topic(Properties& properties, std::string_view topic) {
  if (!is_topic_name(topic)) return ReasonCode::MalformedPacket;  // [MQTT-3.3.2-14, 4.7.3-1]
  return set_once(properties.response_topic, topic);
}

ReasonCode set_subscription_identifier(Properties& properties, PropertyPlace place,
                                       std::uint32_t value) {
  if (value == 0) return ReasonCode::ProtocolError;  // section 3.8.2.1.2
  // A PUBLISH has one for each subscription that it goes to; `section` keeps them all.
  if (place == Publish && properties.subscription_identifier) return ReasonCode::Success;
  return set_once(properties.subscription_identifier, value);
}

// Reads the value of property `id`. Where it does not fit the section, `in` is failed and the
// returned code says nothing.
ReasonCode read_value(Reader& in, PropertyPlace place, PropertyId id, Properties& properties) {
  using enum PropertyId;
  switch (id) {
    case PayloadFormatIndicator:
      return set_flag(properties.payload_format_indicator, in.byte());
    case MessageExpiryInterval:
      return set_once(properties.message_expiry_interval, in.four_byte_integer());
    case ContentType:
      return set_once(properties.content_type, in.utf8_string());  // [MQTT-3.3.2-19]
    case ResponseTopic:
      return set_response_topic(properties, in.utf8_string());  // [MQTT-3.3.2-13]
    case CorrelationData:
      return set_once(properties.correlation_data, in.binary_data());
    case SubscriptionIdentifier:
      return set_subscription_identifier(properties, place, in.variable_byte_integer());
    case SessionExpiryInterval:
      return set_once(properties.session_expiry_interval, in.four_byte_integer());
    case AssignedClientIdentifier:
      return set_once(properties.assigned_client_identifier, in.utf8_string());
    case ServerKeepAlive:
      return set_once(properties.server_keep_alive, in.two_byte_integer());
    case AuthenticationMethod:
      return set_once(properties.authentication_method, in.utf8_string());
    case AuthenticationData:
      return set_once(properties.authentication_data, in.binary_data());
    case RequestProblemInformation:
      return set_flag(properties.request_problem_information, in.byte());
    case WillDelayInterval:
      return set_once(properties.will_delay_interval, in.four_byte_integer());
    case RequestResponseInformation:
      return set_flag(properties.request_response_information, in.byte());
    case ResponseInformation:
      return set_once(properties.response_information, in.utf8_string());
    case ServerReference:
      return set_once(properties.server_reference, in.utf8_string());
    case ReasonString:
      return set_once(properties.reason_string, in.utf8_string());
    case ReceiveMaximum:
      return set_non_zero(properties.receive_maximum, in.two_byte_integer());
    case TopicAliasMaximum:
      return set_once(properties.topic_alias_maximum, in.two_byte_integer());
    case TopicAlias:
      return set_once(properties.topic_alias, in.two_byte_integer());
    case MaximumQoS:
      return set_flag(properties.maximum_qos, in.byte());
    case RetainAvailable:
      return set_flag(properties.retain_available, in.byte());
    case UserProperty:  // [MQTT-1.5.7-1]
      in.utf8_string();
      in.utf8_string();
      return ReasonCode::Success;
    case MaximumPacketSize:
      return set_non_zero(properties.maximum_packet_size, in.four_byte_integer());
    case WildcardSubscriptionAvailable:
      return set_flag(properties.wildcard_subscription_available, in.byte());
    case SubscriptionIdentifierAvailable:
      return set_flag(properties.subscription_identifier_available, in.byte());
    case SharedSubscriptionAvailable:
      return set_flag(properties.shared_subscription_available, in.byte());
  }
  return ReasonCode::MalformedPacket;
}

// Reads the section `in`, which has nothing behind it.
ReasonCode read_section(Reader in, PropertyPlace place, Properties& properties) {
  properties.section = PropertySection(in.rest());
  while (!in.at_end()) {
    const std::size_t bytes_before = in.rest().size();
    const PropertyRow* row = find_property(in.byte());
    if (row == nullptr) return ReasonCode::MalformedPacket;
    // "An Identifier which is not valid for its packet type": section 2.2.2.2.
    if ((row->allowed_at & at(place)) == 0) return ReasonCode::MalformedPacket;
    const ReasonCode reason = read_value(in, place, row->id, properties);
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

bool has_several_subscription_identifiers(PropertySection section) {
  std::size_t offset = 0;
  return section.next_subscription_identifier(offset) &&
         section.next_subscription_identifier(offset);
}

// Shows every property that is set to `visitor`, in the order in which they are written.
template <class Visitor>
void visit_in_written_order(const Properties& p, Visitor&& visitor) {
  using enum PropertyId;
  const auto visit = [&visitor](PropertyId id, const auto& property) {
    if (property) visitor.value(id, *property);
  };
  // Mosquitto's order in CONNACK, which scripts compare.
  visit(SessionExpiryInterval, p.session_expiry_interval);
  visit(ServerKeepAlive, p.server_keep_alive);
  visit(TopicAliasMaximum, p.topic_alias_maximum);
  visit(AssignedClientIdentifier, p.assigned_client_identifier);
  visit(AuthenticationMethod, p.authentication_method);
  visit(AuthenticationData, p.authentication_data);
  visit(RetainAvailable, p.retain_available);
  visit(MaximumPacketSize, p.maximum_packet_size);
  visit(ReceiveMaximum, p.receive_maximum);
  visit(MaximumQoS, p.maximum_qos);
  // The others by number.
  visit(PayloadFormatIndicator, p.payload_format_indicator);
  visit(MessageExpiryInterval, p.message_expiry_interval);
  visit(ContentType, p.content_type);
  visit(ResponseTopic, p.response_topic);
  visit(CorrelationData, p.correlation_data);
  if (p.subscription_identifier && has_several_subscription_identifiers(p.section)) {
    std::size_t offset = 0;
    while (const auto identifier = p.section.next_subscription_identifier(offset)) {
      visitor.subscription_identifier(*identifier);
    }
  } else if (p.subscription_identifier) {
    visitor.subscription_identifier(*p.subscription_identifier);
  }
  visit(RequestProblemInformation, p.request_problem_information);
  visit(WillDelayInterval, p.will_delay_interval);
  visit(RequestResponseInformation, p.request_response_information);
  visit(ResponseInformation, p.response_information);
  visit(ServerReference, p.server_reference);
  visit(ReasonString, p.reason_string);
  visit(TopicAlias, p.topic_alias);
  visit(WildcardSubscriptionAvailable, p.wildcard_subscription_available);
  visit(SubscriptionIdentifierAvailable, p.subscription_identifier_available);
  visit(SharedSubscriptionAvailable, p.shared_subscription_available);
  std::size_t offset = 0;
  while (const auto user_property = p.section.next_user_property(offset)) {
    visitor.user_property(*user_property);
  }
}

// Counts what PropertyWriter writes; every property begins with one byte of identifier.
class PropertyCounter {
 public:
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

  void value(PropertyId, std::uint8_t) { bytes_ += 1 + 1; }
  void value(PropertyId, std::uint16_t) { bytes_ += 1 + 2; }
  void value(PropertyId, std::uint32_t) { bytes_ += 1 + 4; }
  void value(PropertyId, std::string_view text) { bytes_ += 1 + string_bytes(text); }
  void value(PropertyId, Bytes data) { bytes_ += 1 + binary_data_bytes(data); }
  void subscription_identifier(std::uint32_t value) {
    bytes_ += 1 + variable_byte_integer_bytes(value);
  }
  void user_property(const UserProperty& property) {
    bytes_ += 1 + string_bytes(property.name) + string_bytes(property.value);
  }

 private:
  std::size_t bytes_ = 0;
};

class PropertyWriter {
 public:
  explicit PropertyWriter(Writer& out) : out_(out) {}

  void value(PropertyId id, std::uint8_t value) {
    identifier(id);
    out_.byte(value);
  }
  void value(PropertyId id, std::uint16_t value) {
    identifier(id);
    out_.two_byte_integer(value);
  }
  void value(PropertyId id, std::uint32_t value) {
    identifier(id);
    out_.four_byte_integer(value);
  }
  void value(PropertyId id, std::string_view text) {
    identifier(id);
    out_.utf8_string(text);
  }
  void value(PropertyId id, Bytes data) {
    identifier(id);
    out_.binary_data(data);
  }
  void subscription_identifier(std::uint32_t value) {
    identifier(PropertyId::SubscriptionIdentifier);
    out_.variable_byte_integer(value);
  }
  void user_property(const UserProperty& property) {
    identifier(PropertyId::UserProperty);
    out_.utf8_string(property.name);
    out_.utf8_string(property.value);
  }

 private:
  void identifier(PropertyId id) { out_.byte(static_cast<std::uint8_t>(id)); }

  Writer& out_;
};

}  // namespace

std::optional<UserProperty> PropertySection::next_user_property(std::size_t& offset) const {
  Reader in = reader_at(bytes_, offset);
  if (!find_next(in, PropertyId::UserProperty)) return std::nullopt;
  // Validated before, so the text need not be looked at again.
  const std::string_view name = as_text(in.binary_data());
  const std::string_view value = as_text(in.binary_data());
  if (!in.ok()) return std::nullopt;
  offset = bytes_.size() - in.rest().size();
  return UserProperty{name, value};
}

std::optional<std::uint32_t> PropertySection::next_subscription_identifier(
    std::size_t& offset) const {
  Reader in = reader_at(bytes_, offset);
  if (!find_next(in, PropertyId::SubscriptionIdentifier)) return std::nullopt;
  const std::uint32_t identifier = in.variable_byte_integer();
  if (!in.ok()) return std::nullopt;
  offset = bytes_.size() - in.rest().size();
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
  Result<Properties, ReasonCode> result{Properties{}};
  const ReasonCode reason = read_properties(in, place, *result);
  if (is_error(reason)) result = Failure{reason};
  return result;
}

std::uint32_t properties_bytes(const Properties& properties) {
  PropertyCounter counter;
  visit_in_written_order(properties, counter);
  return length_of(counter.bytes());
}

void write_properties(Writer& out, const Properties& properties) {
  out.variable_byte_integer(properties_bytes(properties));  // 0 when there are none [MQTT-2.2.2-1]
  visit_in_written_order(properties, PropertyWriter(out));
}

void copy_forwarded(PropertySection section, MutableBytes out) {
  Reader in(section.bytes());
  while (!in.at_end()) {
    const Bytes here = in.rest();
    const PropertyRow* row = find_property(in.byte());
    if (row == nullptr) return;
    skip_value(in, row->type);
    if (!in.ok()) return;
    if (row->forwarding != Forwarded) continue;
    const Bytes property = here.first(here.size() - in.rest().size());
    MIDGE_ASSERT(property.size() <= out.size());
    std::copy(property.begin(), property.end(), out.begin());
    out = out.subspan(property.size());
  }
}

}  // namespace midge::wire
