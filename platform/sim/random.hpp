// The simulator's random numbers: xoshiro256**, seeded by splitmix64. Small, fast, and the same on
// every machine, so that a run is a function of its seed.
#pragma once

#include <array>
#include <cstdint>

namespace midge::sim {

// Both ends included.
struct Range {
  std::uint32_t least = 0;
  std::uint32_t most = 0;
};

class Random {
 public:
  explicit Random(std::uint64_t seed) {
    for (std::uint64_t& word : state_) {
      seed += 0x9E3779B97F4A7C15U;
      std::uint64_t mixed = seed;
      mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9U;
      mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EBU;
      word = mixed ^ mixed >> 31;
    }
  }

  std::uint64_t next() {
    const std::uint64_t result = rotate(state_[1] * 5, 7) * 9;
    const std::uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = rotate(state_[3], 45);
    return result;
  }

  // A number of [least, most]; the small bias of the modulo doesn't matter here.
  std::uint64_t between(std::uint64_t least, std::uint64_t most) {
    const std::uint64_t count = most - least + 1;
    return count == 0 ? next() : least + next() % count;
  }
  std::uint32_t in(Range range) {
    // A fixed range draws nothing, so that switching a feature off leaves the rest of a run alone.
    if (range.least >= range.most) return range.least;
    return static_cast<std::uint32_t>(between(range.least, range.most));
  }
  // True in `percent` of all cases.
  bool chance(std::uint32_t percent) { return percent != 0 && next() % 100 < percent; }

 private:
  [[nodiscard]] static std::uint64_t rotate(std::uint64_t value, int bits) {
    return value << bits | value >> (64 - bits);
  }

  std::array<std::uint64_t, 4> state_{};
};

}  // namespace midge::sim
