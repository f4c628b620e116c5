#include "broker/config/key_docs.hpp"

#include <algorithm>
#include <array>

#include "broker/config/broker_keys.hpp"
#include "broker/config/system_keys.hpp"

namespace midge::config {
namespace {

using table::kBrokerAliases;
using table::kBrokerRows;
using table::kSystemAliases;
using table::kSystemRows;

constexpr std::size_t kKeyCount = kBrokerRows.size() + kSystemRows.size();

constexpr auto kDocumentedKeys = [] {
  std::array<DocumentedKey, kKeyCount> all{};
  auto* const end = std::transform(kBrokerRows.begin(), kBrokerRows.end(), all.begin(),
                                   [](const table::Row& row) {
                                     return DocumentedKey{row, true};
                                   });
  std::transform(kSystemRows.begin(), kSystemRows.end(), end, [](const table::Row& row) {
    return DocumentedKey{row, false};
  });
  std::sort(all.begin(), all.end(), [](const DocumentedKey& a, const DocumentedKey& b) {
    return a.row.name.view() < b.row.name.view();
  });
  return all;
}();

// Reporter's line holds them.
static_assert(std::all_of(kDocumentedKeys.begin(), kDocumentedKeys.end(),
                          [](const DocumentedKey& key) {
                            return !key.row.text.empty() && key.row.text.view().size() <= 240;
                          }));

constexpr auto kDocumentedAliases = [] {
  std::array<Alias, kBrokerAliases.size() + kSystemAliases.size()> all{};
  std::merge(kBrokerAliases.begin(), kBrokerAliases.end(), kSystemAliases.begin(),
             kSystemAliases.end(), all.begin(),
             [](const Alias& a, const Alias& b) { return a.name.view() < b.name.view(); });
  return all;
}();

}  // namespace

std::span<const DocumentedKey> documented_keys() {
  return kDocumentedKeys;
}

std::span<const Alias> documented_aliases() {
  return kDocumentedAliases;
}

}  // namespace midge::config
