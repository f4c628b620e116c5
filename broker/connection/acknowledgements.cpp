#include "broker/connection/acknowledgements.hpp"

#include <new>

namespace midge::connection {

Acknowledgements::Block* Acknowledgements::append(Memory& memory, const Acknowledgement& owed) {
  const auto bytes = static_cast<std::uint32_t>(
      owed.packet.empty() ? small_bytes() : packet_bytes(owed.packet.size()));
  void* const place = memory.allocate(bytes, Reserve::Use);
  if (place == nullptr) return nullptr;
  auto* const block =
      new (place) Block{.bytes = bytes,
                        .commit = owed.commit,
                        .packet_bytes = static_cast<std::uint32_t>(owed.packet.size())};
  copy(block->entries() + 1, owed.packet);
  block->next = last_ != nullptr ? last_->next : block;
  if (last_ != nullptr) last_->next = block;
  last_ = block;
  return block;
}

bool Acknowledgements::push(Memory& memory, const Acknowledgement& owed) {
  Block* const block = last_ != nullptr && last_->takes(owed) ? last_ : append(memory, owed);
  if (block == nullptr) return false;
  new (block->entries() + block->end++)
      Block::Entry{static_cast<std::uint32_t>(owed.commit - block->commit), owed.packet_id,
                   owed.type, owed.reason};
  return true;
}

bool Acknowledgements::next_of_some(Place& place, Acknowledgement& out) const {
  const auto* block = static_cast<const Block*>(place.block);
  if (block == nullptr || place.index == block->end) {
    if (block == last_) return false;
    block = block == nullptr ? last_->next : block->next;
    place.block = block;
    place.index = block->first;
  }
  const Block::Entry& entry = block->entries()[place.index++];
  out = {.commit = block->commit + entry.commit,
         .packet = block->packet(),
         .type = entry.type,
         .reason = entry.reason,
         .packet_id = entry.packet_id};
  return true;
}

void Acknowledgements::pop(Memory& memory) {
  Block* const block = last_->next;
  if (++block->first < block->end) return;
  last_->next = block->next;
  if (block == last_) last_ = nullptr;
  memory.release(block, block->bytes);
}

void Acknowledgements::drop_waiting(Memory& memory, const session::Commits& commits) {
  Acknowledgements kept;
  Place place;
  Acknowledgement owed;
  while (next(place, owed) && commits.is_durable(owed.commit)) {
    if (!kept.push(memory, owed)) break;
  }
  clear(memory);
  *this = kept;
}

void Acknowledgements::clear(Memory& memory) {
  while (!empty()) pop(memory);
}

}  // namespace midge::connection
