// SUBSCRIBE and UNSUBSCRIBE (sections 3.8, 3.10): bytes <-> struct. The list of filters is walked
// in place.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "broker/base/bytes.hpp"
#include "broker/base/result.hpp"
#include "broker/wire/property.hpp"
#include "broker/wire/protocol.hpp"
#include "broker/wire/writer.hpp"

namespace midge::wire {

enum class RetainHandling : std::uint8_t { Send = 0, SendIfNew = 1, DontSend = 2 };

struct SubscriptionOptions {
  QoS maximum_qos{};
  bool no_local = false;
  bool retain_as_published = false;
  RetainHandling retain_handling = RetainHandling::Send;

  bool operator==(const SubscriptionOptions&) const = default;
};

struct SubscribeEntry {
  std::string_view filter;        // valid UTF-8; its wildcards and length are the caller's to judge
  SubscriptionOptions options{};  // none in an UNSUBSCRIBE
};

// A SUBSCRIBE or an UNSUBSCRIBE.
struct FilterList {
  PacketType type = PacketType::Subscribe;
  PacketIdentifier packet_id = 0;
  Properties properties{};  // 5.0 only; UNSUBSCRIBE: User Properties
  Bytes entries{};          // validated: at least one filter, in a SUBSCRIBE with its options byte
  std::uint32_t count = 0;

  // The entry at `offset`, which moves behind it; nothing at the end.
  [[nodiscard]] std::optional<SubscribeEntry> next(std::size_t& offset) const;
};

// Errors: MalformedPacket (lengths, UTF-8, reserved option bits; before 5.0 also QoS 3),
// ProtocolError (packet identifier 0 [MQTT-2.2.1-3], no filter, Retain Handling 3, 5.0: QoS 3,
// properties).
[[nodiscard]] Result<FilterList, ReasonCode> decode_subscribe(Version version, Bytes body);

// Errors: MalformedPacket, ProtocolError (packet identifier 0 [MQTT-2.2.1-3], no filter,
// properties).
[[nodiscard]] Result<FilterList, ReasonCode> decode_unsubscribe(Version version, Bytes body);

// The one that `list.type` says, in place: `list` comes in new but for its type. Returns Success or
// the error.
[[nodiscard]] ReasonCode decode_filters(Version version, Bytes body, FilterList& list);

// Whole packet. `properties` counts for 5.0 only, as do all options but the QoS.
void encode_subscribe(Writer& out, Version version, PacketIdentifier packet_id,
                      const Properties& properties, std::span<const SubscribeEntry> entries);
void encode_unsubscribe(Writer& out, Version version, PacketIdentifier packet_id,
                        const Properties& properties, std::span<const std::string_view> filters);

}  // namespace midge::wire
