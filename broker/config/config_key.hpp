// What is known of one configuration key. The table of all of them is in config_keys.cpp.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string_view>

#include "broker/config/draft.hpp"
#include "broker/config/lines.hpp"
#include "broker/config/reporter.hpp"

namespace midge::config {

enum class Scope : std::uint8_t {
  Global,
  Shared,           // global, or a listener's with per_listener_settings
  ThisListener,     // of the listener above it
  DefaultListener,  // the same; before any listener it speaks of the default one
  Bridge,           // of the bridge above it
};

enum class Type : std::uint8_t {
  Flag,      // true or false
  Number,    // within minimum and maximum
  Size,      // bytes, with k, m, g
  Wait,      // seconds or milliseconds: "5", "5s", "500ms"
  Duration,  // "2w"
  Text,      // the rest of the line
  Choice,    // one of `values`
  Special,   // read by a function of its own
};

enum class Status : std::uint8_t {
  Supported,
  Ignored,  // accepted with a warning: `text` says why it has no effect
  Refused,  // an error: `text` says why. A flag is refused when true; false asks for nothing
};

// Which number stands for "no limit".
enum class NoLimit : std::uint8_t { Never, Zero, Negative };

struct Key;

// One line of a configuration, without its key.
struct Statement {
  const Key& key;
  Words words;
  Draft& draft;
  const Reporter& reporter;
};

inline constexpr std::int64_t kAnyMaximum = std::numeric_limits<std::int64_t>::max();

struct Key {
  std::string_view name;
  Scope scope = Scope::Global;
  Type type = Type::Flag;
  Status status = Status::Supported;
  std::int64_t minimum = 0;  // in the type's unit: bytes, milliseconds, seconds
  std::int64_t maximum = kAnyMaximum;
  NoLimit no_limit = NoLimit::Never;
  bool once = false;          // a second one is an error
  std::string_view values{};  // of a Choice, with '|' between them; of a Special: for the table
  std::string_view default_text{};  // empty: not set
  std::string_view text{};          // what it does, or why it is ignored or refused
  std::string_view out_of_range{};  // Mosquitto's own sentence, where it has one
  std::string_view warning{};       // said when a flag is set to true

  // One of these for a supported key: `set` takes a checked value, `read` the whole statement and
  // answers false after it has reported an error.
  void (*set)(Draft&, const Value&) = nullptr;
  bool (*read)(Statement&) = nullptr;
};

// An old name, or another one, of a key.
struct Alias {
  std::string_view name;
  std::string_view key;
};

// All keys, in ASCII order. One whose name ends in '*' stands for all that begin so.
[[nodiscard]] std::span<const Key> keys();
[[nodiscard]] std::span<const Alias> aliases();

// Null when there is no such key or old name.
[[nodiscard]] const Key* find_key(std::string_view name);

}  // namespace midge::config
