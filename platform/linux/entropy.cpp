#include "platform/linux/entropy.hpp"

#include <errno.h>
#include <sys/random.h>

namespace midge::platform {

bool KernelEntropy::fill(MutableBytes out) {
  while (!out.empty()) {
    const ssize_t got = getrandom(out.data(), out.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    out = out.subspan(static_cast<std::size_t>(got));
  }
  return true;
}

}  // namespace midge::platform
