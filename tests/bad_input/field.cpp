#include "tests/bad_input/field.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

#include "tests/support/hex.hpp"

namespace midge::test::bad_input {
namespace {

constexpr std::array<std::string_view, static_cast<std::size_t>(Kind::Unjudged) + 1> kNames = {
    "first",    "length", "text",         "topic",   "filter",  "data",     "protocol", "size",
    "level",    "flags",  "keep-alive",   "id",      "section", "property", "flag",     "number",
    "positive", "alias",  "subscription", "options", "reason",  "payload",  "unjudged"};

Kind kind_of(std::string_view name) {
  const auto* const found = std::find(kNames.begin(), kNames.end(), name);
  if (found == kNames.end()) throw std::invalid_argument("no such field: " + std::string(name));
  return static_cast<Kind>(found - kNames.begin());
}

}  // namespace

std::string_view kind_name(Kind kind) {
  return kNames[static_cast<std::size_t>(kind)];
}

std::vector<Field> fields_of(std::string_view text) {
  std::vector<Field> fields;
  std::size_t offset = 0;
  while (!text.empty()) {
    const std::size_t word_bytes = std::min(text.find_first_of(" \n"), text.size());
    const std::string_view word = text.substr(0, word_bytes);
    text.remove_prefix(std::min(word_bytes + 1, text.size()));
    if (word.empty()) continue;
    const std::size_t colon = word.find(':');
    if (colon == std::string_view::npos) throw std::invalid_argument("a field without bytes");
    fields.push_back({kind_of(word.substr(0, colon)), offset, hex(word.substr(colon + 1))});
    offset += fields.back().bytes.size();
  }
  return fields;
}

std::vector<std::uint8_t> bytes_of(const std::vector<Field>& fields) {
  std::vector<std::uint8_t> bytes;
  for (const Field& field : fields) {
    bytes.insert(bytes.end(), field.bytes.begin(), field.bytes.end());
  }
  return bytes;
}

}  // namespace midge::test::bad_input
