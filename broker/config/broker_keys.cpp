#include "broker/config/broker_keys.hpp"

#include "broker/base/text_list.hpp"
#include "broker/config/compact_table.hpp"

namespace midge::config {
namespace {

constexpr KeyTable kBrokerKeys =
    table::CompactTable<table::kBrokerRows>::with(table::kBrokerAliases);

}  // namespace

FoundKey find_key(const KeyTable& table, std::string_view name) {
  for (const Alias& alias : table.aliases) {
    if (alias.name.view() == name) name = alias.key;
  }
  const int position = position_in(table.names, name);
  if (position < 0) return {};
  return {&table, &table.keys[position], name};
}

FoundKey find_broker_key(std::string_view name) {
  return find_key(kBrokerKeys, name);
}

}  // namespace midge::config
