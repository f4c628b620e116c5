// Settings that are still being read, with what is known only at the end: which listeners there
// are and whom they let in.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "broker/config/key.hpp"
#include "broker/config/reporter.hpp"
#include "broker/settings/settings.hpp"

namespace midge::config {

// What a listener takes from the file as a whole unless it has its own.
struct Access {
  std::optional<bool> allow_anonymous;
  std::optional<bool> allow_zero_length_clientid;
  std::string_view auto_id_prefix;  // empty: not set
};

struct Draft {
  // Listeners are numbered as they come; these two are not in that list.
  static constexpr std::size_t kNone = settings::kMaximumListeners;
  static constexpr std::size_t kDefault = kNone + 1;

  settings::Settings& settings;
  KeyFinder find_key;
  bool has_storage = false;                   // for what is to persist
  settings::Listener default_listener{};      // of `port`, `bind_address` and keys before any
  std::array<Access, kDefault + 1> access{};  // of each listener; of kNone: of the file as a whole
  std::size_t current = kNone;                // the listener that statements speak of
  bool default_is_open = false;               // by `port` or `bind_address`
  bool per_listener_settings = false;
  bool access_was_set = false;
  bool log_dest_was_set = false;
  bool log_type_was_set = false;

  // The first key that stands before any listener, for the case that the default listener, which
  // it speaks of, is not opened after all.
  std::string_view stray{};  // empty: there is none
  Place stray_place{};

  // Only while `current` is not kNone.
  [[nodiscard]] settings::Listener& listener() {
    return current == kDefault ? default_listener : settings.listeners[current];
  }
  // Where allow_anonymous and its like go; with per_listener_settings a listener must be current.
  [[nodiscard]] Access& shared_access() { return access[per_listener_settings ? current : kNone]; }
};

}  // namespace midge::config
