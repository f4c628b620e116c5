#include "broker/base/deadlines.hpp"

#include <algorithm>
#include <bit>
#include <limits>

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
  const unsigned level = (width - 1) / 4;
  const unsigned slot = deadline.tick >> (4 * level) & (kSlots - 1);
  push(slots_[level][slot], deadline);
  occupied_[level] = static_cast<std::uint16_t>(occupied_[level] | 1U << slot);
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
  for (unsigned level = 0; level < kLevels; ++level) {
    for (unsigned bits = occupied_[level]; bits != 0; bits &= bits - 1) {
      const auto slot = static_cast<unsigned>(std::countr_zero(bits));
      if (slots_[level][slot] == nullptr) continue;  // all of it was cleared
      const unsigned above = 4 * (level + 1);
      const std::uint32_t window = above >= 32 ? 0 : now_ >> above << above;
      return {level, slot, window | slot << (4 * level)};
    }
  }
  return {};
}

void Deadlines::advance(Instant now) {
  if (now <= start_) return;
  const auto target = static_cast<std::uint32_t>(std::min<std::int64_t>(
      (now - start_).count() / kTick.count(), std::numeric_limits<std::uint32_t>::max() - 1));
  for (Slot first = first_slot(); first.level < kLevels && first.tick <= target;
       first = first_slot()) {
    now_ = first.tick;
    Deadline* deadline = slots_[first.level][first.slot];
    slots_[first.level][first.slot] = nullptr;
    occupied_[first.level] =
        static_cast<std::uint16_t>(occupied_[first.level] & ~(1U << first.slot));
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
  return first.level == kLevels ? kNever : start_ + first.tick * kTick;
}

}  // namespace midge
