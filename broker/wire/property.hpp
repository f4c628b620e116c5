// Properties (MQTT 5.0 section 2.2.2): one struct holds every property of any packet; which are
// allowed where stands in one table.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "broker/base/bytes.hpp"
#include "broker/base/result.hpp"
#include "broker/wire/protocol.hpp"
#include "broker/wire/reader.hpp"
#include "broker/wire/writer.hpp"

namespace midge::wire {

enum class PropertyId : std::uint8_t {
  PayloadFormatIndicator = 0x01,
  MessageExpiryInterval = 0x02,
  ContentType = 0x03,
  ResponseTopic = 0x08,
  CorrelationData = 0x09,
  SubscriptionIdentifier = 0x0B,
  SessionExpiryInterval = 0x11,
  AssignedClientIdentifier = 0x12,
  ServerKeepAlive = 0x13,
  AuthenticationMethod = 0x15,
  AuthenticationData = 0x16,
  RequestProblemInformation = 0x17,
  WillDelayInterval = 0x18,
  RequestResponseInformation = 0x19,
  ResponseInformation = 0x1A,
  ServerReference = 0x1C,
  ReasonString = 0x1F,
  ReceiveMaximum = 0x21,
  TopicAliasMaximum = 0x22,
  TopicAlias = 0x23,
  MaximumQoS = 0x24,
  RetainAvailable = 0x25,
  UserProperty = 0x26,
  MaximumPacketSize = 0x27,
  WildcardSubscriptionAvailable = 0x28,
  SubscriptionIdentifierAvailable = 0x29,
  SharedSubscriptionAvailable = 0x2A,
};

// Where a property section stands. The numbers after Will don't collide with PacketType.
enum class PropertyPlace : std::uint8_t {
  Connect = 1,
  Connack = 2,
  Publish = 3,
  Puback = 4,
  Pubrec = 5,
  Pubrel = 6,
  Pubcomp = 7,
  Subscribe = 8,
  Suback = 9,
  Unsubscribe = 10,
  Unsuback = 11,
  Disconnect = 14,
  Auth = 15,
  Will = 16,
};

struct UserProperty {
  std::string_view name;
  std::string_view value;
};

// A validated property section as it stood on the wire, without its length. Walks over what
// repeats: the User Properties, and a PUBLISH's Subscription Identifiers (a server sends several).
// A walk over bytes that are not valid ends where they stop making sense.
class PropertySection {
 public:
  PropertySection() = default;
  explicit PropertySection(Bytes validated) : bytes_(validated) {}

  [[nodiscard]] Bytes bytes() const { return bytes_; }

  // The next User Property at or after `offset`, which moves behind it; nothing at the end.
  [[nodiscard]] std::optional<UserProperty> next_user_property(std::size_t& offset) const;

  // Likewise for Subscription Identifiers.
  [[nodiscard]] std::optional<std::uint32_t> next_subscription_identifier(
      std::size_t& offset) const;

 private:
  Bytes bytes_;
};

// Every property that may stand once (a PUBLISH's Subscription Identifier: the first of them).
// Views point into the decoded frame.
struct Properties {
  Properties();  // in one place: many make them

  std::optional<std::uint8_t> payload_format_indicator;  // 0 or 1
  std::optional<std::uint32_t> message_expiry_interval;  // seconds
  std::optional<std::string_view> content_type;
  std::optional<std::string_view> response_topic;  // not empty, no wildcard [MQTT-3.3.2-14]
  std::optional<Bytes> correlation_data;
  std::optional<std::uint32_t> subscription_identifier;  // 1 to 268'435'455
  std::optional<std::uint32_t> session_expiry_interval;  // seconds; 0xFFFFFFFF: never
  std::optional<std::string_view> assigned_client_identifier;
  std::optional<std::uint16_t> server_keep_alive;  // seconds
  std::optional<std::string_view> authentication_method;
  std::optional<Bytes> authentication_data;
  std::optional<std::uint8_t> request_problem_information;   // 0 or 1
  std::optional<std::uint32_t> will_delay_interval;          // seconds
  std::optional<std::uint8_t> request_response_information;  // 0 or 1
  std::optional<std::string_view> response_information;
  std::optional<std::string_view> server_reference;
  std::optional<std::string_view> reason_string;
  std::optional<std::uint16_t> receive_maximum;  // never 0
  std::optional<std::uint16_t> topic_alias_maximum;
  std::optional<std::uint16_t> topic_alias;  // 0 is passed on: the receiver answers 0x94
  std::optional<std::uint8_t> maximum_qos;   // 0 or 1
  std::optional<std::uint8_t> retain_available;
  std::optional<std::uint32_t> maximum_packet_size;  // bytes, never 0
  std::optional<std::uint8_t> wildcard_subscription_available;
  std::optional<std::uint8_t> subscription_identifier_available;
  std::optional<std::uint8_t> shared_subscription_available;
  PropertySection section;            // all of it, for what repeats and for forwarding
  std::uint32_t forwarded_bytes = 0;  // size of what copy_forwarded() writes
};

// Reads Property Length and the properties allowed at `place` from `in`. Errors: MalformedPacket
// (lengths, types, strings, an identifier that does not exist or not at `place`, a Response Topic
// that is empty or has a wildcard), ProtocolError (twice, or with a value that the spec calls a
// Protocol Error; Authentication Data without Authentication Method). After an error, and behind a
// decoder that failed, `in` is failed.
[[nodiscard]] Result<Properties, ReasonCode> read_properties(Reader& in, PropertyPlace place);

// The same in place, which saves moving the struct: `properties` comes in as `Properties{}`.
// Returns Success or the error; after an error `properties` is of no use.
[[nodiscard]] ReasonCode read_properties(Reader& in, PropertyPlace place, Properties& properties);

// Writes Property Length and every property that is set, in the order that Mosquitto's CONNACK has:
// Session Expiry Interval, Server Keep Alive, Topic Alias Maximum, Assigned Client Identifier,
// Authentication Method, Authentication Data, Retain Available, Maximum Packet Size, Receive
// Maximum, Maximum QoS; then the others by number; then the User Properties of `section`, in order.
// Where `subscription_identifier` is set, those of `section` behind the first follow it.
void write_properties(Writer& out, const Properties& properties);

// Sets the Reason String unless it is empty.
void set_reason_string(Properties& properties, std::string_view text);

// Whether write_properties() writes nothing but a length of 0.
[[nodiscard]] bool is_empty(const Properties& properties);

// Copies what a server forwards of a PUBLISH's or a will's section, in its order, byte for byte:
// Payload Format Indicator, Content Type, Response Topic, Correlation Data, User Properties
// [MQTT-3.3.2-4, -15, -16, -17, -18, -20]. Not Message Expiry Interval, Topic Alias, Subscription
// Identifier, Will Delay Interval. `out` has at least forwarded_bytes of room.
void copy_forwarded(PropertySection section, MutableBytes out);

}  // namespace midge::wire
