// What is going to happen, ordered by time and, within one instant, by the order of scheduling.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "broker/base/time.hpp"

namespace midge::sim {

class EventQueue {
 public:
  // `action` is called once, with no argument.
  template <class Action>
  void add(Instant at, Action action) {
    heap_.push_back({at, next_sequence_++, std::make_unique<Callable<Action>>(std::move(action))});
    std::push_heap(heap_.begin(), heap_.end(), later);
  }

  [[nodiscard]] Instant next_time() const { return heap_.empty() ? kNever : heap_.front().at; }
  [[nodiscard]] std::uint64_t next_sequence() const { return next_sequence_; }

  // Runs the oldest event that is due at `now` and was scheduled before sequence number `before`;
  // false when there is none.
  bool run_one(Instant now, std::uint64_t before) {
    if (heap_.empty() || heap_.front().at > now || heap_.front().sequence >= before) return false;
    std::pop_heap(heap_.begin(), heap_.end(), later);
    const Entry entry = std::move(heap_.back());
    heap_.pop_back();
    entry.event->run();
    return true;
  }

 private:
  class Event {
   public:
    virtual void run() = 0;
    virtual ~Event() = default;
  };
  template <class Action>
  class Callable final : public Event {
   public:
    explicit Callable(Action action) : action_(std::move(action)) {}
    void run() override { action_(); }

   private:
    Action action_;
  };
  struct Entry {
    Instant at;
    std::uint64_t sequence;
    std::unique_ptr<Event> event;
  };
  [[nodiscard]] static bool later(const Entry& a, const Entry& b) {
    return a.at != b.at ? a.at > b.at : a.sequence > b.sequence;
  }

  std::vector<Entry> heap_;
  std::uint64_t next_sequence_ = 0;
};

}  // namespace midge::sim
