// Why something that a client asks for is refused: what it is told and what is counted.
#pragma once

#include <cstdint>
#include <string_view>

#include "broker/metrics/metrics.hpp"
#include "broker/wire/protocol.hpp"

namespace midge::connection {

enum class Refusal : std::uint8_t {
  None,
  // CONNECT
  ProtocolVersion,
  ClientIdentifier,
  KeepAlive,
  UserName,
  OtherUser,
  NotAuthorized,
  AuthenticationMethod,
  WillQoS,
  WillRetain,
  WillPayload,
  WillTopic,
  WillDenied,
  ShuttingDown,
  ListenerFull,
  BrokerFull,
  NoEntropy,
  NoMemory,
  NoSession,  // what keeps it from one has been counted
  // PUBLISH
  Repeated,  // none: one of QoS 2 that is owned already, PUBREC once more
  TopicLevels,
  BrokersTopic,
  PublishDenied,
  PayloadTooLarge,
  MemoryFull,
  LimitReached,  // it has been counted which
  // SUBSCRIBE
  SharedOff,
  WildcardsOff,
  FilterLevels,
  SubscribeDenied,
  // These have no row.
  NotNow,  // a pause has begun: it is tried again
  Closed,  // the connection is closing
};

struct RefusalRow {
  constexpr RefusalRow(Refusal why, wire::ReasonCode code, metrics::Cause counted,
                       std::string_view reason_string = {})
      : text(reason_string.data()),
        text_bytes(static_cast<std::uint8_t>(reason_string.size())),
        refusal(why),
        reason(code),
        cause(counted) {}

  // The Reason String; empty: none.
  [[nodiscard]] std::string_view reason_string() const { return {text, text_bytes}; }

  const char* text;
  std::uint8_t text_bytes;
  Refusal refusal;
  wire::ReasonCode reason;
  metrics::Cause cause;  // Count: not here
};

[[nodiscard]] const RefusalRow& row_of(Refusal refusal);  // one that has a row

}  // namespace midge::connection
