// getrandom(2).
#pragma once

#include "broker/hal/entropy.hpp"

namespace midge::platform {

class KernelEntropy final : public hal::Entropy {
 public:
  // Waits, early in the boot, until the kernel's generator is seeded.
  [[nodiscard]] bool fill(MutableBytes out) override;
};

}  // namespace midge::platform
