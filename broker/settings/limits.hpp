// What the broker may hold at most. Zero is a supported value everywhere: the feature is then
// answered with the spec's own refusal. kUnlimited leaves it to the memory limit.
#pragma once

#include <cstddef>
#include <cstdint>

namespace midge::settings {

inline constexpr std::uint32_t kUnlimited = 0xFFFFFFFF;

struct Limits {
  // All of the broker's memory, in bytes; everything below shares it.
  std::size_t memory_bytes = std::size_t{64} << 20;

  std::uint32_t connections = kUnlimited;
  std::uint32_t sessions = kUnlimited;       // with a connection or without
  std::uint32_t subscriptions = kUnlimited;  // of all sessions together
  std::uint32_t retained_messages = kUnlimited;

  std::uint32_t queued_messages = 1'000;             // per session, beyond those in flight
  std::uint32_t queued_bytes = kUnlimited;           // per session: payload bytes waiting
  std::uint32_t total_queued_messages = kUnlimited;  // of all sessions and groups together
  std::uint32_t group_queued_messages = 1'000;       // per shared group while nobody can take them

  std::uint16_t inflight_messages =
      20;  // per session and direction; our Receive Maximum. 0: 65'535
  std::uint32_t inflight_bytes = kUnlimited;  // per session: payload bytes in flight, outgoing
  std::uint16_t inbound_qos2 = 1'000;         // open QoS 2 identifiers of a client before 5.0

  std::uint32_t packet_bytes = 2'000'000;      // our Maximum Packet Size, a whole packet
  std::uint32_t payload_bytes = kUnlimited;    // message_size_limit
  std::uint16_t topic_levels = 200;            // of a topic name or a filter
  std::uint16_t topic_alias_maximum = 10;      // incoming, per connection
  std::uint16_t topic_alias_maximum_out = 10;  // outgoing, per connection, at most the client's
};

}  // namespace midge::settings
