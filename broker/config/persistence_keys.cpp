// What the store keeps, how surely, and how much.
#include <optional>

#include "broker/config/special_keys.hpp"
#include "broker/config/statement.hpp"
#include "broker/config/values.hpp"

namespace midge::config {

// Who asks for it counts on it: without storage that is an error.
bool read_persistence(Statement& statement, const Value& value) {
  if (!statement.draft.has_storage) return refuse_if_true(statement, value);
  statement.draft.settings.persistence.on = value.number != 0;
  return true;
}

bool read_durability(Statement& statement, const Value&) {
  constexpr std::int64_t kLongest = 3'600'000;
  settings::Milliseconds& interval = statement.draft.settings.persistence.interval;
  const std::string_view all = statement.words.rest();
  const std::string_view mode = statement.words.next();
  if (mode != "interval") {
    if (mode.empty()) return empty_value(statement);
    interval = settings::Milliseconds{0};
    return (mode == "commit" && statement.words.done()) || invalid_value(statement, all);
  }
  const std::optional<std::int64_t> number = parse_number(Type::Number, statement.words.next());
  if (!number || *number < 1 || *number > kLongest || !statement.words.done())
    return invalid_value(statement, all);
  interval = settings::Milliseconds{static_cast<std::uint32_t>(*number)};
  return true;
}

bool read_storage_limit(Statement& statement, const Value& value) {
  statement.draft.settings.persistence.storage_bytes = static_cast<std::uint64_t>(value.number);
  return true;
}

}  // namespace midge::config
