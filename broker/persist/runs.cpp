#include "broker/persist/runs.hpp"

#include <algorithm>

#include "broker/base/assert.hpp"

namespace midge::persist {

bool Runs::covers(MessageNumber number) const {
  for (const Run* run = runs_.first(); run != nullptr && run->first <= number; run = run->next) {
    if (number <= run->last) return true;
  }
  return false;
}

bool Runs::reaches_back_to(SegmentNumber segment) const {
  for (const Run* run = runs_.first(); run != nullptr; run = run->next) {
    if (run->from.segment <= segment) return true;
  }
  return false;
}

// Takes a number out of the run that covers it. `before` is the run after which it comes.
bool Runs::cut(RunPool& pool, MessageNumber number, Run*& before) {
  before = nullptr;
  Run* run = runs_.first();
  while (run != nullptr && run->last < number) {
    before = run;
    run = run->next;
  }
  if (run == nullptr || run->first > number) return true;
  if (run->first < number && number < run->last) {
    Run* const rest = pool.create(Reserve::Keep, *run);
    if (rest == nullptr) return false;
    rest->first = number + 1;
    runs_.insert_after(run, *rest);
    run->last = number - 1;
    before = run;
  } else if (run->first == number) {
    ++run->first;
  } else {
    --run->last;
    before = run;
  }
  if (run->first > run->last) {
    // It was the only one.
    MIDGE_ASSERT(before != run);
    pool.destroy(runs_.pop_after(before));
  }
  return true;
}

bool Runs::cut(RunPool& pool, MessageNumber number) {
  Run* before = nullptr;
  return cut(pool, number, before);
}

void Runs::go_on(Run& run, const Evicted& evicted) {
  run.last = run.end = evicted.number;
  run.last_segment = evicted.segment;
  run.stamp = evicted.stamp;
  run.commit = std::max(run.commit, evicted.commit);
}

bool Runs::begin(RunPool& pool, Run* before, const Evicted& evicted) {
  Run* const run = pool.create(Reserve::Keep);
  if (run == nullptr) return false;
  run->first = evicted.number;
  run->from.segment = evicted.segment;
  run->first_frame = evicted.frame;
  run->of_copies = evicted.is_copy;
  runs_.insert_after(before, *run);
  go_on(*run, evicted);
  return true;
}

bool Runs::insert(RunPool& pool, Run* before, const Evicted& evicted, SegmentNumber fence) {
  const bool goes_on = before != nullptr && before->first <= before->last &&
                       before->of_copies == evicted.is_copy && before->last >= evicted.after &&
                       static_cast<std::int32_t>(evicted.stamp - before->stamp) > 0 &&
                       evicted.segment >= before->last_segment &&
                       (fence < before->last_segment || evicted.segment == before->last_segment);
  if (!goes_on) return begin(pool, before, evicted);
  go_on(*before, evicted);
  return true;
}

bool Runs::put(RunPool& pool, const Evicted& evicted, SegmentNumber fence) {
  Run* before = nullptr;
  if (!cut(pool, evicted.number, before) || !insert(pool, before, evicted, fence)) return false;
  ++count_;
  bytes_ += evicted.bytes;
  payload_bytes_ += evicted.payload_bytes;
  return true;
}

bool Runs::move(RunPool& pool, const Evicted& evicted, SegmentNumber fence, SegmentNumber copied) {
  Run* before = nullptr;
  Run* run = runs_.first();
  for (; run != nullptr && run->last < evicted.number; run = run->next) before = run;
  if (run == nullptr) return false;
  // A run that lies there has a frame, perhaps, that was written again further on.
  const bool is_new = before != nullptr && before->from.segment > copied;
  if (!(is_new ? insert(pool, before, evicted, fence) : begin(pool, before, evicted))) return false;
  run->first = evicted.number + 1;
  if (run->first <= run->last) return true;
  before = nullptr;
  for (Run* at = runs_.first(); at != run; at = at->next) before = at;
  pool.destroy(runs_.pop_after(before));
  return true;
}

void Runs::take(std::uint32_t bytes, std::uint32_t payload_bytes, MessageNumber number) {
  runs_.first()->first = number + 1;
  if (count_ > 0) --count_;
  bytes_ -= std::min<std::uint64_t>(bytes_, bytes);
  payload_bytes_ -= std::min<std::uint64_t>(payload_bytes_, payload_bytes);
}

void Runs::leave(SegmentNumber segment) {
  for (Run* run = runs_.first(); run != nullptr; run = run->next) {
    if (run->from.segment <= segment) run->from = {.segment = segment + 1};
  }
}

void Runs::drop_before(RunPool& pool, MessageNumber number) {
  while (!empty() && first()->last < number) drop_first(pool);
  if (!empty()) first()->first = std::max(first()->first, number);
}

void Runs::drop_first(RunPool& pool) {
  pool.destroy(runs_.pop_front());
}

void Runs::drop_read(RunPool& pool) {
  while (!empty() && first()->first > first()->last) drop_first(pool);
}

void Runs::clear(RunPool& pool) {
  while (!runs_.empty()) drop_first(pool);
  *this = {};
}

}  // namespace midge::persist
