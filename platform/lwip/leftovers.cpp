#include "platform/lwip/leftovers.hpp"

#include <algorithm>

namespace midge::lwip {

void Leftovers::give(LeftoverBlock* block) {
  block->next = free_;
  free_ = block;
  ++free_count_;
}

std::size_t Leftovers::append(LeftoverBlock*& chain, Bytes bytes) {
  LeftoverBlock** place = &chain;
  LeftoverBlock* last = nullptr;
  for (; *place != nullptr; place = &last->next) last = *place;
  std::size_t kept = 0;
  while (kept < bytes.size()) {
    if (last == nullptr || last->end == LeftoverBlock::kBytes) {
      if (free_ == nullptr) break;
      last = free_;
      free_ = last->next;
      --free_count_;
      last->next = nullptr;
      last->begin = last->end = 0;
      *place = last;
      place = &last->next;
    }
    const std::size_t part =
        std::min<std::size_t>(bytes.size() - kept, LeftoverBlock::kBytes - last->end);
    copy(last->bytes + last->end, bytes.subspan(kept, part));
    last->end = static_cast<std::uint16_t>(last->end + part);
    kept += part;
  }
  return kept;
}

void Leftovers::consume(LeftoverBlock*& chain, std::size_t count) {
  chain->begin = static_cast<std::uint16_t>(chain->begin + count);
  if (chain->begin < chain->end) return;
  LeftoverBlock* const block = chain;
  chain = block->next;
  give(block);
}

std::size_t Leftovers::drop(LeftoverBlock*& chain) {
  std::size_t bytes = 0;
  while (chain != nullptr) {
    const std::size_t count = static_cast<std::size_t>(chain->end - chain->begin);
    bytes += count;
    consume(chain, count);
  }
  return bytes;
}

}  // namespace midge::lwip
