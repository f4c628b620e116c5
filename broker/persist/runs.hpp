// What of a queue is on storage only: the numbers of its messages, in runs whose records stand in
// the log in the order of the queue. A run says where to begin reading, not where each one lies, so
// that a queue of any length takes little memory.
#pragma once

#include <cstdint>

#include "broker/base/list.hpp"
#include "broker/base/slab.hpp"
#include "broker/persist/log.hpp"
#include "broker/persist/record.hpp"
#include "broker/session/journal.hpp"

namespace midge::persist {

// Messages with numbers from `first` to `last`, told together with what is queued, in the log from
// `from` on. What else has such a number there was told before, or is nobody's.
struct Run {
  Run* next = nullptr;
  MessageNumber first = 0;
  MessageNumber last = 0;
  MessageNumber end = 0;  // what was told with this one, perhaps another run's, is behind all of it
  Cursor from;
  std::uint32_t first_frame = 0;     // none of it stands in one with a lower number
  bool of_copies = false;            // all were told again, or none was
  SegmentNumber last_segment = 0;    // where the last one lies, or a little behind
  std::uint32_t stamp = 0;           // of the last one
  session::CommitNumber commit = 0;  // before which none of it may be sent
};

// What a run gets.
struct Evicted {
  MessageNumber number = 0;
  SegmentNumber segment = 0;  // it was told there or behind,
  std::uint32_t frame = 0;    // and not in one with a lower number
  bool is_copy = false;       // told again
  std::uint32_t stamp = 0;    // Delivery::hold
  MessageNumber after = 0;    // what is in memory and before it in the queue
  session::CommitNumber commit = 0;
  std::uint32_t bytes = 0;  // of its records
  std::uint32_t payload_bytes = 0;
};

class Runs {
 public:
  using RunPool = Pool<Run>;

  [[nodiscard]] bool empty() const { return runs_.empty(); }
  // The next in the queue.
  [[nodiscard]] Run* first() const { return runs_.first(); }
  [[nodiscard]] MessageNumber last_number() const { return empty() ? 0 : runs_.last()->last; }

  // Whether a run reaches over that number: then it is there, or nowhere.
  [[nodiscard]] bool covers(MessageNumber number) const;
  // Whether some of it lies in that segment or before it.
  [[nodiscard]] bool reaches_back_to(SegmentNumber segment) const;

  // Adds one. No run reaches over the end of segment `fence`. False when memory is full.
  [[nodiscard]] bool put(RunPool& pool, const Evicted& evicted, SegmentNumber fence);
  // Says where one lies now that was told again, of segment `copied`. What was before it in its run
  // has been, too.
  [[nodiscard]] bool move(RunPool& pool, const Evicted& evicted, SegmentNumber fence,
                          SegmentNumber copied);
  // Takes one out that a run may have; false when memory is full.
  [[nodiscard]] bool cut(RunPool& pool, MessageNumber number);
  // One of the first run has been taken out, and what is before it is gone.
  void take(std::uint32_t bytes, std::uint32_t payload_bytes, MessageNumber number);
  // What is in no later segment than this has been put elsewhere.
  void leave(SegmentNumber segment);
  // What comes before that number is there no longer.
  void drop_before(RunPool& pool, MessageNumber number);
  void drop_first(RunPool& pool);
  // Those at the front of which nothing is left.
  void drop_read(RunPool& pool);
  void clear(RunPool& pool);

  // Moves all to another one, which is empty.
  void move_to(Runs& other) {
    other = *this;
    *this = {};
  }

  // Of all that was put and not taken: messages, and bytes of records and of payloads.
  [[nodiscard]] std::uint32_t count() const { return count_; }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
  [[nodiscard]] std::uint64_t payload_bytes() const { return payload_bytes_; }

 private:
  static void go_on(Run& run, const Evicted& evicted);
  [[nodiscard]] bool begin(RunPool& pool, Run* before, const Evicted& evicted);
  [[nodiscard]] bool insert(RunPool& pool, Run* before, const Evicted& evicted,
                            SegmentNumber fence);
  [[nodiscard]] bool cut(RunPool& pool, MessageNumber number, Run*& before);

  Queue<Run> runs_;
  std::uint32_t count_ = 0;
  std::uint64_t bytes_ = 0;
  std::uint64_t payload_bytes_ = 0;
};

}  // namespace midge::persist
