// Who may publish when, so that a turn stays short, nobody waits for a turn that another fills, and
// what is queued for clients that keep up goes out before more is.
//
// A message with few receivers leaves with its turn. One with many does not: its receivers are
// written to some at a time, over several turns, and meanwhile more such messages may be routed, so
// that each receiver gets a row of them in one write. When enough waits, their publishers are held
// until all of it is out. Publishers whose messages have few receivers go on all the time.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "broker/session/session.hpp"

namespace midge::routing {

class Schedule {
 public:
  // A message for more receivers than this is a wide one.
  static constexpr std::size_t kFew = 16;
  // The deliveries that one publisher makes in a turn before others have theirs.
  static constexpr std::uint32_t kShare = 2'048;
  // What all publishers of wide messages make in a turn.
  static constexpr std::uint32_t kTurn = 8'192;
  // The deliveries of wide messages that may wait; less where memory is small.
  static constexpr std::uint32_t kBacklog = 32'768;
  // What waits at one session that keeps up.
  static constexpr std::uint32_t kSessionAhead = 256;
  // Subscriptions that one client makes or ends in a turn.
  static constexpr std::uint32_t kFilters = 256;

  explicit Schedule(std::size_t memory_bytes)
      : backlog_limit_(static_cast<std::uint32_t>(std::clamp<std::size_t>(
            memory_bytes / 8 / sizeof(session::Delivery), kSessionAhead, kBacklog))) {}

  void start_turn() {
    turn_ = share_ = filters_ = 0;
    publisher_ = nullptr;
    narrow_full_ = has_unserved_ = goes_on_ = false;
  }

  enum class Gate : std::uint8_t {
    Open,
    ShareUsed,  // it had its share of this turn
    Full,       // it waits without having had any
  };
  // Whether `publisher` may go on now. `reaches_few`: its last message was not a wide one.
  [[nodiscard]] Gate gate(const session::Session& publisher, bool reaches_few) {
    const bool full = narrow_full_ || (!reaches_few && (wide_full_ || turn_ >= kTurn));
    if (publisher_ == &publisher && share_ > 0) {
      if (!full && share_ < kShare) return Gate::Open;
      goes_on_ = goes_on_ || (!reaches_few && !wide_full_);
      return Gate::ShareUsed;
    }
    if (!full) return Gate::Open;
    has_unserved_ = true;
    return Gate::Full;
  }
  // Whether `subscriber` has done its share of subscribing.
  [[nodiscard]] bool is_share_used(const session::Session& subscriber) const {
    return subscriber_ == &subscriber && filters_ >= kFilters;
  }
  void on_filters(const session::Session& subscriber, std::uint32_t count) {
    if (subscriber_ != &subscriber) filters_ = 0;
    subscriber_ = &subscriber;
    filters_ += count;
  }

  // A message of `publisher` (null: the broker's own) begins; on_queued() follows for each
  // delivery.
  void begin(const session::Session* publisher, std::size_t subscribers) {
    if (publisher_ != publisher) share_ = 0;
    publisher_ = publisher;
    is_wide_ = subscribers > kFew;
  }
  void end() {
    last_was_wide_ = is_wide_;
    is_wide_ = false;
  }
  [[nodiscard]] bool last_was_wide() const { return last_was_wide_; }
  // Whether the message under way is a wide one.
  [[nodiscard]] bool is_wide() const { return is_wide_; }

  // A delivery was queued at a session whose client keeps up; `is_crowded`: many wait there.
  void on_queued(bool is_crowded) {
    ++share_;
    if (!is_wide_) {
      narrow_full_ = narrow_full_ || is_crowded;
      return;
    }
    ++turn_;
    wide_full_ = wide_full_ || is_crowded || ++backlog_ >= backlog_limit_;
  }

  // Whether messages with few receivers have to wait for the next turn.
  [[nodiscard]] bool is_narrow_full() const { return narrow_full_; }
  [[nodiscard]] bool is_wide_full() const { return wide_full_; }
  // Whether somebody waits who had nothing of this turn.
  [[nodiscard]] bool has_unserved() const { return has_unserved_; }
  // Whether more wide messages are at hand: they go out in one write with those that wait.
  [[nodiscard]] bool goes_on() const { return goes_on_; }
  // All wide messages are out.
  void on_backlog_flushed() {
    backlog_ = 0;
    wide_full_ = false;
  }

 private:
  const std::uint32_t backlog_limit_;
  const session::Session* publisher_ = nullptr;   // who published last, only compared
  const session::Session* subscriber_ = nullptr;  // who subscribed last, only compared
  std::uint32_t share_ = 0;                       // its deliveries in a row
  std::uint32_t filters_ = 0;
  std::uint32_t turn_ = 0;  // of wide messages, in this turn
  std::uint32_t backlog_ = 0;
  bool is_wide_ = false;
  bool last_was_wide_ = false;
  bool narrow_full_ = false;
  bool wide_full_ = false;
  bool has_unserved_ = false;
  bool goes_on_ = false;
};

}  // namespace midge::routing
