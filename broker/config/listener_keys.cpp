// listener, port and what stands in a listener's block.
#include <optional>

#include "broker/config/finish.hpp"
#include "broker/config/special_keys.hpp"
#include "broker/config/statement.hpp"
#include "broker/config/values.hpp"

namespace midge::config {

bool read_listener(Statement& statement, const Value&) {
  Draft& draft = statement.draft;
  Words& words = statement.words;
  const std::string_view word = words.next();
  if (word.empty())
    return statement.reporter.error("Empty 'listener port' value in configuration.");
  const std::optional<std::int64_t> port = parse_number(Type::Number, word);
  if (!port) return statement.reporter.error("'$' value not a number.");
  if (*port < 0 || *port > 65'535)
    return statement.reporter.error("Invalid 'port' value (%).", word);
  const std::string_view address = words.done() ? std::string_view{} : words.next();
  if (!words.done()) return invalid_value(statement, words.rest());
  if (*port == 0 && address.empty())
    return statement.reporter.error("A listener with port 0 must provide a Unix socket path.");

  draft.current = draft.settings.listener_count;
  settings::Listener* const listener = add_listener(draft, statement.reporter);
  if (listener == nullptr) return false;
  listener->port = static_cast<std::uint16_t>(*port);
  (*port == 0 ? listener->unix_path : listener->bind_address) = address;
  return true;
}

bool read_port(Statement& statement, const Value& value) {
  Draft& draft = statement.draft;
  draft.default_listener.port = static_cast<std::uint16_t>(value.number);
  draft.default_is_open = true;
  draft.current = Draft::kDefault;
  return true;
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
  settings::Listener& listener = statement.draft.listener();
  Words& words = statement.words;
  if (words.done()) return empty_value(statement);
  bool accepts[3] = {};  // from 3 to 5
  const std::string_view all = words.rest();
  while (!words.done()) {
    const std::string_view word = words.next();
    for (std::size_t i = 0; i < word.size(); ++i) {
      if (word[i] == ',') continue;
      const bool is_alone = i + 1 == word.size() || word[i + 1] == ',';
      if (!is_alone || word[i] < '3' || word[i] > '5') return invalid_value(statement, word);
      accepts[word[i] - '3'] = true;
    }
  }
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
