// Connection: SUBSCRIBE and UNSUBSCRIBE (MQTT 5.0 sections 3.8 to 3.11).
#include <algorithm>
#include <optional>

#include "broker/connection/buffer.hpp"
#include "broker/connection/connection.hpp"
#include "broker/topic/topic.hpp"
#include "broker/wire/suback.hpp"
#include "broker/wire/subscribe.hpp"

namespace midge::connection {

using metrics::Cause;
using session::RecordKind;
using wire::PacketType;
using wire::ReasonCode;
using wire::Version;

// Why an operator's choice forbids such a filter.
Refusal Connection::switched_off(const topic::Filter& filter) const {
  const settings::Settings& settings = context_.settings;
  if (filter.is_shared() && !settings.shared_subscriptions_available) return Refusal::SharedOff;
  if (filter.has_wildcard && !settings.wildcard_subscriptions_available) {
    return Refusal::WildcardsOff;
  }
  return Refusal::None;
}

void Connection::on_filters(PacketType type, Bytes body) {
  wire::FilterList list;
  list.type = type;
  const ReasonCode error = wire::decode_filters(version_, body, list);
  if (wire::is_error(error)) return close_for(error);
  const std::uint32_t identifier = list.properties.subscription_identifier.value_or(0);
  if (identifier != 0 && !context_.settings.subscription_identifiers_available) {
    return close(ReasonCode::SubscriptionIdentifiersNotSupported, Cause::FeatureOff);
  }
  // What breaks the protocol refuses the whole packet, before anything of it has happened.
  std::size_t offset = 0;
  while (const auto entry = list.next(offset)) {
    const auto filter = topic::parse_filter(entry->filter);
    if (!filter) return close(filter.error(), Cause::FilterInvalid);
    if (type == PacketType::Unsubscribe) continue;
    if (filter->is_shared() && entry->options.no_local) {
      return close_for(ReasonCode::ProtocolError);  // [MQTT-3.8.3-4]
    }
    // CONNACK has told a 5.0 client what it can't have: it is a protocol error to ask for it
    // (sections 3.2.2.3.11 and 3.2.2.3.13). Older ones have that filter refused.
    const RefusalRow& off = row_of(switched_off(*filter));
    if (off.refusal != Refusal::None && is_v5()) return close(off.reason, off.cause);
  }
  context_.router.schedule().on_filters(*session_, list.count);
  std::uint8_t few[64];
  Buffer codes(context_.memory, few, list.count);
  if (!codes.ok()) return close_for_memory();
  const std::uint32_t before = changes();
  std::string_view reason_string;
  offset = 0;
  for (std::uint8_t& code : codes.all()) {
    const auto entry = list.next(offset);
    const ReasonCode reason = type == PacketType::Subscribe
                                  ? subscribe_one(*entry, identifier, reason_string)
                                  : unsubscribe_one(entry->filter);
    // 3.1 has no code for a refusal: the client is told what it asked for.
    code = version_ == Version::V31 && wire::is_error(reason)
               ? static_cast<std::uint8_t>(entry->options.maximum_qos)
               : static_cast<std::uint8_t>(reason);
  }
  // One code for each filter, in their order [MQTT-3.8.4-6] [MQTT-3.9.3-1].
  const PacketType answer =
      type == PacketType::Subscribe ? PacketType::Suback : PacketType::Unsuback;
  wire::Suback suback;
  suback.packet_id = list.packet_id;
  suback.codes = codes.all();
  wire::set_reason_string(suback.properties, reason_string);
  switch (queue_packet({.commit = commit_since(before), .type = answer}, suback.properties,
                       reason_string.size() + list.count, [&](wire::Writer& out) {
                         wire::encode_suback(out, version_, answer, suback);
                       })) {
    case Queued::Yes:
      return;
    case Queued::TooLarge:
      return count(Cause::TooLargeForClient);  // [MQTT-3.1.2-25]
    case Queued::MemoryFull:
      return close_for_memory();
  }
}

Refusal Connection::refusal_of(const topic::Filter& filter) const {
  const Refusal off = switched_off(filter);  // [MQTT-3.8.3-2@3.1.1]
  if (off != Refusal::None) return off;
  if (has_too_many_levels(filter.filter)) return Refusal::FilterLevels;
  const bool allowed = context_.authorizer.may_subscribe(
      {session_->client_id(), session_->user_name()}, filter.filter);
  return allowed ? Refusal::None : Refusal::SubscribeDenied;
}

ReasonCode Connection::subscribe_one(const wire::SubscribeEntry& entry, std::uint32_t identifier,
                                     std::string_view& reason_string) {
  const topic::Filter filter = *topic::parse_filter(entry.filter);
  const Refusal refusal = refusal_of(filter);
  ReasonCode reason = count(refusal).reason;
  if (refusal == Refusal::None) {
    wire::SubscriptionOptions options = entry.options;
    options.maximum_qos = std::min(options.maximum_qos, listener().max_qos);  // [MQTT-3.2.2-10]
    if (is_bridge_) options.no_local = options.retain_as_published = true;
    const auto made = context_.router.subscribe(*session_, filter, options, identifier);
    reason = made.reason;
    if (made.subscription != nullptr) {
      const auto qos = static_cast<std::uint8_t>(options.maximum_qos);
      context_.commits.record({.kind = RecordKind::Subscribed,
                               .session = session_,
                               .subscription = made.subscription,
                               .text = entry.filter});
      log(LogLevel::Subscribe, "% # %", {session_->client_id(), unsigned{qos}, entry.filter});
      return reason;
    }
  }
  if (reason_string.empty()) {
    reason_string =
        row_of(refusal == Refusal::None ? Refusal::LimitReached : refusal).reason_string();
  }
  return reason;
}

ReasonCode Connection::unsubscribe_one(std::string_view text) {
  if (!context_.router.unsubscribe(*session_, *topic::parse_filter(text))) {
    return ReasonCode::NoSubscriptionExisted;
  }
  context_.commits.record({.kind = RecordKind::Unsubscribed, .session = session_, .text = text});
  log(LogLevel::Unsubscribe, "% %", {session_->client_id(), text});
  return ReasonCode::Success;
}

}  // namespace midge::connection
