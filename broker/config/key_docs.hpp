// All keys with what people are told of them. No broker needs it: it is not part of the program.
#pragma once

#include <span>

#include "broker/config/key_row.hpp"

namespace midge::config {

struct DocumentedKey {
  table::Row row;
  bool is_everywhere;  // false: only under an operating system
};

// In ASCII order. One whose name ends in '*' stands for all that begin so.
[[nodiscard]] std::span<const DocumentedKey> documented_keys();
[[nodiscard]] std::span<const Alias> documented_aliases();

}  // namespace midge::config
