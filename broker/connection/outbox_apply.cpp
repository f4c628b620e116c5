// Connection: what the transport took of a write is applied; the rest is kept or was never done.
#include <algorithm>
#include <new>

#include "broker/connection/connection.hpp"
#include "broker/connection/outbox_plan.hpp"

namespace midge::connection {

using message::Message;
using session::Delivery;
using session::OutboundState;
using wire::PacketType;
using wire::QoS;
using Kind = PlannedPacket::Kind;

namespace {

bool gives_quota(const Acknowledgement& owed) {
  switch (owed.type) {
    case PacketType::Puback:
      return true;
    case PacketType::Pubrec:
      return wire::is_error(owed.reason);
    case PacketType::Pubcomp:
      return owed.reason != wire::ReasonCode::PacketIdentifierNotFound;
    default:
      return false;
  }
}

}  // namespace

// The transport took the first `taken` bytes.
void Connection::apply(Plan& plan, std::size_t taken) {
  if (held_ != nullptr) {
    const std::size_t of_held = std::min<std::size_t>(taken, plan.held_end());
    const bool safe = held_->message == nullptr || hold_until_sent(*held_->message);
    held_->offset += static_cast<std::uint32_t>(of_held);
    if (!safe) return transport_->abort();
    if (held_->offset < held_->total) {
      // Nothing behind it went out, and no alias that was planned there is defined.
      if (aliases_ != nullptr) aliases_->outgoing.truncate(context_.memory, aliases_before_);
      return;
    }
    release_held();
  }
  std::uint32_t begin = plan.held_end();
  std::uint16_t aliases = aliases_before_;
  for (const PlannedPacket& packet : plan.packets()) {
    if (taken <= begin) break;
    aliases = packet.aliases;
    // The reference that apply() may drop is still needed here.
    const bool safe = packet.payload == nullptr || hold_until_sent(*packet.payload);
    const bool whole = taken >= packet.end;
    const bool kept = whole || hold_rest(packet, taken - begin);
    apply(packet);
    if (!safe || !kept) return transport_->abort();
    if (!whole) break;
    begin = packet.end;
  }
  // Aliases of packets that did not go out were never defined.
  if (aliases_ != nullptr) aliases_->outgoing.truncate(context_.memory, aliases);
}

void Connection::apply(const PlannedPacket& packet) {
  ++context_.metrics.messages_sent;
  switch (packet.kind) {
    case Kind::Pingresp:
      --owed_pings_;
      return;
    case Kind::Acknowledgement: {
      Acknowledgements::Place place;
      Acknowledgement owed;
      static_cast<void>(acknowledgements_.next(place, owed));
      if (gives_quota(owed) && open_receives_ > 0) --open_receives_;
      acknowledgements_.pop(context_.memory);
      return;
    }
    case Kind::Resend: {
      Delivery& delivery = *session_->resend;
      session_->resend = delivery.next;
      if (delivery.state == OutboundState::AwaitPubcomp) return;
      if (delivery.state == OutboundState::AwaitCommit) {
        delivery.state = OutboundState::AwaitPubrec;
      }
      count_publish(delivery);
      return;
    }
    case Kind::Delivery: {
      Delivery* const delivery = context_.sessions.dequeue(*session_);
      if (delivery->qos != QoS::AtMostOnce) {
        context_.sessions.launch(*session_, *delivery,
                                 delivery->qos == QoS::AtLeastOnce ? OutboundState::AwaitPuback
                                                                   : OutboundState::AwaitPubrec);
      }
      count_publish(*delivery);
      if (delivery->qos == QoS::AtMostOnce) context_.sessions.deliveries().destroy(delivery);
      return;
    }
  }
}

// A PUBLISH has gone out.
void Connection::count_publish(Delivery& delivery) {
  ++context_.metrics.publish_sent;
  context_.metrics.publish_bytes_sent += delivery.message->payload_bytes();
  if (delivery.qos == QoS::AtMostOnce) return;
  delivery.dup = true;  // if it has to go out again [MQTT-3.3.1-1]
  delivery.takes_quota = true;
  ++session_->quota_used;
}

// Keeps what is left of a packet behind its first `taken` bytes.
bool Connection::hold_rest(const PlannedPacket& packet, std::size_t taken) {
  const Bytes own(packet.own, packet.own_bytes);
  const Bytes rest = own.subspan(std::min(taken, own.size()));
  const auto bytes = static_cast<std::uint32_t>(sizeof(Held) + rest.size());
  void* const memory = context_.memory.allocate(bytes, Reserve::Use);
  if (memory == nullptr) return false;
  held_ = new (memory) Held{.bytes = bytes, .own_bytes = static_cast<std::uint32_t>(rest.size())};
  copy(held_ + 1, rest);
  held_->total = held_->own_bytes;
  if (packet.payload != nullptr) {
    held_->message = packet.payload;
    message::Messages::add_reference(*packet.payload);
    held_->v5 = is_v5();
    held_->total += static_cast<std::uint32_t>(shared_bytes(*packet.payload, is_v5()));
    if (taken > own.size()) held_->offset = static_cast<std::uint32_t>(taken - own.size());
  }
  return true;
}

void Connection::release_held() {
  if (held_ == nullptr) return;
  if (held_->message != nullptr) context_.messages.release(*held_->message);
  const std::size_t bytes = held_->bytes;
  held_->~Held();
  context_.memory.release(held_, bytes);
  held_ = nullptr;
}

// The transport may still refer to bytes of `message` that it took: keeps it until they are sent.
bool Connection::hold_until_sent(Message& message) {
  if (sent_ == taken_) return true;
  void* const memory = context_.memory.allocate(sizeof(SendHold), Reserve::Use);
  if (memory == nullptr) return false;
  auto* const hold = new (memory) SendHold{.message = &message, .end = taken_};
  message::Messages::add_reference(message);
  send_holds_.push_back(*hold);
  return true;
}

void Connection::on_sent(std::size_t bytes) {
  sent_ += static_cast<std::uint32_t>(bytes);
  while (send_holds_.first() != nullptr &&
         static_cast<std::int32_t>(sent_ - send_holds_.first()->end) >= 0) {
    SendHold* const hold = send_holds_.pop_front();
    context_.messages.release(*hold->message);
    context_.memory.release(hold, sizeof(SendHold));
  }
}

}  // namespace midge::connection
