#include "broker/wire/protocol.hpp"

#include <algorithm>
#include <array>

namespace midge::wire {

namespace {

// A set of packet types, one bit each.
using PacketTypes = std::uint16_t;

template <class... Types>
constexpr PacketTypes in(Types... types) {
  return static_cast<PacketTypes>((0U | ... | (1U << static_cast<unsigned>(types))));
}

struct Reason {
  ReasonCode code;
  PacketTypes listed_for;
  std::string_view name;
};

using enum PacketType;

// MQTT 5.0 table 2-6, by number. Only the compiler sees it.
constexpr auto kReasons = std::to_array<Reason>({
    {ReasonCode::Success,
     in(Connack, Puback, Pubrec, Pubrel, Pubcomp, Suback, Unsuback, Disconnect, Auth), "success"},
    {ReasonCode::GrantedQoS1, in(Suback), "granted QoS 1"},
    {ReasonCode::GrantedQoS2, in(Suback), "granted QoS 2"},
    {ReasonCode::DisconnectWithWill, in(Disconnect), "disconnect with will message"},
    {ReasonCode::NoMatchingSubscribers, in(Puback, Pubrec), "no matching subscribers"},
    {ReasonCode::NoSubscriptionExisted, in(Unsuback), "no subscription existed"},
    {ReasonCode::ContinueAuthentication, in(Auth), "continue authentication"},
    {ReasonCode::ReAuthenticate, in(Auth), "re-authenticate"},
    {ReasonCode::UnspecifiedError, in(Connack, Puback, Pubrec, Suback, Unsuback, Disconnect),
     "unspecified error"},
    {ReasonCode::MalformedPacket, in(Connack, Disconnect), "malformed packet"},
    {ReasonCode::ProtocolError, in(Connack, Disconnect), "protocol error"},
    {ReasonCode::ImplementationSpecificError,
     in(Connack, Puback, Pubrec, Suback, Unsuback, Disconnect), "implementation specific error"},
    {ReasonCode::UnsupportedProtocolVersion, in(Connack), "unsupported protocol version"},
    {ReasonCode::ClientIdentifierNotValid, in(Connack), "client identifier not valid"},
    {ReasonCode::BadUserNameOrPassword, in(Connack), "bad user name or password"},
    {ReasonCode::NotAuthorized, in(Connack, Puback, Pubrec, Suback, Unsuback, Disconnect),
     "not authorized"},
    {ReasonCode::ServerUnavailable, in(Connack), "server unavailable"},
    {ReasonCode::ServerBusy, in(Connack, Disconnect), "server busy"},
    {ReasonCode::Banned, in(Connack), "banned"},
    {ReasonCode::ServerShuttingDown, in(Disconnect), "server shutting down"},
    {ReasonCode::BadAuthenticationMethod, in(Connack, Disconnect), "bad authentication method"},
    {ReasonCode::KeepAliveTimeout, in(Disconnect), "keep alive timeout"},
    {ReasonCode::SessionTakenOver, in(Disconnect), "session taken over"},
    {ReasonCode::TopicFilterInvalid, in(Suback, Unsuback, Disconnect), "topic filter invalid"},
    {ReasonCode::TopicNameInvalid, in(Connack, Puback, Pubrec, Disconnect), "topic name invalid"},
    {ReasonCode::PacketIdentifierInUse, in(Puback, Pubrec, Suback, Unsuback),
     "packet identifier in use"},
    {ReasonCode::PacketIdentifierNotFound, in(Pubrel, Pubcomp), "packet identifier not found"},
    {ReasonCode::ReceiveMaximumExceeded, in(Disconnect), "receive maximum exceeded"},
    {ReasonCode::TopicAliasInvalid, in(Disconnect), "topic alias invalid"},
    {ReasonCode::PacketTooLarge, in(Connack, Disconnect), "packet too large"},
    {ReasonCode::MessageRateTooHigh, in(Disconnect), "message rate too high"},
    {ReasonCode::QuotaExceeded, in(Connack, Puback, Pubrec, Suback, Disconnect), "quota exceeded"},
    {ReasonCode::AdministrativeAction, in(Disconnect), "administrative action"},
    {ReasonCode::PayloadFormatInvalid, in(Connack, Puback, Pubrec, Disconnect),
     "payload format invalid"},
    {ReasonCode::RetainNotSupported, in(Connack, Disconnect), "retain not supported"},
    {ReasonCode::QoSNotSupported, in(Connack, Disconnect), "QoS not supported"},
    {ReasonCode::UseAnotherServer, in(Connack, Disconnect), "use another server"},
    {ReasonCode::ServerMoved, in(Connack, Disconnect), "server moved"},
    {ReasonCode::SharedSubscriptionsNotSupported, in(Suback, Disconnect),
     "shared subscriptions not supported"},
    {ReasonCode::ConnectionRateExceeded, in(Connack, Disconnect), "connection rate exceeded"},
    {ReasonCode::MaximumConnectTime, in(Disconnect), "maximum connect time"},
    {ReasonCode::SubscriptionIdentifiersNotSupported, in(Suback, Disconnect),
     "subscription identifiers not supported"},
    {ReasonCode::WildcardSubscriptionsNotSupported, in(Suback, Disconnect),
     "wildcard subscriptions not supported"},
});

// The same as it is kept: four bytes a row, and the names in one piece.
struct ReasonRow {
  PacketTypes listed_for = 0;
  ReasonCode code{};
  std::uint8_t name_bytes = 0;
};

constexpr auto kRows = [] {
  std::array<ReasonRow, kReasons.size()> rows{};
  std::transform(kReasons.begin(), kReasons.end(), rows.begin(), [](const Reason& reason) {
    return ReasonRow{reason.listed_for, reason.code, static_cast<std::uint8_t>(reason.name.size())};
  });
  return rows;
}();

constexpr std::size_t kNameBytes = [] {
  std::size_t bytes = 0;
  for (const Reason& reason : kReasons) bytes += reason.name.size();
  return bytes;
}();

constexpr auto kNames = [] {
  std::array<char, kNameBytes> names{};
  auto* out = names.begin();
  for (const Reason& reason : kReasons) {
    out = std::copy(reason.name.begin(), reason.name.end(), out);
  }
  return names;
}();

constexpr auto kPacketNames = std::to_array<std::string_view>(
    {"RESERVED", "CONNECT", "CONNACK", "PUBLISH", "PUBACK", "PUBREC", "PUBREL", "PUBCOMP",
     "SUBSCRIBE", "SUBACK", "UNSUBSCRIBE", "UNSUBACK", "PINGREQ", "PINGRESP", "DISCONNECT",
     "AUTH"});

}  // namespace

std::string_view reason_name(ReasonCode reason) {
  const char* name = kNames.data();
  for (const ReasonRow& row : kRows) {
    if (row.code == reason) return {name, row.name_bytes};
    name += row.name_bytes;
  }
  return "unknown reason";
}

bool is_listed_reason(PacketType type, ReasonCode reason) {
  for (const ReasonRow& row : kRows) {
    if (row.code == reason) return (row.listed_for & in(type)) != 0;
  }
  return false;
}

std::string_view packet_name(PacketType type) {
  const auto index = static_cast<std::size_t>(type);
  return index < kPacketNames.size() ? kPacketNames[index] : kPacketNames[0];
}

}  // namespace midge::wire
