// PUBLISH (MQTT 5.0 section 3.3): bytes <-> struct. No state, no allocation.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "broker/base/bytes.hpp"
#include "broker/base/result.hpp"
#include "broker/wire/property.hpp"
#include "broker/wire/protocol.hpp"
#include "broker/wire/writer.hpp"

namespace midge::wire {

// Views point into the decoded frame and live only as long as it does.
struct Publish {
  std::string_view topic_name;                // 5.0: empty when a Topic Alias stands for it
  Bytes payload;                              // 0 to 268'435'455 bytes
  std::optional<PacketIdentifier> packet_id;  // set iff qos > 0 [MQTT-2.2.1-2]
  QoS qos{};
  bool dup = false;
  bool retain = false;
  Properties properties;  // 5.0 only
};

// How much of a PUBLISH's body comes before its payload, for a receiver that streams the payload:
// topic name, packet identifier and properties with their lengths. `body` is the front of a body of
// `remaining_length` bytes, perhaps all. When the result is greater than body.size(), it is a lower
// bound; otherwise so much can be decoded. 0: malformed, because the head can't fit the body, or
// with QoS 3.
[[nodiscard]] std::uint32_t measure_publish_head(Version version, std::uint8_t flags, Bytes body,
                                                 std::uint32_t remaining_length);

// Decodes one complete PUBLISH body, or only its head, with the payload then empty; `flags` is the
// fixed header's low nibble. Errors: MalformedPacket (QoS 3, DUP with QoS 0, lengths, UTF-8, a
// wildcard in the topic, a Response Topic that is empty or has one; before 5.0 an empty topic
// name), ProtocolError (properties, packet identifier 0 [MQTT-2.2.1-3], an empty topic name without
// alias). A topic name that is empty is left to the caller where an alias is set. Never reads past
// `body`. A Subscription Identifier is passed on: a server refuses it, a client wants it.
[[nodiscard]] Result<Publish, ReasonCode> decode_publish(Version version, std::uint8_t flags,
                                                         Bytes body);

// The same in place, for the busiest of all paths: it saves clearing and moving the large struct.
// `publish` comes in new, as `Publish publish;`. Returns Success or the error; after an error
// `publish` is of no use.
[[nodiscard]] ReasonCode decode_publish(Version version, std::uint8_t flags, Bytes body,
                                        Publish& publish);

// Whole packet, for clients and tests; the broker's outbox writes headers around shared bytes.
// `properties.section` supplies User Properties and, if several, Subscription Identifiers.
void encode_publish(Writer& out, Version version, const Publish& publish);

}  // namespace midge::wire
