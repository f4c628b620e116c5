// What reading a file needs to know of a key: six bytes, made while compiling from the tables of
// broker_keys.hpp and system_keys.hpp.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string_view>

#include "broker/config/literal.hpp"

namespace midge::config {

enum class Scope : std::uint8_t {
  Global,
  Shared,           // global, or a listener's with per_listener_settings
  ThisListener,     // of the listener above it
  ListenerAccess,   // the same, in place of what is said for the file as a whole
  DefaultListener,  // of the listener above it; before any it speaks of the default one
  Bridge,           // of the bridge above it
};

enum class Type : std::uint8_t {
  Flag,      // true or false
  Number,    // within its range
  Size,      // bytes, with k, m, g
  Wait,      // seconds or milliseconds: "5", "5s", "500ms"
  Duration,  // "2w"
  Text,      // the rest of the line
  Choice,    // one of those in `note`
  Special,   // read by a function of its own
};

// Which number stands for "no limit".
enum class NoLimit : std::uint8_t { Never, Zero, Negative };

inline constexpr std::uint32_t kAnyMaximum = std::numeric_limits<std::uint32_t>::max();

// In the type's unit: bytes, milliseconds, seconds; of a Text its bytes.
struct Range {
  std::int32_t minimum = 0;
  std::uint32_t maximum = kAnyMaximum;

  friend constexpr bool operator==(const Range&, const Range&) = default;
};

// What stands in the place of a value, or who takes it.
enum class Store : std::uint8_t { Byte, Half, Word, Text, OptionalFlag, Reader };

struct Statement;
// One statement's value, in the form that the key's type asks for.
struct Value {
  std::int64_t number = 0;  // of a flag 0 or 1, of a choice its position; kUnlimited when no_limit
  bool no_limit = false;
  std::string_view text;
};
// Takes a checked value or, of a Special, reads the whole statement. False after it has reported
// an error.
using StatementReader = bool (*)(Statement&, const Value&);

struct Key {
  std::uint16_t place;  // of the value, in bytes from what the scope speaks of; or of the reader
  std::uint8_t range;
  std::uint8_t note;
  Scope scope : 3;
  Type type : 3;
  Store store : 3;
  NoLimit no_limit : 2;
  bool once : 1;  // a second one is an error
};

// An old name, or another one, of a key.
struct Alias {
  Literal name;
  Literal key;
};

struct KeyTable {
  const char* names;  // of `keys`, in their order, with '|' between them
  const Key* keys;
  const Range* ranges;
  const Literal* notes;
  const StatementReader* readers;
  std::span<const Alias> aliases;
};

struct FoundKey {
  const KeyTable* table = nullptr;  // null: there is no such key
  const Key* key = nullptr;
  std::string_view name;  // its own, even if another one was asked for
};
using KeyFinder = FoundKey (*)(std::string_view name);

[[nodiscard]] FoundKey find_key(const KeyTable& table, std::string_view name);

// The keys of every broker.
[[nodiscard]] FoundKey find_broker_key(std::string_view name);

// Those, what only a broker under an operating system has, and Mosquitto's keys that midge does not
// have, for which it knows a better answer than that.
[[nodiscard]] FoundKey find_system_key(std::string_view name);

}  // namespace midge::config
