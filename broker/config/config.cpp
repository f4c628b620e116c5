#include "broker/config/config.hpp"

#include "broker/config/finish.hpp"
#include "broker/config/reader.hpp"
#include "broker/config/statement.hpp"

namespace midge::config {
namespace {

constexpr std::uint16_t kDefaultPort = 1'883;

// "Local only mode": nobody asked for a listener, so only this machine can connect.
bool add_loopback(Draft& draft, std::uint16_t port, const Reporter& reporter) {
  draft.default_listener.port = port;
  for (const char* address : {"127.0.0.1", "::1"}) {
    draft.default_listener.bind_address = address;
    if (!add_default_listener(draft, reporter)) return false;
  }
  return true;
}

bool add_local_listeners(Draft& draft, const CommandLine& command_line, const Reporter& reporter) {
  if (draft.default_is_open || draft.settings.listener_count > 0) return true;
  draft.settings.local_only = true;
  if (command_line.port_count == 0) return add_loopback(draft, kDefaultPort, reporter);
  for (std::size_t i = 0; i < command_line.port_count; ++i) {
    if (!add_loopback(draft, command_line.ports[i], reporter)) return false;
  }
  return true;
}

}  // namespace

bool load_settings(const CommandLine& command_line, hal::TextSource& source,
                   settings::Settings& out, Diagnostics& diagnostics, Storage storage) {
  settings::Settings settings;
  Draft draft{.settings = settings,
              .find_key = find_system_key,
              .has_storage = storage == Storage::Available};
  Reporter reporter(diagnostics);
  Reader reader(source, draft, reporter);
  if (!command_line.config_file.empty() && !reader.read(command_line.config_file)) return false;
  if (!add_local_listeners(draft, command_line, reporter) || !finish(draft, reporter)) return false;

  settings.daemon = command_line.daemon;
  if (command_line.verbose) settings.log.levels = 0xFFFF;
  if (command_line.quiet) settings.log.levels = 0;  // wins over verbose, as in Mosquitto
  out = settings;
  return true;
}

bool read_settings(std::string_view file, std::string_view text, settings::Settings& out,
                   Diagnostics& diagnostics, Storage storage) {
  Draft draft{
      .settings = out, .find_key = find_broker_key, .has_storage = storage == Storage::Available};
  Reporter reporter(diagnostics);
  return read_statements(file, text, draft, reporter) && finish(draft, reporter);
}

}  // namespace midge::config
