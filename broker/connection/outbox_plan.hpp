// A write being put together, and what a connection keeps of one that was taken in part.
#pragma once

#include <cstdint>
#include <span>

#include "broker/base/bytes.hpp"
#include "broker/connection/outbox_scratch.hpp"
#include "broker/hal/transport.hpp"
#include "broker/message/message.hpp"

namespace midge::connection {

// What follows the own bytes of a PUBLISH: forwarded properties (5.0) and payload.
[[nodiscard]] inline std::size_t shared_bytes(const message::Message& message, bool v5) {
  return (v5 ? message.properties().size() : 0) + message.payload_bytes();
}

// Calls visit(piece) for the pieces of it behind `offset` until visit answers false.
template <class Visit>
void for_each_piece(const message::Message& message, bool v5, std::size_t offset, Visit visit) {
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

// The rest of a packet of which the transport took the front.
struct Held {
  std::uint32_t bytes = 0;              // of this object and its tail
  std::uint32_t own_bytes = 0;          // header bytes kept in the tail
  std::uint32_t offset = 0;             // taken of own and shared bytes together
  std::uint32_t total = 0;              // own and shared bytes
  message::Message* message = nullptr;  // counted; its shared bytes follow; null: none
  bool v5 = false;

  [[nodiscard]] Bytes own() const {
    return {reinterpret_cast<const std::uint8_t*>(this + 1), own_bytes};
  }
};

// One write being put together.
class Plan {
 public:
  // `generation`: Messages::created().
  Plan(OutboxScratch& scratch, std::uint64_t generation) : scratch_(scratch) {
    if (scratch.generation != generation) scratch.kept = 0;
    scratch.generation = generation;
  }
  Plan(const Plan&) = delete;
  Plan& operator=(const Plan&) = delete;
  ~Plan() { scratch_.kept = count_; }

  // The next `bytes` of the scratch, to be filled; null when there is no room for them or for one
  // more packet.
  [[nodiscard]] std::uint8_t* room(std::size_t bytes) {
    if (used_ + bytes > scratch_.bytes.size() || !has_place()) return nullptr;
    return scratch_.bytes.data() + used_;
  }

  // Adds a packet that lies in the room just filled, `bytes` long, and `shared` of its message's
  // bytes behind it.
  void add(PlannedPacket::Kind kind, std::size_t bytes, std::uint16_t aliases,
           message::Message* payload = nullptr, bool v5 = false) {
    const Bytes own = Bytes(scratch_.bytes).subspan(used_, bytes);
    add_scratch(bytes);
    if (payload != nullptr) add_shared(*payload, v5, 0);
    add_packet(kind, own, aliases, payload, v5);
  }

  // Adds a PUBLISH of `message` in `form` if the last write had the same one in this place, and it
  // is not longer than `most_bytes` in all; false otherwise.
  [[nodiscard]] bool add_again(const message::Message& message, std::uint8_t form,
                               std::size_t most_bytes, std::uint16_t aliases) {
    if (count_ >= scratch_.kept || is_cut_ || chunks_ + 1 >= OutboxScratch::kChunks) return false;
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
  // Marks the packet added last as one that add_again() may find.
  void keep(const message::Message& message, std::uint8_t form) {
    scratch_.packets[count_ - 1].encoded = &message;
    scratch_.packets[count_ - 1].form = form;
  }

  // Adds an acknowledgement where it lies: the scratch may be smaller than it. False when there is
  // no room for one more packet.
  [[nodiscard]] bool add_in_place(Bytes packet, std::uint16_t aliases) {
    if (!has_place()) return false;
    add_chunk(packet, hal::Keep::Copy);
    add_packet(PlannedPacket::Kind::Acknowledgement, packet, aliases, nullptr, false);
    return true;
  }

  // Puts the rest of a packet in front.
  void add_held(const Held& held) {
    std::size_t offset = held.offset;
    if (offset < held.own_bytes) {
      add_chunk(held.own().subspan(offset), hal::Keep::Copy);
      offset = held.own_bytes;
    }
    if (held.message != nullptr) add_shared(*held.message, held.v5, offset - held.own_bytes);
    held_end_ = offered_end_ = held.total - held.offset;
  }

  [[nodiscard]] std::span<const hal::Chunk> chunks() const { return {scratch_.chunks, chunks_}; }
  [[nodiscard]] std::span<const PlannedPacket> packets() const {
    return scratch_.packets.first(count_);
  }
  [[nodiscard]] bool empty() const { return chunks_ == 0; }
  [[nodiscard]] std::uint32_t held_end() const { return held_end_; }
  // All that is planned, chunks that found no place included.
  [[nodiscard]] std::uint32_t end() const { return offered_end_; }

  // Something was left out because there was no room.
  bool is_full = false;
  // A QoS > 0 delivery was left out because the client's window is full.
  bool is_window_full = false;
  // Something waits for its commit: of the deliveries behind it only QoS 0 goes out.
  bool waits_for_commit = false;
  // Outgoing aliases defined before this write.
  std::uint16_t aliases_before = 0;
  // PUBLISHes with QoS > 0 that are open or planned.
  std::uint32_t quota = 0;

 private:
  [[nodiscard]] bool has_place() const {
    return count_ < scratch_.packets.size() && chunks_ + 1 < OutboxScratch::kChunks && !is_cut_;
  }
  void add_packet(PlannedPacket::Kind kind, Bytes own, std::uint16_t aliases,
                  message::Message* payload, bool v5) {
    offered_end_ += static_cast<std::uint32_t>(
        own.size() + (payload != nullptr ? shared_bytes(*payload, v5) : 0));
    scratch_.kept = 0;  // the rest of the last write is overwritten
    scratch_.packets[count_++] = {.own = own.data(),
                                  .payload = payload,
                                  .own_bytes = static_cast<std::uint32_t>(own.size()),
                                  .end = offered_end_,
                                  .aliases = aliases,
                                  .kind = kind};
  }
  void add_scratch(std::size_t bytes) {
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
  void add_shared(const message::Message& message, bool v5, std::size_t offset) {
    for_each_piece(message, v5, offset, [this](Bytes piece) {
      // Without a chunk left the packet is cut here and nothing can follow it.
      is_cut_ = chunks_ == OutboxScratch::kChunks;
      if (!is_cut_) add_chunk(piece, hal::Keep::UntilSent);
      return !is_cut_;
    });
  }
  void add_chunk(Bytes bytes, hal::Keep keep) {
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

}  // namespace midge::connection
