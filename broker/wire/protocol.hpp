// The constants of MQTT 3.1, 3.1.1 and 5.0 (sections 2.1 and 2.4) that everything else refers to.
#pragma once

#include <cstdint>
#include <string_view>

namespace midge::wire {

// The numbers are the protocol levels of CONNECT.
enum class Version : std::uint8_t { V31 = 3, V311 = 4, V5 = 5 };

enum class PacketType : std::uint8_t {
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
  Pingreq = 12,
  Pingresp = 13,
  Disconnect = 14,
  Auth = 15,
};

enum class QoS : std::uint8_t { AtMostOnce = 0, AtLeastOnce = 1, ExactlyOnce = 2 };
inline constexpr QoS kMaximumQoS = QoS::ExactlyOnce;

using PacketIdentifier = std::uint16_t;  // never 0 on the wire

inline constexpr std::uint32_t kMaximumRemainingLength = 268'435'455;
inline constexpr std::uint32_t kMaximumFixedHeaderBytes = 5;
inline constexpr std::uint32_t kMaximumStringBytes = 65'535;
inline constexpr std::uint16_t kDefaultReceiveMaximum = 65'535;
inline constexpr std::uint32_t kSessionNeverExpires = 0xFFFFFFFF;

// MQTT 5.0 section 2.4. Values that share a number (Success, NormalDisconnection, GrantedQoS0) have
// one name for each use.
enum class ReasonCode : std::uint8_t {
  Success = 0x00,
  NormalDisconnection = 0x00,
  GrantedQoS0 = 0x00,
  GrantedQoS1 = 0x01,
  GrantedQoS2 = 0x02,
  DisconnectWithWill = 0x04,
  NoMatchingSubscribers = 0x10,
  NoSubscriptionExisted = 0x11,
  ContinueAuthentication = 0x18,
  ReAuthenticate = 0x19,
  UnspecifiedError = 0x80,
  MalformedPacket = 0x81,
  ProtocolError = 0x82,
  ImplementationSpecificError = 0x83,
  UnsupportedProtocolVersion = 0x84,
  ClientIdentifierNotValid = 0x85,
  BadUserNameOrPassword = 0x86,
  NotAuthorized = 0x87,
  ServerUnavailable = 0x88,
  ServerBusy = 0x89,
  Banned = 0x8A,
  ServerShuttingDown = 0x8B,
  BadAuthenticationMethod = 0x8C,
  KeepAliveTimeout = 0x8D,
  SessionTakenOver = 0x8E,
  TopicFilterInvalid = 0x8F,
  TopicNameInvalid = 0x90,
  PacketIdentifierInUse = 0x91,
  PacketIdentifierNotFound = 0x92,
  ReceiveMaximumExceeded = 0x93,
  TopicAliasInvalid = 0x94,
  PacketTooLarge = 0x95,
  MessageRateTooHigh = 0x96,
  QuotaExceeded = 0x97,
  AdministrativeAction = 0x98,
  PayloadFormatInvalid = 0x99,
  RetainNotSupported = 0x9A,
  QoSNotSupported = 0x9B,
  UseAnotherServer = 0x9C,
  ServerMoved = 0x9D,
  SharedSubscriptionsNotSupported = 0x9E,
  ConnectionRateExceeded = 0x9F,
  MaximumConnectTime = 0xA0,
  SubscriptionIdentifiersNotSupported = 0xA1,
  WildcardSubscriptionsNotSupported = 0xA2,
};

[[nodiscard]] constexpr bool is_error(ReasonCode reason) {
  return static_cast<std::uint8_t>(reason) >= 0x80;
}

// The spec's name in lower case, for logs: "not authorized". Success is "success"; a number that
// the spec does not have is "unknown reason".
[[nodiscard]] std::string_view reason_name(ReasonCode reason);

// True when the spec lists `reason` for packets of `type` (section 2.4, table 2-6). CONNACK,
// PUBACK, PUBREC, PUBREL, PUBCOMP, SUBACK, UNSUBACK, DISCONNECT and AUTH have reason codes; others
// have none.
[[nodiscard]] bool is_listed_reason(PacketType type, ReasonCode reason);

// "PUBLISH", "CONNACK", ...: for logs.
[[nodiscard]] std::string_view packet_name(PacketType type);

// CONNACK return codes of 3.1 and 3.1.1 (section 3.2.2.3 there).
enum class ReturnCode : std::uint8_t {
  Accepted = 0,
  UnacceptableProtocolVersion = 1,
  IdentifierRejected = 2,
  ServerUnavailable = 3,
  BadUserNameOrPassword = 4,
  NotAuthorized = 5,
};

}  // namespace midge::wire
