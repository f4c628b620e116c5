// CRC-32C (Castagnoli, RFC 3720 appendix B.4), with which the journal knows its own bytes again.
#pragma once

#include <cstdint>

#include "broker/base/bytes.hpp"

namespace midge::persist {

// Of `bytes` behind those that gave `before`; 0: there were none.
[[nodiscard]] std::uint32_t crc32c(Bytes bytes, std::uint32_t before = 0);

}  // namespace midge::persist
