// Connection: the write at the end of a turn. Packets are planned into the shared scratch, offered
// to the transport in one write, and what it took is applied: only then is an acknowledgement gone,
// a delivery in flight, an alias defined.
#include <algorithm>
#include <new>

#include "broker/connection/incoming.hpp"

namespace midge::connection {

using hal::Chunk;
using hal::Keep;
using message::Message;
using metrics::Cause;
using session::Delivery;
using session::OutboundState;
using session::Sessions;
using wire::PacketIdentifier;
using wire::PacketType;
using wire::QoS;
using Kind = PlannedPacket::Kind;

namespace {

// Properties and payload up to this size are copied into the scratch; more goes out from where it
// lies.
constexpr std::size_t kCopyBytes = 2'048;

// What follows the own bytes of a PUBLISH: forwarded properties (5.0) and payload.
std::size_t shared_bytes(const Message& message, bool v5) {
  return (v5 ? message.properties().size() : 0) + message.payload_bytes();
}

// Calls visit(piece) for the pieces of it behind `offset` until visit answers false.
template <class Visit>
void for_each_piece(const Message& message, bool v5, std::size_t offset, Visit visit) {
  // Properties and the first piece of the payload lie in a row.
  const Bytes payload = message.first_payload();
  const Bytes front =
      v5 ? Bytes(message.properties().data(), message.properties().size() + payload.size())
         : payload;
  if (offset < front.size()) {
    if (!visit(front.subspan(offset))) return;
    offset = 0;
  } else {
    offset -= front.size();
  }
  for (const message::Block* block = message.blocks(); block != nullptr; block = block->next) {
    if (offset >= block->bytes) {
      offset -= block->bytes;
      continue;
    }
    if (!visit(block->view().subspan(offset))) return;
    offset = 0;
  }
}

// The shortest form of an acknowledgement without properties (section 3.4.2.1): a reason code only
// for 5.0 and only when it says something. Returns its size.
constexpr std::size_t kSmallBytes = 5;
std::size_t write_small(const Acknowledgement& owed, bool v5, std::uint8_t* out) {
  const unsigned flags = owed.type == PacketType::Pubrel ? 2U : 0U;  // [MQTT-3.6.1-1]
  out[0] = static_cast<std::uint8_t>(static_cast<unsigned>(owed.type) << 4U | flags);
  const bool has_reason = v5 && owed.reason != wire::ReasonCode::Success;
  out[1] = has_reason ? 3 : 2;
  out[2] = static_cast<std::uint8_t>(owed.packet_id >> 8U);
  out[3] = static_cast<std::uint8_t>(owed.packet_id);
  out[4] = static_cast<std::uint8_t>(owed.reason);
  return has_reason ? 5 : 4;
}

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

// The rest of a packet of which the transport took the front.
struct Held {
  std::uint32_t bytes = 0;      // of this object and its tail
  std::uint32_t own_bytes = 0;  // header bytes kept in the tail
  std::uint32_t offset = 0;     // taken of own and shared bytes together
  std::uint32_t total = 0;      // own and shared bytes
  Message* message = nullptr;   // counted; its shared bytes follow; null: none
  bool v5 = false;

  [[nodiscard]] Bytes own() const {
    return {reinterpret_cast<const std::uint8_t*>(this + 1), own_bytes};
  }
};

// One write being put together.
class Plan {
 public:
  explicit Plan(OutboxScratch& scratch) : scratch_(scratch) {}

  // The next `bytes` of the scratch, to be filled; null when there is no room for them or for one
  // more packet.
  [[nodiscard]] std::uint8_t* room(std::size_t bytes) {
    if (used_ + bytes > scratch_.bytes.size() || count_ == scratch_.packets.size() ||
        chunks_ + 1 >= OutboxScratch::kChunks || is_cut_) {
      return nullptr;
    }
    return scratch_.bytes.data() + used_;
  }

  // Adds a packet that lies in the room just filled, `bytes` long, and `shared` of its message's
  // bytes behind it.
  void add(Kind kind, std::size_t bytes, std::uint16_t aliases, Message* payload = nullptr,
           bool v5 = false) {
    const auto begin = static_cast<std::uint32_t>(used_);
    add_scratch(bytes);
    if (payload != nullptr) add_shared(*payload, v5, 0);
    offered_end_ +=
        static_cast<std::uint32_t>(bytes + (payload != nullptr ? shared_bytes(*payload, v5) : 0));
    scratch_.packets[count_++] = {.end = offered_end_,
                                  .scratch_begin = begin,
                                  .scratch_bytes = static_cast<std::uint32_t>(bytes),
                                  .payload = payload,
                                  .aliases = aliases,
                                  .kind = kind};
  }

  // Puts the rest of a packet in front.
  void add_held(const Held& held) {
    std::size_t offset = held.offset;
    if (offset < held.own_bytes) {
      add_chunk(held.own().subspan(offset), Keep::Copy);
      offset = held.own_bytes;
    }
    if (held.message != nullptr) add_shared(*held.message, held.v5, offset - held.own_bytes);
    held_end_ = offered_end_ = held.total - held.offset;
  }

  [[nodiscard]] std::span<const Chunk> chunks() const { return {scratch_.chunks, chunks_}; }
  [[nodiscard]] std::span<const PlannedPacket> packets() const {
    return scratch_.packets.first(count_);
  }
  [[nodiscard]] bool empty() const { return chunks_ == 0; }
  [[nodiscard]] std::uint32_t held_end() const { return held_end_; }
  // All that is planned, chunks that found no place included.
  [[nodiscard]] std::uint32_t end() const { return offered_end_; }
  [[nodiscard]] Bytes scratch(const PlannedPacket& packet) const {
    return Bytes(scratch_.bytes).subspan(packet.scratch_begin, packet.scratch_bytes);
  }

  // Something was left out because there was no room.
  bool is_full = false;
  // A QoS > 0 delivery was left out because the client's window is full.
  bool is_window_full = false;
  // PUBLISHes with QoS > 0 that are open or planned.
  std::uint32_t quota = 0;

 private:
  void add_scratch(std::size_t bytes) {
    std::uint8_t* const begin = scratch_.bytes.data() + used_;
    used_ += bytes;
    if (chunks_ > 0 && last_is_scratch_) {
      Chunk& last = scratch_.chunks[chunks_ - 1];
      last.bytes = {last.bytes.data(), last.bytes.size() + bytes};
    } else {
      add_chunk({begin, bytes}, Keep::Copy);
      last_is_scratch_ = true;
    }
  }
  void add_shared(const Message& message, bool v5, std::size_t offset) {
    for_each_piece(message, v5, offset, [this](Bytes piece) {
      // Without a chunk left the packet is cut here and nothing can follow it.
      is_cut_ = chunks_ == OutboxScratch::kChunks;
      if (!is_cut_) add_chunk(piece, Keep::UntilSent);
      return !is_cut_;
    });
  }
  void add_chunk(Bytes bytes, Keep keep) {
    scratch_.chunks[chunks_++] = {bytes, keep};
    last_is_scratch_ = false;
  }

  OutboxScratch& scratch_;
  std::size_t used_ = 0;
  std::size_t chunks_ = 0;
  std::size_t count_ = 0;
  std::uint32_t offered_end_ = 0;
  std::uint32_t held_end_ = 0;
  bool last_is_scratch_ = false;
  bool is_cut_ = false;
};

void Connection::flush() {
  if (phase_ == Phase::Finished || phase_ == Phase::Gone) return;
  if (is_writable_) write_out();
  if (phase_ == Phase::Closing) {
    // Owed acknowledgements and DISCONNECT have had their chance.
    if (held_ != nullptr || !is_writable_) {
      transport_->abort();
    } else {
      transport_->finish();
    }
    phase_ = Phase::Finished;
    release_held();
    drop_incoming();
    acknowledgements_.clear(context_.memory);
    return;
  }
  resume(kTurnFull);
  if (open_receives_ < receive_limit()) resume(kQuota);
}

void Connection::write_out() {
  // Room first goes to what the session has in store.
  const bool more =
      session_ != nullptr && session_->queued.empty() && context_.router.refill(*session_);
  Plan plan(context_.scratch);
  aliases_before_ = aliases_ != nullptr ? aliases_->outgoing.count() : std::uint16_t{0};
  plan_held(plan);
  plan_acknowledgements(plan);
  plan_pings(plan);
  if (session_ != nullptr && phase_ == Phase::Open) {
    plan_resends(plan);
    if (session_->resend == nullptr || !plan.is_window_full) plan_deliveries(plan);
  }
  if (plan.empty()) {
    if (more) mark_ready();
    return;
  }
  const auto written = transport_->write(plan.chunks());
  if (!written) {
    is_writable_ = false;  // on_closed() follows
    return;
  }
  std::size_t offered = 0;
  for (const Chunk& chunk : plan.chunks()) offered += chunk.bytes.size();
  taken_ += static_cast<std::uint32_t>(*written);
  context_.metrics.bytes_sent += *written;
  is_writable_ = *written == offered;
  apply(plan, *written);
  keeps_up = is_writable_ && !plan.is_window_full;
  if (phase_ != Phase::Open || !is_writable_) return;
  if (plan.is_full || held_ != nullptr || more || !session_->replays.empty()) mark_ready();
}

void Connection::plan_held(Plan& plan) {
  if (held_ != nullptr) plan.add_held(*held_);
}

void Connection::plan_acknowledgements(Plan& plan) {
  Acknowledgements::Place place;
  Acknowledgement owed;
  const std::uint16_t aliases = aliases_ != nullptr ? aliases_->outgoing.count() : 0;
  while (acknowledgements_.next(place, owed)) {
    // In order of arrival: what waits for its commit holds up those behind it.
    if (!context_.commits.is_durable(owed.commit)) return;
    std::uint8_t small[kSmallBytes];
    if (owed.packet.empty()) owed.packet = {small, write_small(owed, is_v5(), small)};
    const std::size_t size = owed.packet.size();
    std::uint8_t* const room = plan.room(size);
    if (room == nullptr) {
      plan.is_full = true;
      return;
    }
    copy(room, owed.packet);
    plan.add(Kind::Acknowledgement, size, aliases);
  }
}

void Connection::plan_pings(Plan& plan) {
  const std::uint16_t aliases = aliases_ != nullptr ? aliases_->outgoing.count() : std::uint16_t{0};
  for (std::uint16_t i = 0; i < owed_pings_; ++i) {
    std::uint8_t* const room = plan.room(2);
    if (room == nullptr) {
      plan.is_full = true;
      return;
    }
    room[0] = static_cast<std::uint8_t>(static_cast<unsigned>(PacketType::Pingresp) << 4U);
    room[1] = 0;
    plan.add(Kind::Pingresp, 2, aliases);
  }
}

// What was in flight when the last connection ended, in its order, with its identifiers
// [MQTT-4.4.0-1].
void Connection::plan_resends(Plan& plan) {
  const std::uint16_t aliases = aliases_ != nullptr ? aliases_->outgoing.count() : 0;
  plan.quota = session_->quota_used;
  for (Delivery* delivery = session_->resend; delivery != nullptr;) {
    Delivery* const following = delivery->next;
    if (delivery->state == OutboundState::AwaitPubcomp) {
      std::uint8_t* const room = plan.room(kSmallBytes);
      if (room == nullptr) {
        plan.is_full = true;
        return;
      }
      write_small({.type = PacketType::Pubrel, .packet_id = delivery->packet_id}, false, room);
      plan.add(Kind::Resend, 4, aliases);
      delivery = following;
      continue;
    }
    const bool waits = delivery->state == OutboundState::AwaitCommit &&
                       !context_.commits.is_durable(session_->hold);
    if (waits || plan.quota >= window() ||
        context_.loader.load(*delivery->message) == message::Loaded::Pending) {
      plan.is_window_full = true;
      return;
    }
    if (is_droppable(*delivery)) {
      const auto found = Sessions::find_inflight(*session_, delivery->packet_id);
      context_.commits.record({.kind = session::RecordKind::OutboundDone,
                               .session = session_,
                               .packet_id = delivery->packet_id});
      context_.sessions.deliveries().destroy(context_.sessions.land(*session_, found));
      delivery = following;
      continue;
    }
    if (!plan_publish(plan, *delivery, delivery->packet_id, Kind::Resend)) {
      plan.is_full = true;
      return;
    }
    ++plan.quota;
    delivery = following;
  }
}

std::uint16_t Connection::window() const {
  return std::min(receive_maximum_, receive_limit());
}

// Whether a delivery ends here: expired before it began [MQTT-3.3.2-5], too large for the client
// [MQTT-3.1.2-25], or lost. Counts why.
bool Connection::is_droppable(const Delivery& delivery) const {
  const Message& message = *delivery.message;
  // What was sent once is not given up for its age [MQTT-4.3.3-7].
  if (delivery.state == OutboundState::Queued && message.is_expired(context_.now)) {
    context_.metrics.count(Cause::Expired);
    return true;
  }
  if (context_.loader.load(*delivery.message) == message::Loaded::Failed) {
    context_.metrics.count(Cause::StorageFailed);
    return true;
  }
  // What it has of its own must fit the scratch, all of it what the client takes.
  const std::size_t total = publish_size(delivery).total;
  if (!fits_client(total) ||
      total - shared_bytes(message, is_v5()) > context_.scratch.bytes.size()) {
    context_.metrics.count(Cause::TooLargeForClient);
    return true;
  }
  return false;
}

void Connection::plan_deliveries(Plan& plan) {
  session::Session& session = *session_;
  bool holds = false;  // a QoS 2 delivery waits for its commit: only such may follow
  std::uint32_t inflight_bytes = session.inflight_bytes;
  PacketIdentifier last_id = session.last_packet_id;
  Delivery* before = nullptr;
  for (Delivery* delivery = session.queued.first(); delivery != nullptr;) {
    Delivery* const following = delivery->next;
    Message& message = *delivery->message;
    if (holds && delivery->qos != QoS::ExactlyOnce) return;
    if (!context_.commits.is_durable(message.commit)) return;
    if (context_.loader.load(message) == message::Loaded::Pending) return;
    if (is_droppable(*delivery)) {
      ++context_.metrics.publish_dropped;
      context_.commits.record(
          {.kind = session::RecordKind::Discarded, .session = &session, .message = &message});
      context_.sessions.deliveries().destroy(context_.sessions.dequeue_after(session, before));
      delivery = following;
      continue;
    }
    PacketIdentifier packet_id = 0;
    if (delivery->qos != QoS::AtMostOnce) {
      // The client's window [MQTT-3.3.4-9] and ours. Order is kept: QoS 0 behind it waits too.
      const PacketIdentifier next_id = Sessions::identifier_after(last_id);
      const bool collides =
          !session.inflight.empty() && session.inflight.first()->packet_id == next_id;
      inflight_bytes += message.payload_bytes();
      const bool too_many_bytes = inflight_bytes > context_.settings.limits.inflight_bytes &&
                                  inflight_bytes > message.payload_bytes();
      if (plan.quota >= window() || collides || too_many_bytes) {
        plan.is_window_full = true;
        return;
      }
      packet_id = last_id = next_id;
      ++plan.quota;
      if (context_.commits.is_active() && launch_recorded(*delivery, before)) {
        // QoS 2: not before its identifier is durable; others of a row share the commit.
        holds = holds || delivery->state == OutboundState::AwaitCommit;
        if (!holds && !plan_publish(plan, *delivery, packet_id, Kind::Resend)) {
          plan.is_full = true;
          return;
        }
        delivery = following;
        continue;
      }
    }
    if (!plan_publish(plan, *delivery, packet_id, Kind::Delivery)) {
      plan.is_full = true;
      return;
    }
    before = delivery;
    delivery = following;
  }
}

// Gives a delivery of a durable session its identifier ahead of the write, so that a resend after a
// restart keeps it. False when the session is not durable.
bool Connection::launch_recorded(Delivery& delivery, Delivery* before) {
  session::Session& session = *session_;
  if (!context_.commits.record({.kind = session::RecordKind::OutboundIdAssigned,
                                .session = &session,
                                .message = delivery.message,
                                .packet_id = Sessions::identifier_after(session.last_packet_id)})) {
    return false;
  }
  static_cast<void>(context_.sessions.dequeue_after(session, before));
  const bool waits = delivery.qos == QoS::ExactlyOnce;
  context_.sessions.launch(session, delivery,
                           waits ? OutboundState::AwaitCommit : OutboundState::AwaitPuback);
  if (session.resend == nullptr) session.resend = &delivery;
  if (waits) session.hold = context_.commits.pending();
  return true;
}

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
      make_aliases()) {
    TopicAliases& aliases = aliases_->outgoing;
    alias = aliases.find(topic_name);
    defines = alias == 0 && aliases.count() < alias_maximum_out_ &&
              fits_client(size.total + kAliasBytes + 2);
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
  const bool copies = shared <= kCopyBytes;
  std::uint8_t* const room = plan.room(copies ? size.total : own);
  if (room == nullptr) return false;
  if (defines) {
    const auto number = static_cast<std::uint16_t>(aliases_->outgoing.count() + 1);
    if (!aliases_->outgoing.define(context_.memory, number, topic_name)) return false;
    alias = number;
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
      // What is left of the interval, in whole seconds waited [MQTT-3.3.2-6].
      const auto left = std::max(message.expires() - context_.now, Duration{0});
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
  plan.add(planned, out.size(), aliases_ != nullptr ? aliases_->outgoing.count() : std::uint16_t{0},
           copies ? nullptr : &message, v5);
  return true;
}

// The transport took the first `taken` bytes.
void Connection::apply(Plan& plan, std::size_t taken) {
  if (held_ != nullptr) {
    const std::size_t of_held = std::min<std::size_t>(taken, plan.held_end());
    const bool safe = held_->message == nullptr || hold_until_sent(*held_->message);
    held_->offset += static_cast<std::uint32_t>(of_held);
    if (!safe) return transport_->abort();
    if (held_->offset < held_->total) return;
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
    const bool kept = whole || hold_rest(plan, packet, taken - begin);
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
bool Connection::hold_rest(const Plan& plan, const PlannedPacket& packet, std::size_t taken) {
  const Bytes own = plan.scratch(packet);
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
