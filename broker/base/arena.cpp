#include "broker/base/arena.hpp"

#include <algorithm>
#include <bit>

#include "broker/base/assert.hpp"

namespace midge {

namespace {

// Reserved memory is opened in steps of this size: few system calls, little over what is needed.
constexpr std::size_t kStepBytes = std::size_t{1} << 20;

std::uint8_t* align_up(std::uint8_t* p, std::size_t alignment) {
  const auto address = reinterpret_cast<std::uintptr_t>(p);
  return p + ((alignment - address % alignment) % alignment);
}

}  // namespace

Arena::Arena(MutableBytes range, std::size_t page_bytes, std::size_t reserve_pages,
             ArenaBacking& backing)
    : map_(reinterpret_cast<Word*>(range.data())),
      page_bytes_(page_bytes),
      reserve_(reserve_pages),
      opened_(range.data()),
      range_end_(range.data() + range.size()),
      backing_(backing) {
  MIDGE_ASSERT(std::has_single_bit(page_bytes) && page_bytes >= 256);
  MIDGE_ASSERT(reinterpret_cast<std::uintptr_t>(range.data()) % alignof(Word) == 0);
  const std::size_t pages = range.size() / page_bytes;
  touched_ = map_ + groups_of(pages);
  base_ = align_up(range.data() + map_bytes(pages), page_bytes);
  MIDGE_ASSERT(base_ <= range_end_);
  total_ = static_cast<std::size_t>(range_end_ - base_) / page_bytes;
  // On Linux untouched pages of the map cost nothing; it is written as far as `top_` goes.
  MIDGE_ASSERT(open_until(base_));
}

bool Arena::open_until(std::uint8_t* end) {
  if (end <= opened_) return true;
  std::uint8_t* const target =
      std::min(range_end_, opened_ + (static_cast<std::size_t>(end - opened_) + kStepBytes - 1) /
                                         kStepBytes * kStepBytes);
  if (!backing_.open({opened_, static_cast<std::size_t>(target - opened_)})) return false;
  opened_ = target;
  return true;
}

void Arena::mark(Word* map, std::size_t first, std::size_t count, bool value) {
  for (std::size_t at = first; at < first + count; ++at) {
    const Word bit = Word{1} << (at % kGroup);
    if (value) {
      map[at / kGroup] |= bit;
    } else {
      map[at / kGroup] &= ~bit;
    }
  }
}

std::size_t Arena::find_run(std::size_t count) const {
  std::size_t run = 0;
  for (std::size_t page = lowest_free_; page < top_; ++page) {
    if (run == 0 && page % kGroup == 0 && map_[page / kGroup] == ~Word{0}) {
      page += kGroup - 1;  // a full word, skipped whole
      continue;
    }
    run = is_used(page) ? 0 : run + 1;
    if (run == count) return page + 1 - count;
  }
  // The free tail below top_ goes on into untouched memory.
  const std::size_t first = top_ - std::min(run, top_);
  return first + count <= total_ ? first : total_;
}

void* Arena::take(std::size_t count, Reserve reserve) {
  MIDGE_ASSERT(count > 0);
  const std::size_t kept = reserve == Reserve::Keep    ? reserve_
                           : reserve == Reserve::Enter ? reserve_ / 2
                                                       : 0;
  if (total_ - used_ < kept || total_ - used_ - kept < count) return nullptr;
  const std::size_t first = find_run(count);
  if (first == total_) return nullptr;
  const std::size_t end = first + count;
  if (!open_until(base_ + end * page_bytes_)) return nullptr;
  for (; top_ < end; ++top_) {
    if (top_ % kGroup != 0) continue;
    const std::size_t group = top_ / kGroup;
    map_[group] = 0;
    if (group % kGroup == 0) touched_[group / kGroup] = 0;
  }
  for (std::size_t group = first / kGroup; group <= (end - 1) / kGroup; ++group) {
    if (!is_touched(group)) {
      mark(touched_, group, 1, true);
      ++touched_groups_;
    } else if (map_[group] == 0) {
      --idle_groups_;
    }
  }
  mark(map_, first, count, true);
  used_ += count;
  most_used_ = std::max(most_used_, used_);
  most_used_lately_ = std::max(most_used_lately_, used_);
  // A single page is the first free one, so all below is used.
  if (count == 1 || first == lowest_free_) lowest_free_ = end;
  return base_ + first * page_bytes_;
}

void Arena::give(void* pages, std::size_t count) {
  const std::size_t first =
      static_cast<std::size_t>(static_cast<std::uint8_t*>(pages) - base_) / page_bytes_;
  MIDGE_ASSERT(first + count <= top_ && is_used(first) && is_used(first + count - 1));
  mark(map_, first, count, false);
  used_ -= count;
  lowest_free_ = std::min(lowest_free_, first);
  for (std::size_t group = first / kGroup; group <= (first + count - 1) / kGroup; ++group) {
    if (map_[group] == 0) ++idle_groups_;
  }
}

void Arena::trim() {
  const std::size_t kept = most_used_lately_ / kGroup + kIdleGroups;
  most_used_lately_ = used_;
  // From the top, as pages are taken from the bottom.
  for (std::size_t group = (top_ + kGroup - 1) / kGroup;
       group > 0 && idle_groups_ > 0 && touched_groups_ > kept;) {
    --group;
    if (!is_touched(group) || map_[group] != 0) continue;
    std::uint8_t* const begin = base_ + group * kGroup * page_bytes_;
    const auto rest = static_cast<std::size_t>(opened_ - begin);
    backing_.release({begin, std::min(kGroup * page_bytes_, rest)});
    mark(touched_, group, 1, false);
    --touched_groups_;
    --idle_groups_;
  }
}

}  // namespace midge
