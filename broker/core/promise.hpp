// What memory has to be enough for at the same time, as far as settings::Limits leave it open. With
// the limits it makes a budget (budget.hpp); the broker itself does not know it.
#pragma once

#include <cstdint>

#include "broker/settings/limits.hpp"

namespace midge::core {

struct Promise {
  static constexpr std::uint32_t kAsLimits = settings::kUnlimited;

  // Lengths in bytes. Longer ones are not promised; how many may be shorter says mixed_pages.
  std::uint32_t client_id_bytes = 23;
  std::uint32_t user_name_bytes = 0;
  std::uint32_t filter_bytes = 32;
  std::uint32_t share_name_bytes = 8;
  std::uint32_t topic_bytes = 32;
  std::uint32_t properties_bytes = 0;  // of a message, what is forwarded
  std::uint32_t payload_bytes = 64;
  std::uint32_t half_packet_bytes = kAsLimits;  // of a packet that comes in pieces

  bool journal = false;             // there is one, for which each message keeps a few bytes
  std::uint32_t journal_pages = 0;  // that it takes itself

  // How many at the same time. kAsLimits: as many as there can be.
  std::uint32_t queued = kAsLimits;  // messages that wait, of all sessions and groups
  std::uint32_t arriving = 2;        // before their CONNECT, beyond Limits::connections
  // Where filters, or the topics of retained messages, part and no other one ends: "a/b" and "a/c"
  // part at "a".
  std::uint32_t filter_branches = kAsLimits;
  std::uint32_t topic_branches = kAsLimits;
  std::uint32_t groups = kAsLimits;    // shared ones
  std::uint32_t expiring = kAsLimits;  // retained messages with a Message Expiry Interval
  std::uint32_t wills = kAsLimits;
  std::uint32_t inflight = kAsLimits;      // messages sent to clients and not acknowledged, of all
  std::uint32_t receivers = kAsLimits;     // subscriptions that one message matches
  std::uint32_t inbound_qos2 = kAsLimits;  // QoS 2 messages without their PUBREL, of all clients
  // Clients that state a Maximum Packet Size or a Topic Alias Maximum, with all their Topic
  // Aliases, both ways.
  std::uint32_t aliasing = kAsLimits;
  // Clients that in one turn are owed acknowledgements or retained messages, or have a packet that
  // is half out.
  std::uint32_t busy = kAsLimits;
  std::uint32_t half_packets = kAsLimits;
  // Pages for lengths that differ: each size class that is used may leave one partly empty.
  std::uint32_t mixed_pages = kAsLimits;
};

}  // namespace midge::core
