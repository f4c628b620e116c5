#include "broker/base/deadlines.hpp"

#include <algorithm>
#include <bit>
#include <limits>
#include <utility>

#include "broker/base/assert.hpp"

namespace midge {

std::uint32_t Deadlines::tick_of(Instant when) const {
  if (when <= start_) return 0;
  constexpr std::int64_t kLast = std::numeric_limits<std::uint32_t>::max();
  const std::int64_t milliseconds = (when - start_).count();
  if (milliseconds / kTick.count() >= kLast - 1) return static_cast<std::uint32_t>(kLast);
  return static_cast<std::uint32_t>((milliseconds + kTick.count() - 1) / kTick.count());
}

void Deadlines::push(Deadline*& head, Deadline& deadline) {
  deadline.next = head;
  if (head != nullptr) head->link = &deadline.next;
  head = &deadline;
  deadline.link = &head;
}

void Deadlines::insert(Deadline& deadline) {
  if (deadline.tick <= now_) return push(due_, deadline);
  // The ticks differ, so there is a highest bit that does.
  const auto width = static_cast<unsigned>(std::bit_width(deadline.tick ^ now_));
  MIDGE_ASSERT(width > 0);
  const unsigned level = (width - 1) / 2;
  const unsigned index = 4 * level + (deadline.tick >> (2 * level) & 3);
  push(slots_[index], deadline);
  occupied_ |= std::uint64_t{1} << index;
}

void Deadlines::set(Deadline& deadline, Instant when) {
  if (deadline.is_set()) clear(deadline);
  deadline.tick = tick_of(when);
  insert(deadline);
}

void Deadlines::clear(Deadline& deadline) {
  if (!deadline.is_set()) return;
  *deadline.link = deadline.next;
  if (deadline.next != nullptr) deadline.next->link = deadline.link;
  deadline.next = nullptr;
  deadline.link = nullptr;
}

Deadlines::Slot Deadlines::first_slot() const {
  for (std::uint64_t bits = occupied_; bits != 0; bits &= bits - 1) {
    const auto index = static_cast<unsigned>(std::countr_zero(bits));
    if (slots_[index] == nullptr) continue;  // all of it was cleared
    const unsigned shift = index / 4 * 2;
    const std::uint32_t low = (std::uint32_t{4} << shift) - 1;  // the level's bits and those below
    return {index, (now_ & ~low) | index % 4 << shift};
  }
  return {};
}

void Deadlines::advance(Instant now) {
  if (now <= start_) return;
  const auto target = static_cast<std::uint32_t>(std::min<std::int64_t>(
      (now - start_).count() / kTick.count(), std::numeric_limits<std::uint32_t>::max() - 1));
  for (Slot first = first_slot(); first.index < kSlots && first.tick <= target;
       first = first_slot()) {
    now_ = first.tick;
    Deadline* deadline = std::exchange(slots_[first.index], nullptr);
    occupied_ &= ~(std::uint64_t{1} << first.index);
    while (deadline != nullptr) {
      Deadline* const next = deadline->next;
      insert(*deadline);
      deadline = next;
    }
  }
  now_ = std::max(now_, target);
}

Deadline* Deadlines::take() {
  Deadline* const deadline = due_;
  if (deadline != nullptr) clear(*deadline);
  return deadline;
}

Instant Deadlines::next() const {
  if (due_ != nullptr) return start_ + now_ * kTick;
  const Slot first = first_slot();
  return first.index == kSlots ? kNever : start_ + first.tick * kTick;
}

}  // namespace midge
