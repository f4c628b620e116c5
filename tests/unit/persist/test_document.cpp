// docs/persistence.md names every type of record with its number, and every field.
#include <doctest/doctest.h>

#include <fstream>
#include <iterator>
#include <string>

#include "broker/persist/describe.hpp"

using namespace midge;

TEST_CASE("every type of record is in the documentation, with its number and fields in order") {
  std::ifstream file(MIDGE_PERSISTENCE_DOCUMENT);
  const std::string document{std::istreambuf_iterator<char>(file), {}};
  REQUIRE_FALSE(document.empty());
  for (std::size_t type = 1; type < persist::kRecordTypes; ++type) {
    const persist::RecordNames names = persist::names_of(static_cast<persist::RecordType>(type));
    std::string numbers;
    std::string texts;
    const auto add = [](std::string& to, std::string_view name) {
      if (name.empty()) return;
      if (!to.empty()) to += ", ";
      to.append("`").append(name).append("`");
    };
    add(numbers, names.owner);
    add(numbers, names.message);
    for (const std::string_view name : names.numbers) add(numbers, name);
    for (const std::string_view name : names.texts) add(texts, name);
    const auto cell = [](const std::string& text) {
      return text.empty() ? " |" : " " + text + " |";
    };
    std::string row = "| " + std::to_string(type) + " | `";
    row.append(names.type).append("` |").append(cell(numbers)).append(cell(texts));
    CAPTURE(row);
    CHECK(document.find(row) != std::string::npos);
  }
}
