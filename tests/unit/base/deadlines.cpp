#include "broker/base/deadlines.hpp"

#include <doctest/doctest.h>

#include <random>
#include <vector>

using namespace midge;
using namespace std::chrono_literals;

namespace {

constexpr Instant kStart{1'000'000ms};

std::vector<Deadline*> due(Deadlines& deadlines, Instant now) {
  std::vector<Deadline*> taken;
  deadlines.advance(now);
  while (Deadline* const deadline = deadlines.take()) taken.push_back(deadline);
  return taken;
}

}  // namespace

TEST_CASE("a deadline is never early and at most one tick late") {
  Deadlines deadlines(kStart);
  Deadline deadline;
  for (const Duration wait : {1ms, 127ms, 128ms, 129ms, 1'500ms, 90'000ms, 100'000'000ms}) {
    CAPTURE(wait.count());
    Deadlines fresh(kStart);
    fresh.set(deadline, kStart + wait);
    CHECK(due(fresh, kStart + wait - 1ms).empty());
    CHECK(due(fresh, kStart + wait + Deadlines::kTick).size() == 1);
    CHECK_FALSE(deadline.is_set());
  }
  CHECK(deadlines.next() == kNever);
}

TEST_CASE("next() leads to every deadline without missing one") {
  std::mt19937_64 random(3);
  Deadlines deadlines(kStart);
  std::vector<Deadline> all(2'000);
  std::vector<Instant> when(all.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto shift = random() % 40;
    when[i] = kStart + Duration(static_cast<std::int64_t>(random() % (std::uint64_t{1} << shift)));
    deadlines.set(all[i], when[i]);
  }
  // Some move, some are cleared.
  for (std::size_t i = 0; i < all.size(); i += 7) {
    when[i] = kStart + Duration(static_cast<std::int64_t>(random() % 1'000'000));
    deadlines.set(all[i], when[i]);
  }
  std::size_t left = all.size();
  for (std::size_t i = 3; i < all.size(); i += 11) {
    deadlines.clear(all[i]);
    --left;
  }
  Instant now = kStart;
  int wakes = 0;
  while (deadlines.next() != kNever) {
    REQUIRE(deadlines.next() >= now - Deadlines::kTick);
    now = std::max(now, deadlines.next());
    for (Deadline* const deadline : due(deadlines, now)) {
      const auto i = static_cast<std::size_t>(deadline - all.data());
      CHECK(when[i] <= now);
      CHECK(now - when[i] <= Deadlines::kTick);
      --left;
    }
    REQUIRE(++wakes < 20'000);
  }
  CHECK(left == 0);
}

TEST_CASE("a deadline in the past is due at once, one that is set in between too") {
  Deadlines deadlines(kStart);
  Deadline first;
  Deadline second;
  deadlines.set(first, kStart - 5s);
  CHECK(deadlines.next() <= kStart);
  deadlines.advance(kStart);
  CHECK(deadlines.take() == &first);
  deadlines.set(second, kStart - 1s);
  CHECK(deadlines.take() == &second);
  CHECK(deadlines.take() == nullptr);
}

TEST_CASE("a deadline beyond the wheel's range is kept until its end") {
  Deadlines deadlines(kStart);
  Deadline deadline;
  deadlines.set(deadline, kNever - 1ms);
  CHECK(due(deadlines, kStart + std::chrono::hours(24 * 365 * 10)).empty());
  CHECK(deadline.is_set());
  deadlines.clear(deadline);
  CHECK(deadlines.next() == kNever);
}
