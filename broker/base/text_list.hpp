// Texts in one literal with '|' between them, "drop_new|drop_old|refuse": on a board a pointer to
// each would be a good part of a table.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace midge {

// The text at `position`, which is one of the list's.
[[nodiscard]] std::string_view text_at(const char* list, std::size_t position);

// The position of `text`; -1 when it is not in the list.
[[nodiscard]] int position_in(const char* list, std::string_view text);

// The list of the names of all rows of a table, made while compiling.
template <const auto& kRows>
constexpr auto names_of() {
  constexpr std::size_t kBytes = [] {
    std::size_t bytes = 0;
    for (const auto& row : kRows) bytes += std::string_view(row.name).size() + 1;
    return bytes;
  }();
  std::array<char, kBytes> list{};
  std::size_t at = 0;
  for (const auto& row : kRows) {
    for (const char c : std::string_view(row.name)) list[at++] = c;
    list[at++] = '|';
  }
  list.back() = '\0';
  return list;
}

}  // namespace midge
