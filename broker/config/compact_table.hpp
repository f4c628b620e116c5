// Makes the table that a program has of the rows that a compiler sees.
#pragma once

#include <algorithm>
#include <array>

#include "broker/base/text_list.hpp"
#include "broker/config/key_row.hpp"

namespace midge::config::table {

// A few values, each once, in the order of the rows.
template <class T, std::size_t kCapacity>
struct Distinct {
  std::array<T, kCapacity> values{};
  std::size_t count = 0;

  constexpr void add(const T& value) {
    if (position(value) == count) values[count++] = value;
  }
  // `count` when there is no such value.
  [[nodiscard]] constexpr std::size_t position(const T& value) const {
    return static_cast<std::size_t>(std::find(values.begin(), values.begin() + count, value) -
                                    values.begin());
  }
};

template <class Rows, class Part>
constexpr auto distinct(const Rows& rows, Part part) {
  Distinct<decltype(part(rows[0])), std::tuple_size_v<Rows>> found;
  for (const Row& row : rows) found.add(part(row));
  return found;
}

// Without the places that stayed free.
template <const auto& kFound>
constexpr auto trimmed_to_count() {
  std::array<typename decltype(kFound.values)::value_type, kFound.count> values{};
  std::copy_n(kFound.values.begin(), kFound.count, values.begin());
  return values;
}

// A refused key opens no default listener, and no bridge is ever defined.
constexpr Scope scope(const Row& row) {
  const bool is_anywhere = row.status == Status::Refused && row.scope != Scope::Shared &&
                           row.scope != Scope::ThisListener;
  return is_anywhere ? Scope::Global : row.scope;
}

constexpr bool has_reader(const Row& row) {
  return row.target.store == Store::Reader;
}

// `kRows` is a std::array with static storage.
template <const auto& kRows>
class CompactTable {
  static_assert(std::all_of(kRows.begin(), kRows.end(), fits));
  static_assert(std::is_sorted(kRows.begin(), kRows.end(), [](const Row& a, const Row& b) {
    return a.name.view() < b.name.view();
  }));

  // Constants, which clang-tidy 14 does not see.
  // NOLINTBEGIN(bugprone-dynamic-static-initializers)
  static constexpr auto kDistinctRanges = distinct(kRows, [](const Row& row) { return row.range; });
  static constexpr auto kDistinctNotes = distinct(kRows, [](const Row& row) { return row.note; });

  // Each row's own: functions can't be compared while compiling with a sanitizer.
  static constexpr auto kReaders = [] {
    constexpr auto kReaderRows = std::count_if(kRows.begin(), kRows.end(), has_reader);
    std::array<StatementReader, kReaderRows> readers{};
    std::size_t count = 0;
    for (const Row& row : kRows) {
      if (has_reader(row)) readers[count++] = row.target.read;
    }
    return readers;
  }();

  static constexpr auto kKeys = [] {
    std::array<Key, kRows.size()> keys{};
    std::size_t count = 0;
    std::size_t readers = 0;
    for (const Row& row : kRows) {
      const std::size_t place = has_reader(row) ? readers++ : row.target.offset;
      keys[count++] = Key{.place = static_cast<std::uint16_t>(place),
                          .range = static_cast<std::uint8_t>(kDistinctRanges.position(row.range)),
                          .note = static_cast<std::uint8_t>(kDistinctNotes.position(row.note)),
                          .scope = scope(row),
                          .type = row.reads_all ? Type::Special : row.type,
                          .store = row.target.store,
                          .no_limit = row.no_limit,
                          .once = row.once};
    }
    return keys;
  }();

  static constexpr auto kNames = names_of<kRows>();
  static constexpr auto kRanges = trimmed_to_count<kDistinctRanges>();
  static constexpr auto kNotes = trimmed_to_count<kDistinctNotes>();
  // NOLINTEND(bugprone-dynamic-static-initializers)

 public:
  static constexpr KeyTable with(std::span<const Alias> aliases) {
    return {.names = kNames.data(),
            .keys = kKeys.data(),
            .ranges = kRanges.data(),
            .notes = kNotes.data(),
            .readers = kReaders.data(),
            .aliases = aliases};
  }
};

}  // namespace midge::config::table
