// Limits that are more than a number.
#include <algorithm>
#include <limits>

#include "broker/config/special_keys.hpp"
#include "broker/config/statement.hpp"

namespace midge::config {

bool read_client_expiration(Statement& statement, const Value& value) {
  statement.draft.settings.persistent_client_expiration =
      settings::Seconds{static_cast<std::uint32_t>(value.number)};
  return true;
}

bool read_memory_limit(Statement& statement, const Value& value) {
  settings::Settings& settings = statement.draft.settings;
  settings.memory_limit_given = !value.no_limit;
  if (value.no_limit) return true;
  // A limit beyond the address space is the address space.
  constexpr std::uint64_t kAll = std::numeric_limits<std::size_t>::max();
  settings.limits.memory_bytes =
      static_cast<std::size_t>(std::min(static_cast<std::uint64_t>(value.number), kAll));
  return true;
}

}  // namespace midge::config
