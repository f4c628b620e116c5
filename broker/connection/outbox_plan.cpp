#include "broker/connection/outbox_plan.hpp"

namespace midge::connection {

void for_each_piece(const message::Message& message, bool v5, std::size_t offset,
                    FunctionRef<bool(Bytes)> visit) {
  // Properties and the first piece of the payload lie in a row.
  Bytes piece = message.first_payload();
  if (v5) piece = {message.properties().data(), message.properties().size() + piece.size()};
  const message::Block* block = message.first_block();
  while (true) {
    if (offset < piece.size()) {
      if (!visit(piece.subspan(offset))) return;
      offset = 0;
    } else {
      offset -= piece.size();
    }
    if (block == nullptr) return;
    piece = block->view();
    block = message.block_after(*block);
  }
}

std::uint8_t* Plan::room(std::size_t bytes) {
  if (used_ + bytes > scratch_.bytes.size() || !has_place()) return nullptr;
  return scratch_.bytes.data() + used_;
}

void Plan::add(PlannedPacket::Kind kind, std::size_t bytes, message::Message* payload, bool v5) {
  const Bytes own(scratch_.bytes.data() + used_, bytes);
  add_scratch(bytes);
  if (payload != nullptr) add_shared(*payload, v5, 0);
  add_packet(kind, own, payload, v5);
}

bool Plan::add_whole(PlannedPacket::Kind kind, Bytes packet, bool stays) {
  if (std::uint8_t* const place = room(packet.size())) {
    copy(place, packet);
    add(kind, packet.size());
    return true;
  }
  if (!stays || !has_place()) return false;
  add_chunk(packet, hal::Keep::Copy);
  add_packet(kind, packet, nullptr, false);
  return true;
}

bool Plan::add_small(PlannedPacket::Kind kind, const Acknowledgement& owed, bool v5) {
  std::uint8_t packet[5];
  std::uint8_t* end = packet;
  const unsigned flags = owed.type == wire::PacketType::Pubrel ? 2U : 0U;  // [MQTT-3.6.1-1]
  *end++ = static_cast<std::uint8_t>(static_cast<unsigned>(owed.type) << 4U | flags);
  ++end;
  if (owed.type != wire::PacketType::Disconnect) {
    *end++ = static_cast<std::uint8_t>(owed.packet_id >> 8U);
    *end++ = static_cast<std::uint8_t>(owed.packet_id);
  }
  if (v5 && owed.reason != wire::ReasonCode::Success) {
    *end++ = static_cast<std::uint8_t>(owed.reason);
  }
  packet[1] = static_cast<std::uint8_t>(end - packet - 2);
  return add_whole(kind, {packet, end});
}

bool Plan::add_again(const message::Message& message, std::uint8_t form, std::size_t most_bytes) {
  if (count_ >= scratch_.kept || is_cut_ || chunks_ + 1 >= scratch_.chunks.size()) return false;
  PlannedPacket& packet = scratch_.packets[count_];
  if (packet.encoded != &message || packet.form != form || packet.payload != nullptr ||
      packet.own != scratch_.bytes.data() + used_ || packet.own_bytes > most_bytes) {
    return false;
  }
  add_scratch(packet.own_bytes);
  offered_end_ += packet.own_bytes;
  packet.end = offered_end_;
  packet.aliases = aliases;
  packet.kind = PlannedPacket::Kind::Delivery;
  ++count_;
  return true;
}

void Plan::add_held(const Held& held) {
  std::size_t offset = held.offset;
  if (offset < held.own_bytes) {
    add_chunk(held.own().subspan(offset), hal::Keep::Copy);
    offset = held.own_bytes;
  }
  if (held.message != nullptr) add_shared(*held.message, held.v5, offset - held.own_bytes);
  held_end_ = offered_end_ = held.total - held.offset;
}

void Plan::add_packet(PlannedPacket::Kind kind, Bytes own, message::Message* payload, bool v5) {
  offered_end_ += static_cast<std::uint32_t>(own.size() +
                                             (payload != nullptr ? shared_bytes(*payload, v5) : 0));
  scratch_.kept = 0;  // the rest of the last write is overwritten
  scratch_.packets[count_++] = {.own = own.data(),
                                .payload = payload,
                                .own_bytes = static_cast<std::uint32_t>(own.size()),
                                .end = offered_end_,
                                .aliases = aliases,
                                .kind = kind};
}

void Plan::add_scratch(std::size_t bytes) {
  std::uint8_t* const begin = scratch_.bytes.data() + used_;
  used_ += bytes;
  if (chunks_ > 0 && last_is_scratch_) {
    hal::Chunk& last = scratch_.chunks[chunks_ - 1];
    last.bytes = {last.bytes.data(), last.bytes.size() + bytes};
  } else {
    add_chunk({begin, bytes}, hal::Keep::Copy);
    last_is_scratch_ = true;
  }
}

void Plan::add_shared(const message::Message& message, bool v5, std::size_t offset) {
  for_each_piece(message, v5, offset, [this](Bytes piece) {
    // Without a chunk left the packet is cut here and nothing can follow it.
    is_cut_ = chunks_ == scratch_.chunks.size();
    if (!is_cut_) add_chunk(piece, hal::Keep::UntilSent);
    return !is_cut_;
  });
}

void Plan::add_chunk(Bytes bytes, hal::Keep keep) {
  hal::Chunk& chunk = scratch_.chunks[chunks_++];
  chunk.bytes = bytes;
  chunk.keep = keep;
  last_is_scratch_ = false;
}

}  // namespace midge::connection
