// listener, port, bind_address and what stands in a listener's block.
#include "broker/config/special_keys.hpp"
#include "broker/config/statement.hpp"
#include "broker/config/values.hpp"

namespace midge::config {
namespace {

// Reads a port of `minimum` to 65'535; false after an error was reported.
bool read_port_number(Statement& statement, std::string_view word, std::int64_t minimum,
                      std::uint16_t& port) {
  const Number number = parse_number(word);
  if (!number && number.error() == NumberFault::NotANumber) {
    return statement.reporter.error({"'", statement.key.name, "' value not a number."});
  }
  if (!number || *number < minimum || *number > 65'535) {
    return statement.reporter.error({"Invalid 'port' value (", shown(word), ")."});
  }
  port = static_cast<std::uint16_t>(*number);
  return true;
}

// What was said once for the listener before says nothing about the next one.
void forget_listener_keys(Draft& draft) {
  std::size_t index = 0;
  for (const Key& key : keys()) {
    if (key.scope != Scope::Global) draft.seen[index] = false;
    ++index;
  }
}

}  // namespace

bool read_listener(Statement& statement) {
  Draft& draft = statement.draft;
  const std::string_view word = statement.words.next();
  if (word.empty()) return empty_value(statement, "listener port");
  std::uint16_t port = 0;
  if (!read_port_number(statement, word, 0, port)) return false;

  const std::string_view address =
      statement.words.done() ? std::string_view{} : statement.words.next();
  if (!statement.words.done()) return invalid_value(statement, statement.words.rest());
  if (port == 0 && address.empty()) {
    return statement.reporter.error({"A listener with port 0 must provide a Unix socket path."});
  }
  if (draft.settings.listener_count == settings::kMaximumListeners) {
    return statement.reporter.error({"Too many listeners: at most 16 can be defined."});
  }
  static_assert(settings::kMaximumListeners == 16);

  draft.current = draft.settings.listener_count++;
  forget_listener_keys(draft);
  settings::Listener& listener = draft.listener();
  listener.port = port;
  (port == 0 ? listener.unix_path : listener.bind_address) = address;
  return true;
}

bool read_port(Statement& statement) {
  Draft& draft = statement.draft;
  const std::string_view word = read_word(statement);
  if (word.empty()) return false;
  if (!read_port_number(statement, word, 1, draft.default_listener.port)) return false;
  draft.default_is_open = true;
  draft.current = Draft::kDefault;
  return true;
}

bool read_bind_address(Statement& statement) {
  Draft& draft = statement.draft;
  const std::string_view address = read_word(statement);
  if (address.empty()) return false;
  draft.default_listener.bind_address = address;
  draft.default_is_open = true;
  draft.current = Draft::kDefault;
  return true;
}

bool read_protocol(Statement& statement) {
  const std::string_view protocol = read_word(statement);
  if (protocol.empty()) return false;
  if (protocol == "mqtt") return true;
  if (protocol == "websockets") {
    return statement.reporter.error({"Websockets support not available."});
  }
  if (protocol == "http_api") {
    return statement.reporter.error({"HTTP API support not available."});
  }
  return invalid_value(statement, protocol);
}

bool read_accept_protocol_versions(Statement& statement) {
  settings::Listener& listener = statement.draft.listener();
  if (statement.words.done()) return empty_value(statement, statement.key.name);
  listener.accept_v31 = listener.accept_v311 = listener.accept_v5 = false;

  std::string_view versions = statement.words.rest();
  while (!versions.empty()) {
    const std::size_t end = versions.find_first_of(", \t");
    const std::string_view version = versions.substr(0, end);
    versions = end == std::string_view::npos ? std::string_view{} : versions.substr(end + 1);
    if (version.starts_with('#')) break;
    if (version == "3") {
      listener.accept_v31 = true;
    } else if (version == "4") {
      listener.accept_v311 = true;
    } else if (version == "5") {
      listener.accept_v5 = true;
    } else if (!version.empty()) {
      return invalid_value(statement, version);
    }
  }
  if (!listener.accept_v31 && !listener.accept_v311 && !listener.accept_v5) {
    return invalid_value(statement, statement.words.rest());
  }
  return true;
}

bool read_per_listener_settings(Statement& statement) {
  Draft& draft = statement.draft;
  const std::string_view word = read_word(statement);
  if (word.empty()) return false;
  const std::optional<bool> flag = parse_flag(word);
  if (!flag) return invalid_value(statement, word);
  if (*flag && !draft.per_listener_settings && draft.access_was_set) {
    return statement.reporter.error(
        {"per_listener_settings must be set before any other security settings."});
  }
  // As in Mosquitto, nothing takes it back once it is true.
  if (*flag) draft.per_listener_settings = true;
  return true;
}

}  // namespace midge::config
