// How much memory the broker takes when the configuration does not say.
#pragma once

#include <cstddef>
#include <cstdint>

namespace midge::platform {

// The memory this process may have: RAM, or the limit of its control group (v2 or v1) when that is
// lower. 0 when it can't be found out.
[[nodiscard]] std::uint64_t available_memory_bytes();

// A quarter of that, at least 4 MiB, and no more than an address space of this size can give.
[[nodiscard]] std::size_t default_memory_limit();

}  // namespace midge::platform
