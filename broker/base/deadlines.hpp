// Deadlines in a hierarchical wheel: setting and clearing one costs the same however many there
// are. Never early, and at most one tick late.
#pragma once

#include <array>
#include <cstdint>

#include "broker/base/time.hpp"

namespace midge {

// Base of what can wait for an instant. `kind` tells the owner what it is.
struct Deadline {
  Deadline* next = nullptr;
  Deadline** link = nullptr;  // what points to this; null when not set
  std::uint32_t tick = 0;
  std::uint8_t kind = 0;

  [[nodiscard]] bool is_set() const { return link != nullptr; }
};

class Deadlines {
 public:
  static constexpr Duration kTick{128};

  explicit Deadlines(Instant now) : start_(now) {}
  Deadlines(const Deadlines&) = delete;
  Deadlines& operator=(const Deadlines&) = delete;

  // Sets or moves `deadline`. An instant more than 17 years away may come early: whoever takes it
  // sets it again.
  void set(Deadline& deadline, Instant when);
  void clear(Deadline& deadline);

  // Moves time forward; then take() yields what is due, cleared, one by one, null at the end.
  // New deadlines may be set in between; those already due come in the same round.
  void advance(Instant now);
  [[nodiscard]] Deadline* take();

  // When advance() has something to do next; kNever when nothing is set.
  [[nodiscard]] Instant next() const;

 private:
  // Four slots a level, a level for each two bits of a tick: a deadline hangs where its tick first
  // differs from the current one. So the first slot in use is the next to be looked at.
  static constexpr unsigned kSlots = 64;

  void insert(Deadline& deadline);
  static void push(Deadline*& head, Deadline& deadline);
  [[nodiscard]] std::uint32_t tick_of(Instant when) const;
  // The first slot that holds anything, and its first tick.
  struct Slot {
    unsigned index = kSlots;
    std::uint32_t tick = 0;
  };
  [[nodiscard]] Slot first_slot() const;

  Instant start_;
  std::uint32_t now_ = 0;  // in ticks since start_
  Deadline* due_ = nullptr;
  std::uint64_t occupied_ = 0;  // a bit for each slot; may outlast its content
  std::array<Deadline*, kSlots> slots_{};
};

}  // namespace midge
