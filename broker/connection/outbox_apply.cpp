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
  unsent_ += static_cast<std::uint32_t>(taken);
  if (Held* const rest = held()) {
    const std::size_t of_held = std::min<std::size_t>(taken, plan.held_end());
    const bool safe = rest->message == nullptr || hold_until_sent(*rest->message);
    rest->offset += static_cast<std::uint32_t>(of_held);
    if (!safe) return transport_->abort();
    if (rest->offset < rest->total) {
      // Nothing behind it went out, and no alias that was planned there is defined.
      return truncate_aliases(plan.aliases_before);
    }
    release_held();
  }
  std::uint32_t begin = plan.held_end();
  std::uint16_t aliases = plan.aliases_before;
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
  if (aliases != plan.aliases) truncate_aliases(aliases);
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
  if (make_extras(Reserve::Use) == nullptr) return false;
  void* const memory = context_.memory.allocate(bytes, Reserve::Use);
  if (memory == nullptr) return false;
  auto* const held =
      new (memory) Held{.bytes = bytes, .own_bytes = static_cast<std::uint32_t>(rest.size())};
  extras_->held = held;
  copy(held + 1, rest);
  held->total = held->own_bytes;
  if (packet.payload != nullptr) {
    held->message = packet.payload;
    message::Messages::add_reference(*packet.payload);
    held->v5 = is_v5();
    held->total += static_cast<std::uint32_t>(shared_bytes(*packet.payload, is_v5()));
    if (taken > own.size()) held->offset = static_cast<std::uint32_t>(taken - own.size());
  }
  return true;
}

void Connection::release_held() {
  Held* const rest = held();
  if (rest == nullptr) return;
  if (rest->message != nullptr) release(*rest->message);
  const std::size_t bytes = rest->bytes;
  rest->~Held();
  context_.memory.release(rest, bytes);
  extras_->held = nullptr;
  release_unused_extras();
}

// The transport may still refer to bytes of `message` that it took: keeps it until they are sent.
bool Connection::hold_until_sent(Message& message) {
  if (unsent_ == 0) return true;
  if (make_extras(Reserve::Use) == nullptr) return false;
  void* const memory = context_.memory.allocate(sizeof(SendHold), Reserve::Use);
  if (memory == nullptr) return false;
  auto* const hold = new (memory) SendHold{.message = &message, .left = unsent_};
  message::Messages::add_reference(message);
  extras_->send_holds.push_back(*hold);
  return true;
}

void Connection::on_sent(std::size_t bytes) {
  const auto count = static_cast<std::uint32_t>(bytes);
  unsent_ -= count;
  if (extras_ == nullptr) return;
  Queue<SendHold>& holds = extras_->send_holds;
  for (SendHold* at = holds.first(); at != nullptr; at = at->next) {
    at->left -= std::min(at->left, count);
  }
  while (holds.first() != nullptr && holds.first()->left == 0) drop_send_hold();
  release_unused_extras();
}

void Connection::drop_send_hold() {
  SendHold* const hold = extras_->send_holds.pop_front();
  release(*hold->message);
  context_.memory.release(hold, sizeof(SendHold));
}

}  // namespace midge::connection
