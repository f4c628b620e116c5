#include "broker/sys/sys_topics.hpp"

#include <chrono>

namespace midge::sys {

namespace {

using metrics::Cause;
using Series = SysTopics::Series;

enum class Value : std::uint8_t {
  Version,
  Uptime,
  ClientsConnected,
  ClientsDisconnected,
  ClientsTotal,
  ClientsMaximum,
  ClientsExpired,
  MessagesReceived,
  MessagesSent,
  PublishReceived,
  PublishSent,
  PublishDropped,
  PublishBytesReceived,
  PublishBytesSent,
  BytesReceived,
  BytesSent,
  Subscriptions,
  SharedSubscriptions,
  RetainedMessages,
  StoredMessages,
  StoredBytes,
  HeapCurrent,
  HeapMaximum,
  Load,     // detail: load()
  Refused,  // detail: refused()
};

struct Topic {
  std::string_view name;
  Value value;
  std::uint8_t detail;
};

constexpr std::uint8_t load(Series series, std::size_t window) {
  return static_cast<std::uint8_t>(static_cast<std::size_t>(series) * SysTopics::kWindows + window);
}
constexpr std::uint8_t refused(Cause cause) {
  return static_cast<std::uint8_t>(cause);
}

constexpr Topic kTopics[] = {
    {"$SYS/broker/version", Value::Version, 0},
    {"$SYS/broker/uptime", Value::Uptime, 0},
    {"$SYS/broker/clients/connected", Value::ClientsConnected, 0},
    {"$SYS/broker/clients/disconnected", Value::ClientsDisconnected, 0},
    {"$SYS/broker/clients/total", Value::ClientsTotal, 0},
    {"$SYS/broker/clients/maximum", Value::ClientsMaximum, 0},
    {"$SYS/broker/clients/expired", Value::ClientsExpired, 0},
    // The older names of connected and disconnected.
    {"$SYS/broker/clients/active", Value::ClientsConnected, 0},
    {"$SYS/broker/clients/inactive", Value::ClientsDisconnected, 0},
    {"$SYS/broker/messages/received", Value::MessagesReceived, 0},
    {"$SYS/broker/messages/sent", Value::MessagesSent, 0},
    {"$SYS/broker/messages/stored", Value::StoredMessages, 0},
    {"$SYS/broker/publish/messages/received", Value::PublishReceived, 0},
    {"$SYS/broker/publish/messages/sent", Value::PublishSent, 0},
    {"$SYS/broker/publish/messages/dropped", Value::PublishDropped, 0},
    {"$SYS/broker/publish/bytes/received", Value::PublishBytesReceived, 0},
    {"$SYS/broker/publish/bytes/sent", Value::PublishBytesSent, 0},
    {"$SYS/broker/bytes/received", Value::BytesReceived, 0},
    {"$SYS/broker/bytes/sent", Value::BytesSent, 0},
    {"$SYS/broker/subscriptions/count", Value::Subscriptions, 0},
    {"$SYS/broker/shared_subscriptions/count", Value::SharedSubscriptions, 0},
    {"$SYS/broker/retained messages/count", Value::RetainedMessages, 0},
    {"$SYS/broker/store/messages/count", Value::StoredMessages, 0},
    {"$SYS/broker/store/messages/bytes", Value::StoredBytes, 0},
    {"$SYS/broker/heap/current", Value::HeapCurrent, 0},
    {"$SYS/broker/heap/maximum", Value::HeapMaximum, 0},

    {"$SYS/broker/load/messages/received/1min", Value::Load, load(Series::MessagesReceived, 0)},
    {"$SYS/broker/load/messages/received/5min", Value::Load, load(Series::MessagesReceived, 1)},
    {"$SYS/broker/load/messages/received/15min", Value::Load, load(Series::MessagesReceived, 2)},
    {"$SYS/broker/load/messages/sent/1min", Value::Load, load(Series::MessagesSent, 0)},
    {"$SYS/broker/load/messages/sent/5min", Value::Load, load(Series::MessagesSent, 1)},
    {"$SYS/broker/load/messages/sent/15min", Value::Load, load(Series::MessagesSent, 2)},
    {"$SYS/broker/load/publish/received/1min", Value::Load, load(Series::PublishReceived, 0)},
    {"$SYS/broker/load/publish/received/5min", Value::Load, load(Series::PublishReceived, 1)},
    {"$SYS/broker/load/publish/received/15min", Value::Load, load(Series::PublishReceived, 2)},
    {"$SYS/broker/load/publish/sent/1min", Value::Load, load(Series::PublishSent, 0)},
    {"$SYS/broker/load/publish/sent/5min", Value::Load, load(Series::PublishSent, 1)},
    {"$SYS/broker/load/publish/sent/15min", Value::Load, load(Series::PublishSent, 2)},
    {"$SYS/broker/load/publish/dropped/1min", Value::Load, load(Series::PublishDropped, 0)},
    {"$SYS/broker/load/publish/dropped/5min", Value::Load, load(Series::PublishDropped, 1)},
    {"$SYS/broker/load/publish/dropped/15min", Value::Load, load(Series::PublishDropped, 2)},
    {"$SYS/broker/load/bytes/received/1min", Value::Load, load(Series::BytesReceived, 0)},
    {"$SYS/broker/load/bytes/received/5min", Value::Load, load(Series::BytesReceived, 1)},
    {"$SYS/broker/load/bytes/received/15min", Value::Load, load(Series::BytesReceived, 2)},
    {"$SYS/broker/load/bytes/sent/1min", Value::Load, load(Series::BytesSent, 0)},
    {"$SYS/broker/load/bytes/sent/5min", Value::Load, load(Series::BytesSent, 1)},
    {"$SYS/broker/load/bytes/sent/15min", Value::Load, load(Series::BytesSent, 2)},
    {"$SYS/broker/load/connections/1min", Value::Load, load(Series::Connections, 0)},
    {"$SYS/broker/load/connections/5min", Value::Load, load(Series::Connections, 1)},
    {"$SYS/broker/load/connections/15min", Value::Load, load(Series::Connections, 2)},
    {"$SYS/broker/load/sockets/1min", Value::Load, load(Series::Sockets, 0)},
    {"$SYS/broker/load/sockets/5min", Value::Load, load(Series::Sockets, 1)},
    {"$SYS/broker/load/sockets/15min", Value::Load, load(Series::Sockets, 2)},

    {"$SYS/broker/refused/connection limit", Value::Refused, refused(Cause::ConnectionLimit)},
    {"$SYS/broker/refused/listener limit", Value::Refused, refused(Cause::ListenerLimit)},
    {"$SYS/broker/refused/session limit", Value::Refused, refused(Cause::SessionLimit)},
    {"$SYS/broker/refused/not authorized", Value::Refused, refused(Cause::NotAuthorized)},
    {"$SYS/broker/refused/client identifier", Value::Refused, refused(Cause::ClientIdentifier)},
    {"$SYS/broker/refused/protocol version", Value::Refused, refused(Cause::ProtocolVersion)},
    {"$SYS/broker/refused/connect timeout", Value::Refused, refused(Cause::ConnectTimeout)},
    {"$SYS/broker/refused/keep alive timeout", Value::Refused, refused(Cause::KeepAliveTimeout)},
    {"$SYS/broker/refused/taken over", Value::Refused, refused(Cause::TakenOver)},
    {"$SYS/broker/refused/shutdown", Value::Refused, refused(Cause::Shutdown)},
    {"$SYS/broker/refused/malformed packet", Value::Refused, refused(Cause::MalformedPacket)},
    {"$SYS/broker/refused/protocol error", Value::Refused, refused(Cause::ProtocolError)},
    {"$SYS/broker/refused/packet too large", Value::Refused, refused(Cause::PacketTooLarge)},
    {"$SYS/broker/refused/receive maximum exceeded", Value::Refused,
     refused(Cause::ReceiveMaximumExceeded)},
    {"$SYS/broker/refused/topic alias invalid", Value::Refused, refused(Cause::TopicAliasInvalid)},
    {"$SYS/broker/refused/unknown packet identifier", Value::Refused,
     refused(Cause::UnknownIdentifier)},
    {"$SYS/broker/refused/publish denied", Value::Refused, refused(Cause::PublishDenied)},
    {"$SYS/broker/refused/topic invalid", Value::Refused, refused(Cause::TopicInvalid)},
    {"$SYS/broker/refused/payload too large", Value::Refused, refused(Cause::PayloadTooLarge)},
    {"$SYS/broker/refused/qos not supported", Value::Refused, refused(Cause::QoSNotSupported)},
    {"$SYS/broker/refused/retain not supported", Value::Refused,
     refused(Cause::RetainNotSupported)},
    {"$SYS/broker/refused/retained limit", Value::Refused, refused(Cause::RetainedLimit)},
    {"$SYS/broker/refused/memory full", Value::Refused, refused(Cause::MemoryFull)},
    {"$SYS/broker/refused/subscribe denied", Value::Refused, refused(Cause::SubscribeDenied)},
    {"$SYS/broker/refused/filter invalid", Value::Refused, refused(Cause::FilterInvalid)},
    {"$SYS/broker/refused/subscription limit", Value::Refused, refused(Cause::SubscriptionLimit)},
    {"$SYS/broker/refused/feature off", Value::Refused, refused(Cause::FeatureOff)},
    {"$SYS/broker/refused/queue messages", Value::Refused, refused(Cause::QueueMessages)},
    {"$SYS/broker/refused/queue bytes", Value::Refused, refused(Cause::QueueBytes)},
    {"$SYS/broker/refused/queue total", Value::Refused, refused(Cause::QueueTotal)},
    {"$SYS/broker/refused/offline", Value::Refused, refused(Cause::Offline)},
    {"$SYS/broker/refused/expired", Value::Refused, refused(Cause::Expired)},
    {"$SYS/broker/refused/too large for client", Value::Refused, refused(Cause::TooLargeForClient)},
    {"$SYS/broker/refused/session ended", Value::Refused, refused(Cause::SessionEnded)},
    {"$SYS/broker/refused/storage failed", Value::Refused, refused(Cause::StorageFailed)},
};

constexpr std::size_t kTopicCount = sizeof kTopics / sizeof kTopics[0];
// The rows of refused/ are the last ones, in the order of Cause: none is forgotten.
constexpr bool names_every_cause() {
  constexpr auto kCauses = static_cast<std::size_t>(Cause::Count);
  for (std::size_t cause = 0; cause < kCauses; ++cause) {
    const Topic& topic = kTopics[kTopicCount - kCauses + cause];
    if (topic.value != Value::Refused || topic.detail != cause) return false;
  }
  return true;
}
static_assert(names_every_cause());

constexpr std::array<Duration, SysTopics::kWindows> kWindowTimes = {
    std::chrono::minutes(1), std::chrono::minutes(5), std::chrono::minutes(15)};

std::uint64_t counter(Value value, const metrics::Metrics& m, const Arena& arena) {
  switch (value) {
    case Value::ClientsConnected:
      return m.clients_connected;
    case Value::ClientsDisconnected:
      return m.clients_total - m.clients_connected;
    case Value::ClientsTotal:
      return m.clients_total;
    case Value::ClientsMaximum:
      return m.clients_maximum;
    case Value::ClientsExpired:
      return m.clients_expired;
    case Value::MessagesReceived:
      return m.messages_received;
    case Value::MessagesSent:
      return m.messages_sent;
    case Value::PublishReceived:
      return m.publish_received;
    case Value::PublishSent:
      return m.publish_sent;
    case Value::PublishDropped:
      return m.publish_dropped;
    case Value::PublishBytesReceived:
      return m.publish_bytes_received;
    case Value::PublishBytesSent:
      return m.publish_bytes_sent;
    case Value::BytesReceived:
      return m.bytes_received;
    case Value::BytesSent:
      return m.bytes_sent;
    case Value::Subscriptions:
      return m.subscriptions;
    case Value::SharedSubscriptions:
      return m.shared_subscriptions;
    case Value::RetainedMessages:
      return m.retained_messages;
    case Value::StoredMessages:
      return m.stored_messages;
    case Value::StoredBytes:
      return m.stored_bytes;
    case Value::HeapCurrent:
      return arena.used_pages() * arena.page_bytes();
    case Value::HeapMaximum:
      return arena.most_used_pages() * arena.page_bytes();
    case Value::Version:
    case Value::Uptime:
    case Value::Load:
    case Value::Refused:
      break;  // no counters
  }
  return 0;
}

// Two decimals, as Mosquitto.
void add_fixed(TextWriter& out, Fixed value) {
  const std::uint64_t hundredths =
      (value * 100 + (std::uint64_t{1} << (kFractionBits - 1))) >> kFractionBits;
  const std::uint64_t fraction = hundredths % 100;
  out.add(hundredths / 100).add(fraction < 10 ? ".0" : ".").add(fraction);
}

}  // namespace

SysTopics::SysTopics(const metrics::Metrics& metrics, const Arena& arena, std::string_view version,
                     Instant started)
    : metrics_(metrics), arena_(arena), version_(version), started_(started), sampled_(started) {}

std::size_t SysTopics::count() const {
  return kTopicCount;
}

std::string_view SysTopics::name(std::size_t index) const {
  return kTopics[index].name;
}

void SysTopics::render(std::size_t index, TextWriter& out) const {
  const Topic& topic = kTopics[index];
  if (topic.value == Value::Version) {
    out.add(version_);
  } else if (topic.value == Value::Uptime) {
    out.add((sampled_ - started_) / std::chrono::seconds(1)).add(" seconds");
  } else if (topic.value == Value::Load) {
    add_fixed(out, averages_[topic.detail / kWindows][topic.detail % kWindows]);
  } else if (topic.value == Value::Refused) {
    out.add(metrics_.refused[topic.detail]);
  } else {
    out.add(counter(topic.value, metrics_, arena_));
  }
}

void SysTopics::sample(Instant now) {
  if (now <= sampled_) return;
  std::array<Step, kWindows> steps;
  for (std::size_t window = 0; window < kWindows; ++window)
    steps[window] = {now - sampled_, decay(now - sampled_, kWindowTimes[window])};
  for (std::size_t series = 0; series < kSeries; ++series) {
    const std::uint64_t current = total(static_cast<Series>(series));
    const std::uint64_t events = current - totals_[series];
    totals_[series] = current;
    for (std::size_t window = 0; window < kWindows; ++window) {
      Fixed& average = averages_[series][window];
      average = next_average(average, events, steps[window]);
    }
  }
  sampled_ = now;
}

std::uint64_t SysTopics::total(Series series) const {
  switch (series) {
    case Series::MessagesReceived:
      return metrics_.messages_received;
    case Series::MessagesSent:
      return metrics_.messages_sent;
    case Series::PublishReceived:
      return metrics_.publish_received;
    case Series::PublishSent:
      return metrics_.publish_sent;
    case Series::PublishDropped:
      return metrics_.publish_dropped;
    case Series::BytesReceived:
      return metrics_.bytes_received;
    case Series::BytesSent:
      return metrics_.bytes_sent;
    case Series::Connections:
      return metrics_.connections;
    case Series::Sockets:
      return metrics_.sockets;
    case Series::Count:
      break;
  }
  return 0;
}

}  // namespace midge::sys
