// Counters since the start of the broker and gauges of what it holds now. Plain numbers: whoever
// does the thing counts it, broker/sys renders them.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace midge::metrics {

// Why something was refused, dropped or closed; one counter each, published under
// $SYS/broker/refused/<name>.
enum class Cause : std::uint8_t {
  // connections
  ConnectionLimit,
  ListenerLimit,
  SessionLimit,
  NotAuthorized,
  ClientIdentifier,
  ProtocolVersion,
  ConnectTimeout,
  KeepAliveTimeout,
  TakenOver,
  Shutdown,
  MalformedPacket,
  ProtocolError,
  PacketTooLarge,
  ReceiveMaximumExceeded,
  TopicAliasInvalid,
  UnknownIdentifier,  // an acknowledgement for a packet identifier that is not open
  // publishes
  PublishDenied,
  TopicInvalid,
  PayloadTooLarge,
  QoSNotSupported,
  RetainNotSupported,
  RetainedLimit,
  MemoryFull,
  // subscriptions
  SubscribeDenied,
  FilterInvalid,
  SubscriptionLimit,
  FeatureOff,
  // deliveries
  QueueMessages,
  QueueBytes,
  QueueTotal,
  Offline,  // QoS 0 for a client that is away
  Expired,
  TooLargeForClient,
  SessionEnded,
  StorageFailed,
  Count
};

// The name in $SYS: "connection limit" and so on.
[[nodiscard]] std::string_view cause_name(Cause cause);

struct Metrics {
  // packets of every type
  std::uint64_t bytes_received = 0;
  std::uint64_t bytes_sent = 0;
  std::uint64_t messages_received = 0;
  std::uint64_t messages_sent = 0;
  // PUBLISH only
  std::uint64_t publish_received = 0;
  std::uint64_t publish_sent = 0;
  std::uint64_t publish_dropped = 0;
  std::uint64_t publish_bytes_received = 0;  // payload
  std::uint64_t publish_bytes_sent = 0;

  std::uint64_t connections = 0;  // CONNECTs accepted since the start
  std::uint64_t sockets = 0;      // transports accepted since the start

  // gauges
  std::uint32_t open_connections = 0;   // transports
  std::uint32_t clients_connected = 0;  // sessions with a connection
  std::uint32_t clients_total = 0;      // sessions
  std::uint32_t clients_maximum = 0;    // most that were ever connected together
  std::uint64_t clients_expired = 0;
  std::uint32_t subscriptions = 0;  // shared ones included
  std::uint32_t shared_subscriptions = 0;
  std::uint32_t retained_messages = 0;
  std::uint32_t stored_messages = 0;  // counted messages alive
  std::uint64_t stored_bytes = 0;     // their payloads
  std::uint32_t queued_messages = 0;  // deliveries waiting or in flight, groups included
  std::uint32_t inflight_messages = 0;

  std::array<std::uint64_t, static_cast<std::size_t>(Cause::Count)> refused{};

  void count(Cause cause);
  void count(Cause cause, std::uint32_t times);
  [[nodiscard]] std::uint64_t operator[](Cause cause) const {
    return refused[static_cast<std::size_t>(cause)];
  }
};

}  // namespace midge::metrics
