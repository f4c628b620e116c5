#include "broker/config/finish.hpp"

#include <algorithm>

namespace midge::config {
namespace {

using settings::Listener;
using settings::Settings;

constexpr std::uint16_t kDefaultPort = 1'883;

void add(Draft& draft, const Listener& listener) {
  const std::size_t index = draft.settings.listener_count++;
  draft.settings.listeners[index] = listener;
  draft.listener_access[index] = draft.default_access;
}

// "Local only mode": nobody asked for a listener, so only this machine can connect.
void add_loopback(Draft& draft, std::uint16_t port) {
  Listener listener = draft.default_listener;
  listener.port = port;
  listener.bind_address = "127.0.0.1";
  add(draft, listener);
  listener.bind_address = "::1";
  add(draft, listener);
}

bool add_default_listeners(Draft& draft, const CommandLine& command_line,
                           const Reporter& reporter) {
  Settings& settings = draft.settings;
  if (draft.default_is_open) {
    if (settings.listener_count == settings::kMaximumListeners) {
      return reporter.error({"Too many listeners: at most 16 can be defined."});
    }
    add(draft, draft.default_listener);
    return true;
  }
  if (settings.listener_count > 0) {
    if (draft.stray.line == 0) return true;
    // Mosquitto would open one more listener, on all interfaces, for the sake of this key.
    Reporter there = reporter;
    there.at({draft.stray.file.data(), draft.stray.file_size}, draft.stray.line);
    return there.error(
        {"The '", draft.stray.key, "' option requires a listener to be defined first."});
  }

  static_assert(2 * kMaximumPorts <= settings::kMaximumListeners);
  settings.local_only = true;
  if (command_line.port_count == 0) add_loopback(draft, kDefaultPort);
  for (std::size_t i = 0; i < command_line.port_count; ++i) {
    add_loopback(draft, command_line.ports[i]);
  }
  return true;
}

void settle_access(Draft& draft) {
  // With a listener that anybody may reach, anonymous clients are let in only when asked for.
  const bool anonymous = draft.settings.local_only;
  Access shared = draft.shared;
  if (draft.per_listener_settings) shared = Access{};  // only the listeners' own count
  for (std::size_t i = 0; i < draft.settings.listener_count; ++i) {
    const Access& own = draft.listener_access[i];
    Listener& listener = draft.settings.listeners[i];
    listener.allow_anonymous =
        own.allow_anonymous.value_or(shared.allow_anonymous.value_or(anonymous));
    listener.allow_zero_length_clientid =
        own.allow_zero_length_clientid.value_or(shared.allow_zero_length_clientid.value_or(true));
    if (!own.auto_id_prefix.empty()) {
      listener.auto_id_prefix = own.auto_id_prefix;
    } else if (!shared.auto_id_prefix.empty()) {
      listener.auto_id_prefix = shared.auto_id_prefix;
    }
  }
}

// Memory is planned for the listener that needs most.
void settle_aliases(Settings& settings) {
  settings.limits.topic_alias_maximum = 0;
  settings.limits.topic_alias_maximum_out = 0;
  for (std::size_t i = 0; i < settings.listener_count; ++i) {
    const Listener& listener = settings.listeners[i];
    auto& in = settings.limits.topic_alias_maximum;
    auto& out = settings.limits.topic_alias_maximum_out;
    in = std::max(in, listener.max_topic_alias);
    out = std::max(out, listener.max_topic_alias_broker);
  }
}

void warn_of_closed_doors(const Settings& settings, const Reporter& reporter) {
  for (std::size_t i = 0; i < settings.listener_count; ++i) {
    if (settings.listeners[i].allow_anonymous) return;
  }
  // The surprise of everybody's first mosquitto.conf with a listener in it.
  reporter.warning(
      {"No client can connect: passwords are not checked yet, and 'allow_anonymous' is false on "
       "every listener."});
}

void apply(const CommandLine& command_line, Settings& settings) {
  settings.daemon = command_line.daemon;
  if (command_line.verbose) settings.log.levels = 0xFFFF;
  if (command_line.quiet) settings.log.levels = 0;  // wins over verbose, as in Mosquitto
}

}  // namespace

bool finish(Draft& draft, const CommandLine& command_line, const Reporter& reporter) {
  if (!add_default_listeners(draft, command_line, reporter)) return false;
  settle_access(draft);
  settle_aliases(draft.settings);
  apply(command_line, draft.settings);
  warn_of_closed_doors(draft.settings, reporter);
  return true;
}

}  // namespace midge::config
