// Connection: bytes to packets. Whole packets are handled where they lie; what comes in pieces is
// collected, and a large PUBLISH's payload goes straight into its message.
#include <algorithm>

#include "broker/connection/incoming.hpp"
#include "broker/wire/disconnect.hpp"

namespace midge::connection {

using wire::PacketType;
using wire::ReasonCode;

namespace {

// A PUBLISH up to this size is collected whole; the payload of a larger one is not copied twice.
constexpr std::uint32_t kCollectBytes = 2'048;
// The types that may come from a client; the others are the server's.
constexpr unsigned kFromClient =
    bits(PacketType::Connect, PacketType::Publish, PacketType::Puback, PacketType::Pubrec,
         PacketType::Pubrel, PacketType::Pubcomp, PacketType::Subscribe, PacketType::Unsubscribe,
         PacketType::Pingreq, PacketType::Disconnect, PacketType::Auth);

}  // namespace

std::size_t Connection::on_received(Bytes bytes) {
  std::size_t used = 0;
  std::size_t looked_at = 0;  // up to here the router knows the topics
  while (used < bytes.size() && reads()) {
    const Bytes rest = bytes.subspan(used);
    if (used >= looked_at && phase_ == Phase::Open && incoming_ == nullptr) {
      looked_at = used + context_.router.look_ahead(rest);
    }
    const std::size_t count = incoming_ != nullptr ? continue_packet(rest) : begin_packet(rest);
    if (count == 0) break;
    used += count;
  }
  if (looked_at > 0) context_.router.forget_topics();
  context_.metrics.bytes_received += used;
  return used;
}

std::size_t Connection::begin_packet(Bytes rest) {
  wire::FixedHeader header;
  switch (wire::read_fixed_header(rest, header)) {
    case wire::Framing::Malformed:
      close_for(ReasonCode::MalformedPacket);
      return 0;
    case wire::Framing::NeedMore:
      // The first packet is CONNECT [MQTT-3.1.0-1]: its first byte tells.
      if (phase_ == Phase::AwaitConnect && header.type != PacketType::Connect) {
        close_silently();
        return 0;
      }
      if (!make_incoming(header.type)) return 0;
      return continue_packet(rest);
    case wire::Framing::Frame:
      break;
  }
  if (!accepts(header)) return 0;
  if (rest.size() - header.header_bytes >= header.remaining_length) {
    const Bytes body = rest.subspan(header.header_bytes).first(header.remaining_length);
    return handle(header, body) ? header.header_bytes + header.remaining_length : 0;
  }
  if (!make_incoming(header.type)) return 0;
  return continue_packet(rest);
}

// Judges a packet by its fixed header alone, before memory is spent on it.
bool Connection::accepts(const wire::FixedHeader& header) {
  if (phase_ == Phase::AwaitConnect) {
    if (header.type != PacketType::Connect) {
      close_silently();
      return false;
    }
  } else if (header.type == PacketType::Connect) {
    close_for(ReasonCode::ProtocolError);  // [MQTT-3.1.0-2]
    return false;
  }
  if (header.header_bytes + header.remaining_length > context_.settings.limits.packet_bytes) {
    close(ReasonCode::PacketTooLarge, metrics::Cause::PacketTooLarge);
    return false;
  }
  if ((kFromClient & bits(header.type)) == 0 || (header.type == PacketType::Auth && !is_v5())) {
    close_for(ReasonCode::ProtocolError);
    return false;
  }
  if (header.type != PacketType::Publish && header.type != PacketType::Connect &&
      !wire::flags_are_valid(version_, header.type, header.flags)) {
    close_for(ReasonCode::MalformedPacket);  // [MQTT-2.1.3-1]
    return false;
  }
  return true;
}

std::size_t Connection::continue_packet(Bytes rest) {
  incoming_->last_bytes = context_.now;
  set_waiting(incoming_->stage != Incoming::Stage::Discard);
  switch (incoming_->stage) {
    case Incoming::Stage::Header:
      return continue_header(rest);
    case Incoming::Stage::Body:
    case Incoming::Stage::PublishHead:
      return continue_body(rest);
    case Incoming::Stage::Payload:
    case Incoming::Stage::Discard:
      return continue_payload(rest);
    case Incoming::Stage::Complete:  // resume() deals with it before more is read
      break;
  }
  return 0;
}

std::size_t Connection::continue_header(Bytes rest) {
  Incoming& incoming = *incoming_;
  std::size_t used = 0;
  wire::FixedHeader& header = incoming.header;
  wire::Framing framing = wire::Framing::NeedMore;
  while (framing == wire::Framing::NeedMore) {
    if (used == rest.size()) return used;
    incoming.header_bytes[incoming.header_filled++] = rest[used++];
    framing = wire::read_fixed_header({incoming.header_bytes, incoming.header_filled}, header);
  }
  if (framing == wire::Framing::Malformed) {
    close_for(ReasonCode::MalformedPacket);
    return 0;
  }
  if (!accepts(header)) return 0;
  const bool streams =
      header.type == PacketType::Publish && header.remaining_length > kCollectBytes;
  incoming.stage = streams ? Incoming::Stage::PublishHead : Incoming::Stage::Body;
  incoming.wanted = streams ? 2 : header.remaining_length;
  if (header.remaining_length == 0) end_collecting();
  return used;
}

std::size_t Connection::continue_body(Bytes rest) {
  Incoming& incoming = *incoming_;
  const auto count = static_cast<std::uint32_t>(
      std::min<std::size_t>(rest.size(), incoming.wanted - incoming.filled));
  if (!grow_incoming(incoming.filled + count)) return 0;
  copy(incoming.buffer + incoming.filled, rest.first(count));
  incoming.filled += count;
  if (incoming.filled < incoming.wanted) return count;
  if (incoming.stage == Incoming::Stage::Body) {
    end_collecting();
    return count;
  }
  const std::uint32_t head = wire::measure_publish_head(
      version_, incoming.header.flags, incoming.body(), incoming.header.remaining_length);
  if (head == 0) {
    close_for(ReasonCode::MalformedPacket);
  } else if (head > incoming.filled) {
    incoming.wanted = head;
  } else if (!start_payload()) {
    // Not now: what came of the head is offered again, the pause has begun.
    incoming.filled -= count;
    return 0;
  } else if (phase_ == Phase::Open && incoming.payload_left == 0) {
    incoming.is_publish_payload = true;
    end_collecting();
  }
  return count;
}

// The head of a large PUBLISH is whole: judges it and makes room for its payload.
bool Connection::start_payload() {
  Incoming& incoming = *incoming_;
  wire::Publish publish;
  if (const ReasonCode error =
          wire::decode_publish(version_, incoming.header.flags, incoming.body(), publish);
      error != ReasonCode::Success) {
    close_for(error);
    return true;
  }
  const std::uint32_t payload_bytes = incoming.header.remaining_length - incoming.filled;
  incoming.qos = publish.qos;
  incoming.packet_id = publish.packet_id.value_or(wire::PacketIdentifier{0});
  incoming.verdict = judge(publish, payload_bytes);
  std::size_t reserved = 0;
  if (incoming.verdict == Refusal::Closed) return true;
  if (incoming.verdict == Refusal::NotNow) return false;
  count(incoming.verdict);
  if (incoming.verdict == Refusal::None) {
    // All of it is reserved now: two that have begun never wait for each other.
    reserved = context_.messages.block_bytes_for(payload_bytes) + incoming.filled;
    if (may_hold(reserved)) incoming.message = make_message(publish, payload_bytes);
    if (incoming.message == nullptr) {
      if (reserved + incoming.held_bytes > context_.halves.most_bytes()) {
        refuse_for_memory(incoming.qos, incoming.packet_id);
      } else if (!on_memory_full(incoming.qos, incoming.packet_id)) {
        return false;
      }
      if (phase_ != Phase::Open) return true;
    }
  }
  incoming.payload_bytes = incoming.payload_left = payload_bytes;
  incoming.stage =
      incoming.message != nullptr ? Incoming::Stage::Payload : Incoming::Stage::Discard;
  context_.memory.release(incoming.buffer, incoming.capacity);
  incoming.buffer = nullptr;
  incoming.capacity = 0;
  incoming.reserved_bytes = reserved;
  account_incoming();
  return true;
}

bool Connection::append_payload(Bytes piece) {
  while (!context_.messages.append(*incoming_->message, piece)) {
    if (!make_way()) return false;
  }
  end_stall();
  return true;
}

// What came of a refused payload is given back, the rest is read over.
void Connection::discard_payload() {
  Incoming& incoming = *incoming_;
  release(*incoming.message);
  incoming.message = nullptr;
  incoming.stage = Incoming::Stage::Discard;
  set_waiting(false);
  account_incoming();
}

std::size_t Connection::continue_payload(Bytes rest) {
  Incoming& incoming = *incoming_;
  const std::size_t count = std::min<std::size_t>(rest.size(), incoming.payload_left);
  if (incoming.stage == Incoming::Stage::Payload && !append_payload(rest.first(count))) {
    if (!on_memory_full(incoming.qos, incoming.packet_id)) return 0;
    if (phase_ != Phase::Open) return 0;
    discard_payload();
  }
  incoming.payload_left -= static_cast<std::uint32_t>(count);
  is_stalled_ = false;
  last_packet_ms_ = now_ms();  // a long upload is a sign of life
  if (incoming.payload_left > 0) return count;
  incoming.is_publish_payload = true;
  end_collecting();
  return count;
}

// Nothing is missing any more: from now on it does not wait for the client.
void Connection::end_collecting() {
  incoming_->stage = Incoming::Stage::Complete;
  set_waiting(false);
  static_cast<void>(complete_incoming());
}

// Handles what was collected; false when it has to wait.
bool Connection::complete_incoming() {
  Incoming& incoming = *incoming_;
  if (!incoming.is_publish_payload) {
    if (!handle(incoming.header, incoming.body())) return false;
    // A CONNECT that waits for a decision stays.
    if (phase_ != Phase::AwaitDecision) drop_incoming();
    return true;
  }
  if (message::Message* const message = incoming.message; message != nullptr) {
    // judge() asked that too, but turns have passed since.
    if (waits_for_turn() || waits_for_room(message->topic_name(), message->payload_bytes()) ||
        !finish_publish(*message, incoming.packet_id)) {
      return false;
    }
  } else {
    settle_publish(incoming.verdict, incoming.qos, incoming.packet_id);
  }
  count_received(incoming.payload_bytes);
  count_packet();
  drop_incoming();
  return true;
}

void Connection::count_packet() {
  ++context_.metrics.messages_received;
  last_packet_ms_ = now_ms();
}

bool Connection::handle(const wire::FixedHeader& header, Bytes body) {
  switch (header.type) {
    case PacketType::Connect:
      on_connect(header, body);
      break;
    case PacketType::Publish:
      if (!on_publish(header, body)) return false;
      break;
    case PacketType::Puback:
    case PacketType::Pubrec:
    case PacketType::Pubrel:
    case PacketType::Pubcomp:
    case PacketType::Disconnect:
    case PacketType::Auth:
      on_reason(header.type, body);
      break;
    case PacketType::Subscribe:
    case PacketType::Unsubscribe:
      if (context_.router.schedule().is_share_used(*session_)) {
        pause(kTurnFull);
        return false;
      }
      on_filters(header.type, body);
      break;
    case PacketType::Pingreq:
      if (!wire::ping_is_valid(body)) {
        close_for(ReasonCode::MalformedPacket);
      } else {
        ++owed_pings_;  // [MQTT-3.12.4-1]
        mark_ready();
      }
      break;
    case PacketType::Connack:
    case PacketType::Suback:
    case PacketType::Unsuback:
    case PacketType::Pingresp:
      break;  // accepts() has refused them
  }
  count_packet();
  return true;
}

}  // namespace midge::connection
