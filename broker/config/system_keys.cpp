#include "broker/config/system_keys.hpp"

#include "broker/config/compact_table.hpp"

namespace midge::config {
namespace {

constexpr KeyTable kSystemKeys =
    table::CompactTable<table::kSystemRows>::with(table::kSystemAliases);

}  // namespace

FoundKey find_system_key(std::string_view name) {
  if (name.ends_with('*')) return {};  // not a name but the mark of a family
  if (name.starts_with("plugin_opt_")) name = "plugin_opt_*";
  if (name.starts_with("auth_opt_")) name = "auth_opt_*";
  const FoundKey found = find_broker_key(name);
  return found.key != nullptr ? found : find_key(kSystemKeys, name);
}

}  // namespace midge::config
