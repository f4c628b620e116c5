// A session (MQTT 5.0 section 4.1): what the broker keeps for a client id, with a connection or
// without.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "broker/base/deadlines.hpp"
#include "broker/base/hash_index.hpp"
#include "broker/base/list.hpp"
#include "broker/base/time.hpp"
#include "broker/message/message.hpp"
#include "broker/session/attachment.hpp"
#include "broker/session/commits.hpp"
#include "broker/session/delivery.hpp"
#include "broker/session/subscription.hpp"
#include "broker/wire/protocol.hpp"

namespace midge::session {

// What a Deadline of this broker belongs to (Deadline::kind).
enum class DeadlineKind : std::uint8_t { Session, Arrival, Retained, System, Trim };

// A will that waits for its connection to end, or for its delay to pass after that.
struct Will {
  message::Message* message = nullptr;  // counted
  std::uint32_t delay_seconds = 0;
  std::optional<std::uint32_t> expiry_seconds{};  // Message Expiry Interval, from its publication
  Instant due = kNever;                           // set when the connection has ended
};

// A QoS 2 PUBLISH that came and was not released yet by its PUBREL.
struct InboundIdentifier {
  InboundIdentifier* next = nullptr;
  wire::PacketIdentifier packet_id = 0;
  bool takes_quota = false;  // came on this connection: counts against our Receive Maximum
};

// Base of a retained replay under way (broker/routing).
struct ReplayBase {
  ReplayBase* next = nullptr;
};

// Its deadline: while the client is away the end of the session or the will's delay, whichever is
// first; while it is there its connection's.
// The hash is of the client id.
class Session : public HashNode, public Deadline {
 public:
  [[nodiscard]] std::string_view client_id() const {
    return {reinterpret_cast<const char*>(this + 1), client_id_bytes};
  }
  // The user that made it; empty: anonymous.
  [[nodiscard]] std::string_view user_name() const {
    return {reinterpret_cast<const char*>(this + 1) + client_id_bytes, user_name_bytes};
  }
  [[nodiscard]] bool is_online() const { return attachment != nullptr; }

  // In this order nothing is lost between the members: one of these stands for each client.
  bool in_group : 1 = false;  // may have shared subscriptions
  bool is_over : 1 = false;   // has ended, and its subscriptions are being taken away
  // Behind what is queued more waits, which is on storage only (session::Journal). It is counted.
  bool has_evicted : 1 = false;
  std::uint16_t client_id_bytes = 0;
  std::uint16_t user_name_bytes = 0;
  std::uint16_t inflight_count = 0;
  std::uint16_t quota_used = 0;  // PUBLISHes with QoS > 0 that this connection has open
  wire::PacketIdentifier last_packet_id = 0;
  std::uint16_t inbound_count = 0;
  std::uint32_t queued_count = 0;
  std::uint32_t queued_bytes = 0;  // payloads of `queued`
  std::uint32_t subscription_count = 0;
  std::uint32_t expiry_seconds = 0;  // Session Expiry Interval; 0xFFFFFFFF: never

  Attachment* attachment = nullptr;  // null while the client is away
  SmallList<Subscription, OfSession> subscriptions;
  Ring<ReplayBase> replays;

  // Outgoing: what waits, and what has an identifier, in the order of sending.
  Queue<Delivery> queued;
  Queue<Delivery> inflight;
  Ring<InboundIdentifier> inbound;  // incoming: open QoS 2 identifiers
  Will* will = nullptr;
  union {
    Instant ends = kNever;  // while away: when the session expires
    Delivery* resend;       // while there: the first in flight that was not sent on this connection
  };
};

static_assert(sizeof(Session) <= (sizeof(void*) == 8 ? 152 : 96));

}  // namespace midge::session
