#include "broker/connection/refusal.hpp"

#include <cstddef>

namespace midge::connection {

namespace {

using metrics::Cause;
using wire::ReasonCode;

constexpr RefusalRow kRefusals[] = {
    {Refusal::None, ReasonCode::Success, Cause::Count},
    {Refusal::ProtocolVersion, ReasonCode::UnsupportedProtocolVersion, Cause::ProtocolVersion},
    {Refusal::ClientIdentifier, ReasonCode::ClientIdentifierNotValid, Cause::ClientIdentifier},
    {Refusal::KeepAlive, ReasonCode::ClientIdentifierNotValid, Cause::ClientIdentifier},
    {Refusal::UserName, ReasonCode::NotAuthorized, Cause::NotAuthorized},
    {Refusal::OtherUser, ReasonCode::NotAuthorized, Cause::NotAuthorized,
     "the client identifier belongs to another user"},
    {Refusal::NotAuthorized, ReasonCode::NotAuthorized, Cause::NotAuthorized},
    {Refusal::AuthenticationMethod, ReasonCode::BadAuthenticationMethod,
     Cause::NotAuthorized},                                                   // [MQTT-4.12.0-1]
    {Refusal::WillQoS, ReasonCode::QoSNotSupported, Cause::QoSNotSupported},  // [MQTT-3.2.2-12]
    {Refusal::WillRetain, ReasonCode::RetainNotSupported,
     Cause::RetainNotSupported},  // [MQTT-3.2.2-13]
    {Refusal::WillPayload, ReasonCode::PacketTooLarge, Cause::PayloadTooLarge},
    {Refusal::WillTopic, ReasonCode::TopicNameInvalid, Cause::TopicInvalid},
    {Refusal::WillDenied, ReasonCode::NotAuthorized, Cause::PublishDenied,
     "publishing to the will topic is not allowed"},
    {Refusal::ShuttingDown, ReasonCode::ServerShuttingDown, Cause::ConnectionLimit},
    {Refusal::ListenerFull, ReasonCode::QuotaExceeded, Cause::ListenerLimit},
    {Refusal::BrokerFull, ReasonCode::QuotaExceeded, Cause::ConnectionLimit},
    {Refusal::NoEntropy, ReasonCode::ServerUnavailable, Cause::ClientIdentifier},
    {Refusal::NoMemory, ReasonCode::QuotaExceeded, Cause::MemoryFull},
    {Refusal::NoSession, ReasonCode::QuotaExceeded, Cause::Count},
    {Refusal::Repeated, ReasonCode::Success, Cause::Count},
    {Refusal::TopicLevels, ReasonCode::TopicNameInvalid, Cause::TopicInvalid,
     "the topic has more levels than this broker allows"},
    {Refusal::BrokersTopic, ReasonCode::NotAuthorized, Cause::PublishDenied,
     "this topic belongs to the broker"},
    {Refusal::PublishDenied, ReasonCode::NotAuthorized, Cause::PublishDenied,
     "publishing to this topic is not allowed"},
    {Refusal::PayloadTooLarge, ReasonCode::QuotaExceeded, Cause::PayloadTooLarge,
     "the payload is larger than this broker allows"},
    {Refusal::MemoryFull, ReasonCode::QuotaExceeded, Cause::MemoryFull,
     "the broker's memory is full"},
    {Refusal::LimitReached, ReasonCode::QuotaExceeded, Cause::Count,
     "a limit of this broker is reached"},
    {Refusal::SharedOff, ReasonCode::SharedSubscriptionsNotSupported, Cause::FeatureOff},
    {Refusal::WildcardsOff, ReasonCode::WildcardSubscriptionsNotSupported, Cause::FeatureOff},
    {Refusal::FilterLevels, ReasonCode::TopicFilterInvalid, Cause::FilterInvalid,
     "the filter has more levels than this broker allows"},
    {Refusal::SubscribeDenied, ReasonCode::NotAuthorized, Cause::SubscribeDenied,
     "subscribing to this filter is not allowed"},
};

constexpr bool stand_in_order() {
  std::size_t index = 0;
  for (const RefusalRow& row : kRefusals) {
    if (static_cast<std::size_t>(row.refusal) != index++) return false;
  }
  return index == static_cast<std::size_t>(Refusal::SubscribeDenied) + 1;
}
static_assert(stand_in_order());

}  // namespace

const RefusalRow& row_of(Refusal refusal) {
  return kRefusals[static_cast<std::size_t>(refusal)];
}

}  // namespace midge::connection
