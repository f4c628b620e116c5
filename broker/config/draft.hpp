// Settings that are still being read, with what is known only at the end: which listeners there
// are and whom they let in. Nobody sees a draft but this room, so an error costs nothing.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "broker/settings/settings.hpp"

namespace midge::config {

// What a listener takes from the file as a whole unless it has its own.
struct Access {
  std::optional<bool> allow_anonymous;
  std::optional<bool> allow_zero_length_clientid;
  std::string_view auto_id_prefix;  // empty: not set
};

// One statement's value, in the form that the key's type asks for.
struct Value {
  bool flag = false;
  std::int64_t number = 0;  // kUnlimited when no_limit
  bool no_limit = false;
  std::string_view text;
};

inline constexpr std::size_t kMaximumKeys = 192;

struct Draft {
  // Listeners are numbered as they come; these two are not in that list.
  static constexpr std::size_t kNone = settings::kMaximumListeners;
  static constexpr std::size_t kDefault = kNone + 1;

  Draft() {
    // Mosquitto 2.1 has no limit by default: a 3.1.1 client without keep alive may connect.
    settings.max_keepalive = 0;
  }

  settings::Settings settings;
  std::array<Access, settings::kMaximumListeners> listener_access{};
  Access shared;                        // of the file as a whole
  settings::Listener default_listener;  // of `port`, `bind_address` and keys before any
  Access default_access;
  std::size_t current = kNone;   // the listener that statements speak of
  bool default_is_open = false;  // by `port` or `bind_address`
  bool per_listener_settings = false;
  bool access_was_set = false;
  bool log_dest_was_set = false;
  bool log_type_was_set = false;
  std::array<bool, kMaximumKeys> seen{};  // for keys that may come once

  // The complaint about the first key that stands before any listener, for the case that the
  // default listener, which it speaks of, is not opened after all.
  struct Stray {
    std::string_view key;
    std::array<char, 160> file{};  // a copy: the name of an included file does not last
    std::size_t file_size = 0;
    std::uint32_t line = 0;  // 0: there is none
  };
  Stray stray;

  // Only while `current` is not kNone.
  [[nodiscard]] settings::Listener& listener() {
    return current == kDefault ? default_listener : settings.listeners[current];
  }
  [[nodiscard]] Access& own_access() {
    return current == kDefault ? default_access : listener_access[current];
  }
  // Where allow_anonymous and its like go; with per_listener_settings a listener must be current.
  [[nodiscard]] Access& access() { return per_listener_settings ? own_access() : shared; }
};

}  // namespace midge::config
