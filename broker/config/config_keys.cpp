#include <algorithm>
#include <array>

#include "broker/config/config_key.hpp"
#include "broker/config/key_table.hpp"

namespace midge::config {
namespace {

constexpr auto kKeys = [] {
  std::array<Key, table::kRows.size()> keys{};
  std::transform(table::kRows.begin(), table::kRows.end(), keys.begin(),
                 [](const table::Row& row) { return row.key; });
  return keys;
}();

// In ASCII order.
constexpr auto kAliases = std::to_array<Alias>({
    {"addresses", "address"},
    {"auth_opt_*", "plugin_opt_*"},
    {"auth_plugin", "plugin"},
    {"clientid", "remote_clientid"},
    {"max_sessions", "global_max_clients"},
    {"maximum_qos", "max_qos"},
    {"password", "remote_password"},
    {"retained_persistence", "persistence"},
    {"username", "remote_username"},
    {"websockets_headers_size", "packet_buffer_size"},
});

static_assert(std::is_sorted(kAliases.begin(), kAliases.end(), [](const Alias& a, const Alias& b) {
  return a.name.view() < b.name.view();
}));

// The row with this very name; null when there is none.
template <class Row, std::size_t kCount>
const Row* find_row(const std::array<Row, kCount>& rows, std::string_view name) {
  const auto row = std::lower_bound(
      rows.begin(), rows.end(), name,
      [](const Row& candidate, std::string_view wanted) { return candidate.name.view() < wanted; });
  return row != rows.end() && row->name.view() == name ? &*row : nullptr;
}

}  // namespace

std::span<const Key> keys() {
  return kKeys;
}
std::span<const Alias> aliases() {
  return kAliases;
}

const Key* find_key(std::string_view name) {
  if (name.ends_with('*')) return nullptr;  // not a name but the mark of a family
  if (name.starts_with("plugin_opt_")) name = "plugin_opt_*";
  if (name.starts_with("auth_opt_")) name = "auth_opt_*";
  if (const Alias* const alias = find_row(kAliases, name)) name = alias->key.view();
  return find_row(kKeys, name);
}

}  // namespace midge::config
