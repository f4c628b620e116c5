#include "platform/lwip/leftovers.hpp"

#include <algorithm>

namespace midge::lwip {

void Leftovers::give(LeftoverIndex index) {
  blocks_[index].next = free_;
  free_ = index;
  ++free_count_;
}

std::size_t Leftovers::append(LeftoverIndex& first, Bytes bytes) {
  LeftoverIndex* place = &first;
  LeftoverBlock* last = nullptr;
  for (; *place != kNoLeftover; place = &last->next) last = &blocks_[*place];
  std::size_t kept = 0;
  while (kept < bytes.size()) {
    if (last == nullptr || last->end == LeftoverBlock::kBytes) {
      if (free_ == kNoLeftover) break;
      *place = free_;
      last = &blocks_[free_];
      free_ = last->next;
      --free_count_;
      last->next = kNoLeftover;
      last->begin = last->end = 0;
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

void Leftovers::consume(LeftoverIndex& first, std::size_t count) {
  LeftoverBlock& block = blocks_[first];
  block.begin = static_cast<std::uint16_t>(block.begin + count);
  if (block.begin < block.end) return;
  const LeftoverIndex used_up = first;
  first = block.next;
  give(used_up);
}

std::size_t Leftovers::drop(LeftoverIndex& first) {
  std::size_t bytes = 0;
  while (first != kNoLeftover) {
    const std::size_t count = static_cast<std::size_t>(blocks_[first].end - blocks_[first].begin);
    bytes += count;
    consume(first, count);
  }
  return bytes;
}

}  // namespace midge::lwip
