// Connection: SUBSCRIBE and UNSUBSCRIBE (MQTT 5.0 sections 3.8 to 3.11).
#include <algorithm>
#include <optional>

#include "broker/base/text.hpp"
#include "broker/connection/connection.hpp"
#include "broker/topic/topic.hpp"
#include "broker/wire/suback.hpp"
#include "broker/wire/subscribe.hpp"
#include "broker/wire/unsubscribe.hpp"

namespace midge::connection {

using metrics::Cause;
using session::RecordKind;
using wire::PacketType;
using wire::ReasonCode;
using wire::Version;

namespace {

// Room for the codes of one packet; given back at the end of the block.
class Codes {
 public:
  Codes(Memory& memory, std::size_t count)
      : memory_(memory),
        count_(count),
        bytes_(count <= sizeof local_
                   ? local_
                   : static_cast<std::uint8_t*>(memory.allocate(count, Reserve::Use))) {}
  Codes(const Codes&) = delete;
  Codes& operator=(const Codes&) = delete;
  ~Codes() {
    if (bytes_ != local_ && bytes_ != nullptr) memory_.release(bytes_, count_);
  }
  [[nodiscard]] bool ok() const { return bytes_ != nullptr; }
  [[nodiscard]] MutableBytes all() { return {bytes_, count_}; }

 private:
  Memory& memory_;
  std::size_t count_;
  std::uint8_t local_[64];
  std::uint8_t* bytes_;
};

// Why an operator's choice forbids such a filter.
std::optional<ReasonCode> switched_off(const settings::Settings& settings,
                                       const topic::Filter& filter) {
  if (filter.is_shared() && !settings.shared_subscriptions_available) {
    return ReasonCode::SharedSubscriptionsNotSupported;
  }
  if (filter.has_wildcard && !settings.wildcard_subscriptions_available) {
    return ReasonCode::WildcardSubscriptionsNotSupported;
  }
  return std::nullopt;
}

}  // namespace

void Connection::on_subscribe(Bytes body) {
  const auto subscribe = wire::decode_subscribe(version_, body);
  if (!subscribe) return close_for(subscribe.error());
  const auto identifier = subscribe->properties.subscription_identifier;
  if (identifier && !context_.settings.subscription_identifiers_available) {
    return close(ReasonCode::SubscriptionIdentifiersNotSupported, Cause::FeatureOff);
  }
  // What breaks the protocol refuses the whole packet, before anything of it has happened.
  std::size_t offset = 0;
  while (const auto entry = subscribe->next(offset)) {
    const auto filter = topic::parse_filter(entry->filter);
    if (!filter) return close(filter.error(), Cause::FilterInvalid);
    if (filter->is_shared() && entry->options.no_local) {
      return close(ReasonCode::ProtocolError, Cause::ProtocolError);  // [MQTT-3.8.3-4]
    }
    // CONNACK has told a 5.0 client what it can't have: it is a protocol error to ask for it
    // (sections 3.2.2.3.11 and 3.2.2.3.13). Older ones have that filter refused.
    const auto off = switched_off(context_.settings, *filter);
    if (off && is_v5()) return close(*off, Cause::FeatureOff);
  }
  context_.router.schedule().on_filters(*session_, subscribe->count);
  Codes codes(context_.memory, subscribe->count);
  if (!codes.ok()) return close(ReasonCode::QuotaExceeded, Cause::MemoryFull);
  const std::uint64_t before = context_.commits.records();
  std::string_view reason_string;
  offset = 0;
  std::size_t count = 0;
  while (const auto entry = subscribe->next(offset)) {
    const ReasonCode code =
        subscribe_one(entry->filter, entry->options, identifier.value_or(0), reason_string);
    // 3.1 has no code for a refusal: the client is told what it asked for.
    codes.all()[count++] = version_ == Version::V31 && wire::is_error(code)
                               ? static_cast<std::uint8_t>(entry->options.maximum_qos)
                               : static_cast<std::uint8_t>(code);
  }
  // One code for each filter, in their order [MQTT-3.8.4-6] [MQTT-3.9.3-1].
  if (!send_suback(PacketType::Suback, subscribe->packet_id, codes.all(),
                   context_.commits.since(before), reason_string)) {
    close(ReasonCode::QuotaExceeded, Cause::MemoryFull);
  }
}

ReasonCode Connection::subscribe_one(std::string_view text,
                                     const wire::SubscriptionOptions& requested,
                                     std::uint32_t identifier, std::string_view& reason_string) {
  const settings::Settings& settings = context_.settings;
  const topic::Filter filter = *topic::parse_filter(text);
  const auto refused = [&](ReasonCode reason, Cause cause, std::string_view why) {
    context_.metrics.count(cause);
    if (reason_string.empty()) reason_string = why;
    return reason;
  };
  if (const auto off = switched_off(settings, filter)) {  // [MQTT-3.8.3-2@3.1.1]
    return refused(*off, Cause::FeatureOff, {});
  }
  if (topic::has_more_levels(filter.filter, settings.limits.topic_levels)) {
    return refused(ReasonCode::TopicFilterInvalid, Cause::FilterInvalid,
                   "the filter has more levels than this broker allows");
  }
  if (!context_.authorizer.may_subscribe({session_->client_id(), session_->user_name()},
                                         filter.filter)) {
    return refused(ReasonCode::NotAuthorized, Cause::SubscribeDenied,
                   "subscribing to this filter is not allowed");
  }
  wire::SubscriptionOptions options = requested;
  options.maximum_qos = std::min(options.maximum_qos, listener().max_qos);  // [MQTT-3.2.2-10]
  if (is_bridge_) options.no_local = options.retain_as_published = true;
  const auto subscribed = context_.router.subscribe(*session_, filter, options, identifier);
  if (wire::is_error(subscribed.reason)) {
    if (reason_string.empty()) reason_string = "a limit of this broker is reached";
    return subscribed.reason;
  }
  context_.commits.record({.kind = RecordKind::Subscribed,
                           .session = session_,
                           .text = text,
                           .number = static_cast<std::uint8_t>(options.maximum_qos)});
  if (context_.log.wants(LogLevel::Subscribe)) {
    Text<256> line;
    line.add_untrusted(session_->client_id()).add(" ");
    line.add(static_cast<int>(options.maximum_qos)).add(" ").add_untrusted(text);
    context_.log.write(LogLevel::Subscribe, line.view());
  }
  return subscribed.reason;
}

void Connection::on_unsubscribe(Bytes body) {
  const auto unsubscribe = wire::decode_unsubscribe(version_, body);
  if (!unsubscribe) return close_for(unsubscribe.error());
  std::size_t offset = 0;
  while (const auto text = unsubscribe->next(offset)) {
    const auto filter = topic::parse_filter(*text);
    if (!filter) return close(filter.error(), Cause::FilterInvalid);
  }
  context_.router.schedule().on_filters(*session_, unsubscribe->count);
  Codes codes(context_.memory, unsubscribe->count);
  if (!codes.ok()) return close(ReasonCode::QuotaExceeded, Cause::MemoryFull);
  const std::uint64_t before = context_.commits.records();
  offset = 0;
  std::size_t count = 0;
  while (const auto text = unsubscribe->next(offset)) {
    const bool existed = context_.router.unsubscribe(*session_, *topic::parse_filter(*text));
    codes.all()[count++] = static_cast<std::uint8_t>(existed ? ReasonCode::Success
                                                             : ReasonCode::NoSubscriptionExisted);
    if (!existed) continue;
    context_.commits.record({.kind = RecordKind::Unsubscribed, .session = session_, .text = *text});
    if (context_.log.wants(LogLevel::Unsubscribe)) {
      Text<256> line;
      line.add_untrusted(session_->client_id()).add(" ").add_untrusted(*text);
      context_.log.write(LogLevel::Unsubscribe, line.view());
    }
  }
  if (!send_suback(PacketType::Unsuback, unsubscribe->packet_id, codes.all(),
                   context_.commits.since(before), {})) {
    close(ReasonCode::QuotaExceeded, Cause::MemoryFull);
  }
}

bool Connection::send_suback(PacketType type, wire::PacketIdentifier packet_id, MutableBytes codes,
                             session::CommitNumber commit, std::string_view reason_string) {
  // Fixed header, identifier, properties and codes.
  constexpr std::size_t kOverhead = 16;
  const std::size_t capacity = kOverhead + reason_string.size() + 3 + codes.size();
  std::uint8_t local[256];
  auto* const buffer =
      capacity <= sizeof local
          ? local
          : static_cast<std::uint8_t*>(context_.memory.allocate(capacity, Reserve::Use));
  if (buffer == nullptr) return false;
  wire::Suback suback{.packet_id = packet_id, .codes = codes};
  if (is_v5() && wants_problem_information_ && !reason_string.empty()) {
    suback.properties.reason_string = reason_string;
  }
  wire::Writer out({buffer, capacity});
  wire::encode_suback(out, version_, type, suback);
  if (!fits_client(out.size()) && suback.properties.reason_string) {
    suback.properties.reason_string.reset();  // [MQTT-3.9.2-1]
    out = wire::Writer({buffer, capacity});
    wire::encode_suback(out, version_, type, suback);
  }
  bool queued = true;
  if (fits_client(out.size())) {
    queued = acknowledgements_.push_packet(context_.memory, type, ReasonCode::Success,
                                           out.written(), commit);
  } else {
    context_.metrics.count(Cause::TooLargeForClient);  // [MQTT-3.1.2-25]
  }
  if (buffer != local) context_.memory.release(buffer, capacity);
  mark_ready();
  return queued;
}

}  // namespace midge::connection
