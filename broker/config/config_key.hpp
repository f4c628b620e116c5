// What is known of one configuration key. The table of all of them is key_table.hpp.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string_view>

#include "broker/config/draft.hpp"
#include "broker/config/lines.hpp"
#include "broker/config/literal.hpp"
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
  Ignored,  // accepted with a warning: `note` says why it has no effect
  Refused,  // an error: `note` says why. A flag is refused when true; false asks for nothing
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

inline constexpr std::uint32_t kAnyMaximum = std::numeric_limits<std::uint32_t>::max();

using Setter = void (*)(Draft&, const Value&);
using StatementReader = bool (*)(Statement&);

// Of a supported key. `set` takes a checked value; `read`, of a Special, takes the whole statement
// and answers false after it has reported an error.
union Action {
  constexpr Action() : set(nullptr) {}
  constexpr Action(Setter setter) : set(setter) {}            // NOLINT(google-explicit-constructor)
  constexpr Action(StatementReader reader) : read(reader) {}  // NOLINT(google-explicit-constructor)

  Setter set;
  StatementReader read;
};

struct Key {
  Literal name{};
  // Ignored, Refused: why. Of a supported Flag: the warning that true deserves, if any; of a
  // Choice: its values, with '|' between them.
  Literal note{};
  Literal out_of_range{};               // Mosquitto's own sentence, where it has one
  std::int32_t minimum = 0;             // in the type's unit: bytes, milliseconds, seconds
  std::uint32_t maximum = kAnyMaximum;  // of a Text: bytes
  Action action{};
  Scope scope : 3 = Scope::Global;
  Type type : 3 = Type::Flag;
  Status status : 2 = Status::Supported;
  NoLimit no_limit : 2 = NoLimit::Never;
  bool once : 1 = false;  // a second one is an error
};

// An old name, or another one, of a key.
struct Alias {
  Literal name;
  Literal key;
};

// All keys, in ASCII order. One whose name ends in '*' stands for all that begin so.
[[nodiscard]] std::span<const Key> keys();
[[nodiscard]] std::span<const Alias> aliases();

// Null when there is no such key or old name.
[[nodiscard]] const Key* find_key(std::string_view name);

}  // namespace midge::config
