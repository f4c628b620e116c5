// Entropy that is the same in every run of a seed, and can be told to fail.
#pragma once

#include "broker/hal/entropy.hpp"
#include "platform/sim/random.hpp"

namespace midge::sim {

class Entropy final : public hal::Entropy {
 public:
  explicit Entropy(std::uint64_t seed) : random_(seed) {}

  bool failing = false;

  [[nodiscard]] bool fill(MutableBytes out) override {
    if (failing) return false;
    for (std::uint8_t& byte : out) byte = static_cast<std::uint8_t>(random_.next() >> 56);
    return true;
  }

 private:
  Random random_;
};

}  // namespace midge::sim
