// The HAL suite on platform/lwip.
#include "tests/unit/lwip/lwip_world.hpp"

namespace midge::test {

std::unique_ptr<World> make_world() {
  return std::make_unique<LwipWorld>();
}

}  // namespace midge::test
