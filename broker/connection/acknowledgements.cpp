#include "broker/connection/acknowledgements.hpp"

#include <new>

namespace midge::connection {

Acknowledgements::Block* Acknowledgements::append(Memory& memory, std::uint32_t bytes,
                                                  Reserve reserve) {
  const auto total = static_cast<std::uint32_t>(sizeof(Block)) + bytes;
  void* const place = memory.allocate(total, reserve);
  if (place == nullptr) return nullptr;
  auto* const block = new (place) Block{.bytes = total};
  block->next = last_ != nullptr ? last_->next : block;
  if (last_ != nullptr) last_->next = block;
  last_ = block;
  return block;
}

Acknowledgements::Block* Acknowledgements::first() const {
  return last_ != nullptr ? last_->next : nullptr;
}

const Acknowledgements::Block* Acknowledgements::behind(const Block& block) const {
  return &block != last_ ? block.next : nullptr;
}

bool Acknowledgements::push(Memory& memory, wire::PacketType type, wire::PacketIdentifier packet_id,
                            wire::ReasonCode reason, session::CommitNumber commit) {
  Block* block = last_;
  // A small entry keeps half of its commit number, counted from the block's own.
  const bool fits = block != nullptr && block->packet_bytes == 0 && block->end < kSmall &&
                    (commit == 0) == (block->commit == 0);
  if (!fits) {
    block = append(memory, kSmall * sizeof(Small), Reserve::Use);
    if (block == nullptr) return false;
    block->commit = commit;
  }
  new (block->small() + block->end++)
      Small{static_cast<std::uint32_t>(commit - block->commit), packet_id, type, reason};
  return true;
}

bool Acknowledgements::push_packet(Memory& memory, wire::PacketType type, wire::ReasonCode reason,
                                   Bytes packet, session::CommitNumber commit, Reserve reserve) {
  Block* const block = append(memory, static_cast<std::uint32_t>(packet.size()), reserve);
  if (block == nullptr) return false;
  block->commit = commit;
  block->packet_bytes = static_cast<std::uint32_t>(packet.size());
  block->type = type;
  block->reason = reason;
  copy(block + 1, packet);
  return true;
}

bool Acknowledgements::next(Place& place, Acknowledgement& out) const {
  const auto* block = static_cast<const Block*>(place.block);
  if (!place.started) {
    place.started = true;
    block = first();
    place.index = block != nullptr ? block->first : 0;
  }
  if (block != nullptr && block->packet_bytes == 0 && place.index == block->end) {
    block = behind(*block);
    place.index = block != nullptr ? block->first : 0;
  }
  place.block = block;
  if (block == nullptr) return false;
  if (block->packet_bytes > 0) {
    out = {.commit = block->commit,
           .packet = {block->packet(), block->packet_bytes},
           .type = block->type,
           .reason = block->reason};
    block = behind(*block);
    place.block = block;
    place.index = block != nullptr ? block->first : 0;
    return true;
  }
  const Small& small = block->small()[place.index++];
  out = {.commit = block->commit + small.commit,
         .packet = {},
         .type = small.type,
         .reason = small.reason,
         .packet_id = small.packet_id};
  return true;
}

void Acknowledgements::pop(Memory& memory) {
  Block* const block = first();
  if (block->packet_bytes == 0 && ++block->first < block->end) return;
  if (block == last_) {
    last_ = nullptr;
  } else {
    last_->next = block->next;
  }
  memory.release(block, block->bytes);
}

void Acknowledgements::drop_waiting(Memory& memory, const session::Commits& commits) {
  Acknowledgements kept;
  Place place;
  Acknowledgement owed;
  while (next(place, owed) && commits.is_durable(owed.commit)) {
    const bool pushed =
        owed.packet.empty()
            ? kept.push(memory, owed.type, owed.packet_id, owed.reason, owed.commit)
            : kept.push_packet(memory, owed.type, owed.reason, owed.packet, owed.commit);
    if (!pushed) break;
  }
  clear(memory);
  *this = kept;
}

void Acknowledgements::clear(Memory& memory) {
  while (!empty()) pop(memory);
}

}  // namespace midge::connection
