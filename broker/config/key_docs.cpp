#include "broker/config/key_docs.hpp"

#include <algorithm>
#include <array>

#include "broker/config/key_table.hpp"

namespace midge::config {
namespace {

constexpr auto kDocs = [] {
  std::array<KeyDocs, table::kRows.size()> docs{};
  std::transform(table::kRows.begin(), table::kRows.end(), docs.begin(),
                 [](const table::Row& row) { return row.docs; });
  return docs;
}();

}  // namespace

const KeyDocs& docs_of(const Key& key) {
  return kDocs[static_cast<std::size_t>(&key - keys().data())];
}

}  // namespace midge::config
