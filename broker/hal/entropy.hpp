// Unpredictable bytes from the platform. Without a source the broker refuses to start.
#pragma once

#include "broker/base/bytes.hpp"

namespace midge::hal {

class Entropy {
 public:
  // Fills all of `out`; false when the source failed, and then `out` must not be used.
  [[nodiscard]] virtual bool fill(MutableBytes out) = 0;

 protected:
  ~Entropy() = default;
};

class NoEntropy final : public Entropy {
 public:
  [[nodiscard]] bool fill(MutableBytes) override { return false; }
};

}  // namespace midge::hal
