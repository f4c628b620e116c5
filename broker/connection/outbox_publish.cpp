// Connection: how a PUBLISH to the client is put together (MQTT 5.0 section 3.3).
#include <algorithm>

#include "broker/connection/connection.hpp"
#include "broker/connection/outbox_plan.hpp"
#include "broker/wire/frame.hpp"

namespace midge::connection {

using message::Message;
using session::Delivery;
using wire::PacketIdentifier;
using wire::PacketType;
using wire::QoS;
using Kind = PlannedPacket::Kind;

namespace {

// Properties and payload up to this size are copied into the scratch; more goes out from where it
// lies.
constexpr std::size_t kCopyBytes = 2'048;

constexpr std::uint32_t kAliasBytes = 3;  // of a Topic Alias among the properties

}  // namespace

Connection::PublishSize Connection::publish_size(const Delivery& delivery, std::size_t topic_bytes,
                                                 std::uint32_t alias_bytes) const {
  const Message& message = *delivery.message;
  auto remaining = static_cast<std::uint32_t>(2 + topic_bytes + message.payload_bytes());
  if (delivery.qos != QoS::AtMostOnce) remaining += 2;
  std::uint32_t properties = 0;
  if (is_v5()) {
    properties = alias_bytes + static_cast<std::uint32_t>(message.properties().size());
    if (message.expires() != kNever) properties += 5;
    session::Deliveries::for_each_identifier(delivery, [&properties](std::uint32_t identifier) {
      properties += 1 + wire::variable_byte_integer_bytes(identifier);
    });
    remaining += wire::variable_byte_integer_bytes(properties) + properties;
  }
  return {properties, remaining, 1 + wire::variable_byte_integer_bytes(remaining) + remaining};
}

// The form of a PUBLISH that is the same for each receiver of that form; kOwnForm when it has
// something of the receiver's own or of the moment.
std::uint8_t Connection::common_form(const Delivery& delivery) const {
  const bool is_common = delivery.qos == QoS::AtMostOnce && !delivery.has_list &&
                         delivery.identifier == 0 && alias_maximum() == 0 &&
                         delivery.message->expires() == kNever;
  if (!is_common) return kOwnForm;
  return static_cast<std::uint8_t>((is_v5() ? 2U : 0U) | (delivery.retain ? 1U : 0U));
}

// Plans a PUBLISH that the last write left in the scratch; false when it has to be put together.
bool Connection::plan_again(Plan& plan, const Delivery& delivery) {
  const std::uint8_t form = common_form(delivery);
  return form != kOwnForm && plan.add_again(*delivery.message, form, maximum_packet_size());
}

// The Topic Alias of a delivery's topic, perhaps a new one; 0: none. They are given as topics come,
// until the client's maximum is used up [MQTT-3.1.2-26]. A resend carries the full topic.
Connection::Alias Connection::alias_for(const Delivery& delivery, std::size_t total) {
  const Message& message = *delivery.message;
  const std::string_view topic_name = message.topic_name();
  if (alias_maximum() == 0 || topic_name.size() <= kAliasBytes) return {};
  TopicAliases& aliases = extras_->outgoing_aliases;
  const std::uint16_t known = aliases.find(topic_name);
  if (known != 0) return {known, true};
  const auto fresh = static_cast<std::uint16_t>(aliases.count() + 1);
  // Two lengths may become a byte longer. Without memory the topic goes without an alias.
  total += kAliasBytes + 2;
  if (fresh <= aliases.maximum() && fits_client(total) &&
      total - shared_bytes(message, true) <= context_.scratch.bytes.size() &&
      aliases.define(context_.memory, fresh, topic_name)) {
    return {fresh, false};
  }
  return {};
}

// Plans one PUBLISH; false when there is no room for it in this write.
bool Connection::plan_publish(Plan& plan, const Delivery& delivery, PacketIdentifier packet_id,
                              Kind planned) {
  Message& message = *delivery.message;
  std::string_view topic_name = message.topic_name();
  PublishSize size = publish_size(delivery, topic_name.size(), 0);
  Alias alias;
  if (planned == Kind::Delivery) alias = alias_for(delivery, size.total);
  if (alias.is_known) topic_name = {};
  if (alias.number != 0) size = publish_size(delivery, topic_name.size(), kAliasBytes);
  const bool v5 = is_v5();
  const std::size_t shared = shared_bytes(message, v5);
  const bool copies = shared <= kCopyBytes && size.total <= context_.scratch.bytes.size();
  const std::size_t own = copies ? size.total : size.total - shared;
  std::uint8_t* const room = plan.room(own);
  if (room == nullptr) {
    truncate_aliases(plan.aliases);
    return false;
  }
  plan.aliases = alias_count();

  wire::Writer out({room, own});
  const unsigned dup = delivery.dup && delivery.qos != QoS::AtMostOnce ? 8U : 0U;
  const unsigned flags =
      dup | static_cast<unsigned>(delivery.qos) << 1U | (delivery.retain ? 1U : 0U);
  wire::write_fixed_header(out, PacketType::Publish, static_cast<std::uint8_t>(flags),
                           size.remaining);
  out.utf8_string(topic_name);
  if (delivery.qos != QoS::AtMostOnce) out.two_byte_integer(packet_id);
  if (v5) {
    out.variable_byte_integer(size.properties);
    const Instant expires = delivery.message->expires();
    if (expires != kNever) {
      // What is left of the interval, in whole seconds waited [MQTT-3.3.2-6]; an interval of 0 has
      // its one millisecond.
      const auto left = std::max(expires - context_.now, Duration{1}) - Duration{1};
      out.byte(static_cast<std::uint8_t>(wire::PropertyId::MessageExpiryInterval));
      out.four_byte_integer(static_cast<std::uint32_t>((left.count() + 999) / 1'000));
    }
    if (alias.number != 0) {
      out.byte(static_cast<std::uint8_t>(wire::PropertyId::TopicAlias));
      out.two_byte_integer(alias.number);
    }
    session::Deliveries::for_each_identifier(delivery, [&out](std::uint32_t identifier) {
      out.byte(static_cast<std::uint8_t>(wire::PropertyId::SubscriptionIdentifier));
      out.variable_byte_integer(identifier);
    });
  }
  if (copies) {
    for_each_piece(message, v5, 0, [&out](Bytes piece) {
      out.raw(piece);
      return true;
    });
  }
  MIDGE_ASSERT(out.ok() && out.size() == own);
  plan.add(planned, own, copies ? nullptr : &message, v5);
  const std::uint8_t form = common_form(delivery);
  if (copies && form != kOwnForm) plan.keep(message, form);
  return true;
}

}  // namespace midge::connection
