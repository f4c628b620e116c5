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

}  // namespace

Connection::PublishSize Connection::publish_size(const Delivery& delivery) const {
  const Message& message = *delivery.message;
  PublishSize size;
  size.remaining = static_cast<std::uint32_t>(2 + message.topic_name().size());
  if (delivery.qos != QoS::AtMostOnce) size.remaining += 2;
  if (is_v5()) {
    if (message.expires() != kNever) size.properties += 5;
    session::Deliveries::for_each_identifier(delivery, [&size](std::uint32_t identifier) {
      size.properties += 1 + wire::variable_byte_integer_bytes(identifier);
    });
    size.properties += static_cast<std::uint32_t>(message.properties().size());
    size.remaining += wire::variable_byte_integer_bytes(size.properties) + size.properties;
  }
  size.remaining += message.payload_bytes();
  size.total = 1 + wire::variable_byte_integer_bytes(size.remaining) + size.remaining;
  return size;
}

// The form of a PUBLISH that is the same for each receiver of that form; none when it has something
// of the receiver's own or of the moment.
std::optional<std::uint8_t> Connection::common_form(const Delivery& delivery) const {
  const bool is_common = delivery.qos == QoS::AtMostOnce && !delivery.has_list &&
                         delivery.identifier == 0 && alias_maximum_out_ == 0 &&
                         delivery.message->expires() == kNever;
  if (!is_common) return std::nullopt;
  return static_cast<std::uint8_t>((is_v5() ? 2U : 0U) | (delivery.retain ? 1U : 0U));
}

// Plans a PUBLISH that the last write left in the scratch; false when it has to be put together.
bool Connection::plan_again(Plan& plan, const Delivery& delivery) {
  const auto form = common_form(delivery);
  if (!form) return false;
  const std::size_t most = maximum_packet_size_ != 0 ? maximum_packet_size_ : SIZE_MAX;
  return plan.add_again(*delivery.message, *form, most, alias_count());
}

// Plans one PUBLISH; false when there is no room for it in this write.
bool Connection::plan_publish(Plan& plan, const Delivery& delivery, PacketIdentifier packet_id,
                              Kind planned) {
  Message& message = *delivery.message;
  PublishSize size = publish_size(delivery);
  std::string_view topic_name = message.topic_name();
  std::uint16_t alias = 0;
  bool defines = false;
  // Aliases are given as topics come, until the client's maximum is used up [MQTT-3.1.2-26]. A
  // resend carries the full topic.
  constexpr std::size_t kAliasBytes = 3;
  if (alias_maximum_out_ > 0 && planned == Kind::Delivery && topic_name.size() > kAliasBytes &&
      make_extras() != nullptr) {
    TopicAliases& aliases = extras_->outgoing_aliases;
    alias = aliases.find(topic_name);
    // Two lengths may become a byte longer. Without memory the topic goes without an alias.
    const std::size_t total = size.total + kAliasBytes + 2;
    const auto fresh = static_cast<std::uint16_t>(aliases.count() + 1);
    defines = alias == 0 && fresh <= alias_maximum_out_ && fits_client(total) &&
              total - shared_bytes(message, true) <= context_.scratch.bytes.size() &&
              aliases.define(context_.memory, fresh, topic_name);
    if (alias != 0 || defines) {
      const auto added = static_cast<std::uint32_t>(kAliasBytes);
      size.remaining -= wire::variable_byte_integer_bytes(size.properties) + size.properties;
      size.properties += added;
      size.remaining += wire::variable_byte_integer_bytes(size.properties) + size.properties;
      if (alias != 0) {
        size.remaining -= static_cast<std::uint32_t>(topic_name.size());
        topic_name = {};
      }
      size.total = 1 + wire::variable_byte_integer_bytes(size.remaining) + size.remaining;
    }
  }
  const bool v5 = is_v5();
  const std::size_t shared = shared_bytes(message, v5);
  const std::size_t own = size.total - shared;
  const bool copies = shared <= kCopyBytes && size.total <= context_.scratch.bytes.size();
  std::uint8_t* const room = plan.room(copies ? size.total : own);
  if (defines) alias = alias_count();
  if (room == nullptr) {
    if (defines) truncate_aliases(static_cast<std::uint16_t>(alias - 1));
    return false;
  }

  wire::Writer out({room, copies ? size.total : own});
  const unsigned dup = delivery.dup && delivery.qos != QoS::AtMostOnce ? 8U : 0U;
  const unsigned flags =
      dup | static_cast<unsigned>(delivery.qos) << 1U | (delivery.retain ? 1U : 0U);
  wire::write_fixed_header(out, PacketType::Publish, static_cast<std::uint8_t>(flags),
                           size.remaining);
  out.utf8_string(topic_name);
  if (delivery.qos != QoS::AtMostOnce) out.two_byte_integer(packet_id);
  if (v5) {
    out.variable_byte_integer(size.properties);
    if (message.expires() != kNever) {
      // What is left of the interval, in whole seconds waited [MQTT-3.3.2-6]; an interval of 0 has
      // its one millisecond.
      const auto left = std::max(message.expires() - context_.now, Duration{1}) - Duration{1};
      out.byte(static_cast<std::uint8_t>(wire::PropertyId::MessageExpiryInterval));
      out.four_byte_integer(static_cast<std::uint32_t>((left.count() + 999) / 1'000));
    }
    if (alias != 0) {
      out.byte(static_cast<std::uint8_t>(wire::PropertyId::TopicAlias));
      out.two_byte_integer(alias);
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
  MIDGE_ASSERT(out.ok() && out.size() == (copies ? size.total : own));
  plan.add(planned, out.size(), alias_count(), copies ? nullptr : &message, v5);
  if (const auto form = common_form(delivery); form && copies) plan.keep(message, *form);
  return true;
}

}  // namespace midge::connection
