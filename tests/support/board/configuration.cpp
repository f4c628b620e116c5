#include "tests/support/board/configuration.hpp"

#include <cstdint>
#include <string_view>

#include "tests/support/board/left_out.hpp"

namespace midge::test {

namespace {

// What a key says for "no limit".
enum class NoLimit : std::uint8_t { Never, Zero, Negative };

class Text {
 public:
  void line(std::string_view key, std::string_view value) {
    text_.append(key).append(" ").append(value).append("\n");
  }
  void number(std::string_view key, std::uint32_t value, std::uint32_t usual,
              NoLimit no_limit = NoLimit::Never) {
    if (value == usual) return;
    if (value == 0 && no_limit == NoLimit::Zero) needs_simulator("a value that no key can set");
    const bool is_unlimited = value == settings::kUnlimited && no_limit != NoLimit::Never;
    line(key, !is_unlimited ? std::to_string(value) : no_limit == NoLimit::Zero ? "0" : "-1");
  }
  void flag(std::string_view key, bool value, bool usual) {
    if (value != usual) line(key, value ? "true" : "false");
  }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string text_;
};

void add(Text& text, const settings::Listener& listener) {
  const settings::Listener usual;
  text.number("max_connections", listener.max_connections, usual.max_connections,
              NoLimit::Negative);
  text.line("allow_anonymous", listener.allow_anonymous ? "true" : "false");
  text.number("max_qos", static_cast<std::uint32_t>(listener.max_qos),
              static_cast<std::uint32_t>(usual.max_qos));
  text.number("max_topic_alias", listener.max_topic_alias, usual.max_topic_alias);
  text.number("max_topic_alias_broker", listener.max_topic_alias_broker,
              usual.max_topic_alias_broker);
  text.flag("use_username_as_clientid", listener.use_username_as_clientid, false);
  text.flag("allow_zero_length_clientid", listener.allow_zero_length_clientid, true);
  if (listener.auto_id_prefix.empty()) needs_simulator("a value that no key can set");
  if (listener.auto_id_prefix != usual.auto_id_prefix)
    text.line("auto_id_prefix", listener.auto_id_prefix);
  if (listener.accept_v31 && listener.accept_v311 && listener.accept_v5) return;
  std::string versions;
  if (listener.accept_v31) versions += " 3";
  if (listener.accept_v311) versions += " 4";
  if (listener.accept_v5) versions += " 5";
  text.line("accept_protocol_versions", versions);
}

void add(Text& text, const settings::Limits& limits) {
  const settings::Limits usual;
  using enum NoLimit;
  text.number("global_max_connections", limits.connections, usual.connections, Negative);
  text.number("global_max_clients", limits.sessions, usual.sessions, Negative);
  text.number("max_subscriptions", limits.subscriptions, usual.subscriptions, Negative);
  text.number("max_retained_messages", limits.retained_messages, usual.retained_messages, Negative);
  text.number("max_queued_messages", limits.queued_messages, usual.queued_messages, Zero);
  text.number("max_queued_bytes", limits.queued_bytes, usual.queued_bytes, Zero);
  text.number("max_total_queued_messages", limits.total_queued_messages,
              usual.total_queued_messages, Negative);
  text.number("max_group_queued_messages", limits.group_queued_messages,
              usual.group_queued_messages, Negative);
  text.number("max_inflight_messages", limits.inflight_messages, usual.inflight_messages);
  text.number("max_inflight_bytes", limits.inflight_bytes, usual.inflight_bytes, Zero);
  text.number("max_inbound_qos2_messages", limits.inbound_qos2, usual.inbound_qos2);
  text.number("max_packet_size", limits.packet_bytes, usual.packet_bytes, Zero);
  text.number("message_size_limit", limits.payload_bytes, usual.payload_bytes, Zero);
  if (limits.topic_levels == 0) needs_simulator("a value that no key can set");
  text.number("max_topic_levels", limits.topic_levels, usual.topic_levels);
  // The simulator's broker has 16 MiB.
  if (limits.memory_bytes != std::size_t{16} << 20) needs_simulator("a memory of its own size");
  if (limits.topic_alias_maximum != usual.topic_alias_maximum ||
      limits.topic_alias_maximum_out != usual.topic_alias_maximum_out)
    needs_simulator("a value that no key can set");
}

void add(Text& text, const settings::Settings& settings) {
  const settings::Settings usual;
  text.number("max_keepalive", settings.max_keepalive, usual.max_keepalive);
  text.flag("retain_available", settings.retain_available, true);
  text.flag("wildcard_subscriptions_available", settings.wildcard_subscriptions_available, true);
  text.flag("subscription_identifiers_available", settings.subscription_identifiers_available,
            true);
  text.flag("shared_subscriptions_available", settings.shared_subscriptions_available, true);
  text.flag("upgrade_outgoing_qos", settings.upgrade_outgoing_qos, false);
  text.flag("queue_qos0_messages", settings.queue_qos0_messages, false);
  text.flag("allow_duplicate_messages", settings.allow_duplicate_messages, false);
  text.flag("strict_receive_maximum", settings.strict_receive_maximum, false);
  text.flag("session_owner_check", settings.session_owner_check, true);
  switch (settings.queue_full) {
    case settings::QueueFull::DropNew:
      break;
    case settings::QueueFull::DropOld:
      text.line("queue_full", "drop_old");
      break;
    case settings::QueueFull::Refuse:
      text.line("queue_full", "refuse");
      break;
  }
  if (settings.backpressure_time != usual.backpressure_time)
    text.line("backpressure_time", std::to_string(settings.backpressure_time.count()) + "ms");
  if (settings.persistent_client_expiration) {
    if (settings.persistent_client_expiration->count() == 0)
      needs_simulator("a value that no key can set");
    text.line("persistent_client_expiration",
              std::to_string(settings.persistent_client_expiration->count()) + "s");
  }
  text.number("connect_timeout", settings.connect_timeout.count(), usual.connect_timeout.count());
  text.number("sys_interval", settings.sys_interval.count(), usual.sys_interval.count());
  if (!settings.response_information.empty())
    text.line("response_information", settings.response_information);
}

}  // namespace

std::string configuration_text(const settings::Settings& settings) {
  constexpr std::uint16_t kListeners = 2;  // of a board
  if (settings.listener_count > kListeners) needs_simulator("more than two listeners");
  Text text;
  for (std::uint16_t i = 0; i < settings.listener_count; ++i) {
    text.number("listener", 1883U + i, 0);
    if (i == 0) text.line("per_listener_settings", "true");
    add(text, settings.listeners[i]);
  }
  text.line("connection_messages", "false");
  text.line("log_timestamp", "false");
  add(text, settings.limits);
  add(text, settings);
  return text.text();
}

}  // namespace midge::test
