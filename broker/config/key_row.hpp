// One row of the tables of keys: what reading a file needs to know of a key, and what people are
// told of it. Rows exist while compiling only: compact_table.hpp makes the program's tables of
// them, key_docs.cpp what docs/config.md is made from. So a board has no documentation in its
// flash.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <type_traits>

#include "broker/config/draft.hpp"
#include "broker/config/key.hpp"
#include "broker/config/special_keys.hpp"

namespace midge::config::table {

enum class Status : std::uint8_t {
  Supported,
  Ignored,  // accepted with a warning: `note` says why it has no effect
  Refused,  // an error: `note` says why. A flag is refused when true; false asks for nothing
};

enum class Owner : std::uint8_t { None, Settings, Listener, Access };

// Where a checked value goes: into a place, or to a function.
struct Target {
  constexpr Target(StatementReader reader) : read(reader) {}  // NOLINT(google-explicit-constructor)
  constexpr Target(Owner of, Store form, std::size_t place)
      : owner(of), store(form), offset(static_cast<std::uint16_t>(place)) {}

  Owner owner = Owner::None;
  Store store = Store::Reader;
  std::uint16_t offset = 0;
  StatementReader read = nullptr;
};

template <class T>
constexpr Store store_of() {
  using std::is_same_v;
  if constexpr (is_same_v<T, bool> || (std::is_enum_v<T> && sizeof(T) == 1)) {
    return Store::Byte;
  } else if constexpr (is_same_v<T, std::uint16_t>) {
    return Store::Half;
  } else if constexpr (is_same_v<T, std::uint32_t> || is_same_v<T, settings::Seconds> ||
                       is_same_v<T, settings::Milliseconds>) {
    return Store::Word;
  } else if constexpr (is_same_v<T, std::string_view>) {
    return Store::Text;
  } else {
    static_assert(is_same_v<T, std::optional<bool>>);
    return Store::OptionalFlag;
  }
}

// A macro, because only offsetof can speak of a member of a member.
#define MIDGE_TARGET(type, member) \
  Target(Owner::type, store_of<decltype(type::member)>(), offsetof(type, member))

struct Row {
  Literal name{};
  // Ignored, Refused: why. Of a supported Flag: the warning that true deserves, if any; of a
  // Choice: its values, with '|' between them; of a number or Text: Mosquitto's own sentence for
  // one out of range, if it has one.
  Literal note{};
  Range range{};
  Target target{nullptr};
  bool reads_all = false;  // the target takes the whole statement, whatever its type
  Scope scope = Scope::Global;
  Type type = Type::Flag;
  Status status = Status::Supported;
  NoLimit no_limit = NoLimit::Never;
  bool once = false;
  Literal default_text{};  // empty: not set
  Literal text{};          // what it does, or why it is ignored or refused
  Literal values{};        // of a Special: what may stand there
};

// The place is in what the scope speaks of.
constexpr bool fits(const Row& row) {
  switch (row.target.owner) {
    case Owner::None:
      return true;
    case Owner::Settings:
      return row.scope == Scope::Global;
    case Owner::Listener:
      return row.scope == Scope::ThisListener || row.scope == Scope::DefaultListener;
    case Owner::Access:
      return row.scope == Scope::Shared || row.scope == Scope::ListenerAccess;
  }
  return false;
}

inline constexpr std::uint32_t kMaximumInt = 2'147'483'647;  // Mosquitto's numbers are an int
inline constexpr std::uint32_t kHour = 3'600;

inline constexpr Range kSixteenBits{0, 65'535};
inline constexpr Range kCount{0, kMaximumInt};
inline constexpr Range kLimit{-1, kMaximumInt};  // -1: no limit
inline constexpr Range kTextBytes{0, 65'535};
inline constexpr Range kPrefixBytes{0, 50};

constexpr Row flag(Literal name, Scope scope, Literal default_text, Target target, Literal text,
                   Literal warning = {}) {
  return {.name = name,
          .note = warning,
          .target = target,
          .scope = scope,
          .type = Type::Flag,
          .default_text = default_text,
          .text = text};
}

constexpr Row number(Literal name, Scope scope, Range range, NoLimit no_limit, Literal default_text,
                     Target target, Literal text, Literal out_of_range = {}) {
  return {.name = name,
          .note = out_of_range,
          .range = range,
          .target = target,
          .scope = scope,
          .type = Type::Number,
          .no_limit = no_limit,
          .default_text = default_text,
          .text = text};
}

constexpr Row size(Literal name, Range range, NoLimit no_limit, Literal default_text, Target target,
                   Literal text, Literal out_of_range = {}) {
  Row row = number(name, Scope::Global, range, no_limit, default_text, target, text, out_of_range);
  row.type = Type::Size;
  return row;
}

constexpr Row time(Literal name, Type type, Range range, Literal default_text, Target target,
                   Literal text) {
  Row row = number(name, Scope::Global, range, NoLimit::Never, default_text, target, text);
  row.type = type;
  return row;
}

constexpr Row text(Literal name, Scope scope, Literal default_text, Target target, Literal help) {
  return {.name = name,
          .range = kTextBytes,
          .target = target,
          .scope = scope,
          .type = Type::Text,
          .once = true,
          .default_text = default_text,
          .text = help};
}

constexpr Row prefix(Literal name, Scope scope, Target target, Literal help) {
  Row row = text(name, scope, "auto-", target, help);
  row.range = kPrefixBytes;
  row.note = "'$' length must be <= 50.";
  return row;
}

constexpr Row choice(Literal name, Scope scope, Literal values, Literal default_text, Target target,
                     Literal help) {
  return {.name = name,
          .note = values,
          .target = target,
          .scope = scope,
          .type = Type::Choice,
          .default_text = default_text,
          .text = help};
}

constexpr Row special(Literal name, Scope scope, Literal values, Literal default_text,
                      StatementReader read, Literal help) {
  return {.name = name,
          .target = read,
          .reads_all = true,
          .scope = scope,
          .type = Type::Special,
          .default_text = default_text,
          .text = help,
          .values = values};
}

}  // namespace midge::config::table
