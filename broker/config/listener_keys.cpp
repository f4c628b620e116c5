// listener, port and what stands in a listener's block.
#include <algorithm>

#include "broker/base/text_list.hpp"
#include "broker/config/finish.hpp"
#include "broker/config/special_keys.hpp"
#include "broker/config/statement.hpp"
#include "broker/config/values.hpp"

namespace midge::config {
namespace {

// Reads a port of `minimum` to 65'535; false after an error was reported.
bool read_port_number(const Statement& statement, std::string_view word, int minimum,
                      std::uint16_t& port) {
  const std::optional<std::int64_t> number = parse_number(Type::Number, word);
  if (!number) return statement.reporter.error("'$' value not a number.");
  if (*number < minimum || *number > 65'535)
    return statement.reporter.error("Invalid 'port' value (%).", word);
  port = static_cast<std::uint16_t>(*number);
  return true;
}

}  // namespace

bool read_listener(Statement& statement, const Value&) {
  Draft& draft = statement.draft;
  Words& words = statement.words;
  const std::string_view word = words.next();
  if (word.empty())
    return statement.reporter.error("Empty 'listener port' value in configuration.");
  settings::Listener listener;
  if (!read_port_number(statement, word, 0, listener.port)) return false;

  const std::string_view address = words.done() ? std::string_view{} : words.next();
  if (!words.done()) return invalid_value(statement, words.rest());
  if (listener.port == 0 && address.empty()) {
    return statement.reporter.error("A listener with port 0 must provide a Unix socket path.");
  }
  (listener.port == 0 ? listener.unix_path : listener.bind_address) = address;
  draft.current = draft.settings.listener_count;
  return add_listener(draft, listener, statement.reporter);
}

bool read_port(Statement& statement, const Value&) {
  Draft& draft = statement.draft;
  const std::string_view word = read_word(statement);
  if (word.empty()) return false;
  draft.default_is_open = true;
  draft.current = Draft::kDefault;
  return read_port_number(statement, word, 1, draft.default_listener.port);
}

bool read_bind_address(Statement& statement, const Value&) {
  Draft& draft = statement.draft;
  draft.default_listener.bind_address = read_word(statement);
  draft.default_is_open = true;
  draft.current = Draft::kDefault;
  return !draft.default_listener.bind_address.empty();
}

bool read_protocol(Statement& statement, const Value&) {
  switch (read_choice(statement, "mqtt|websockets|http_api")) {
    case 0:
      return true;
    case 1:
      return statement.reporter.error("Websockets support not available.");
    case 2:
      return statement.reporter.error("HTTP API support not available.");
  }
  return false;
}

bool read_accept_protocol_versions(Statement& statement, const Value&) {
  const std::string_view all = statement.words.rest();
  if (statement.words.done()) return empty_value(statement);
  bool accepts[3] = {};
  std::string_view versions = all;
  while (!versions.empty() && versions.front() != '#') {
    const std::size_t length = std::min(versions.find_first_of(", \t"), versions.size());
    const std::string_view version = versions.substr(0, length);
    versions.remove_prefix(std::min(length + 1, versions.size()));
    if (version.empty()) continue;
    const int position = position_in("3|4|5", version);
    if (position < 0) return invalid_value(statement, version);
    accepts[position] = true;
  }
  settings::Listener& listener = statement.draft.listener();
  listener.accept_v31 = accepts[0];
  listener.accept_v311 = accepts[1];
  listener.accept_v5 = accepts[2];
  return accepts[0] || accepts[1] || accepts[2] || invalid_value(statement, all);
}

bool read_per_listener_settings(Statement& statement, const Value&) {
  Draft& draft = statement.draft;
  const int flag = read_flag(statement);
  if (flag > 0 && !draft.per_listener_settings && draft.access_was_set) {
    return statement.reporter.error("$ must be set before any other security settings.");
  }
  // As in Mosquitto, nothing takes it back once it is true.
  if (flag > 0) draft.per_listener_settings = true;
  return flag >= 0;
}

}  // namespace midge::config
