// The table of all configuration keys: Mosquitto 2.1's and midge's own. A new key is a field in
// settings/settings.hpp and a row here. It exists while compiling only: config_keys.cpp takes what
// a program needs of it, key_docs.cpp the rest, from which docs/config.md is made. So a board
// without documentation in its flash has none.
#pragma once

#include <algorithm>
#include <array>

#include "broker/config/config_key.hpp"
#include "broker/config/key_docs.hpp"
#include "broker/config/setters.hpp"
#include "broker/config/special_keys.hpp"

namespace midge::config::table {

using settings::Limits;
using settings::Listener;
using settings::Log;
using settings::Settings;

struct Row {
  Key key;
  KeyDocs docs;
};

inline constexpr std::uint32_t kMaximumInt = 2'147'483'647;  // Mosquitto's numbers are an int
inline constexpr std::uint32_t kMaximumTextBytes = 65'535;
inline constexpr std::uint32_t kMaximumPrefixBytes = 50;
inline constexpr std::uint32_t kHour = 3'600;
inline constexpr std::int32_t kMinimumMemoryBytes = 16'384;

struct Range {
  std::int32_t minimum;
  std::uint32_t maximum;
};
inline constexpr Range kSixteenBits{0, 65'535};
inline constexpr Range kCount{0, kMaximumInt};
inline constexpr Range kLimit{-1, kMaximumInt};  // -1: no limit
inline constexpr Range kTextBytes{0, kMaximumTextBytes};

constexpr Row flag(Literal name, Scope scope, Literal default_text, Setter set, Literal text,
                   Literal warning = {}) {
  return {
      .key = Key{.name = name, .note = warning, .action = set, .scope = scope, .type = Type::Flag},
      .docs = KeyDocs{.default_text = default_text, .text = text}};
}

constexpr Row number(Literal name, Scope scope, Range range, NoLimit no_limit, Literal default_text,
                     Setter set, Literal text, Literal out_of_range = {}) {
  return {.key = Key{.name = name,
                     .out_of_range = out_of_range,
                     .minimum = range.minimum,
                     .maximum = range.maximum,
                     .action = set,
                     .scope = scope,
                     .type = Type::Number,
                     .no_limit = no_limit},
          .docs = KeyDocs{.default_text = default_text, .text = text}};
}

constexpr Row size(Literal name, Range range, NoLimit no_limit, Literal default_text, Setter set,
                   Literal text, Literal out_of_range = {}) {
  Row row = number(name, Scope::Global, range, no_limit, default_text, set, text, out_of_range);
  row.key.type = Type::Size;
  return row;
}

constexpr Row time(Literal name, Type type, Range range, Literal default_text, Setter set,
                   Literal text) {
  Row row = number(name, Scope::Global, range, NoLimit::Never, default_text, set, text);
  row.key.type = type;
  return row;
}

constexpr Row text(Literal name, Scope scope, Literal default_text, Setter set, Literal help) {
  return {.key = Key{.name = name,
                     .maximum = kMaximumTextBytes,
                     .action = set,
                     .scope = scope,
                     .type = Type::Text,
                     .once = true},
          .docs = KeyDocs{.default_text = default_text, .text = help}};
}

constexpr Row repeatable(Literal name, Setter set, Literal help) {
  Row row = text(name, Scope::Global, "", set, help);
  row.key.once = false;  // the last one counts
  return row;
}

constexpr Row prefix(Literal name, Scope scope, Setter set, Literal help, Literal out_of_range) {
  Row row = text(name, scope, "auto-", set, help);
  row.key.maximum = kMaximumPrefixBytes;
  row.key.out_of_range = out_of_range;
  return row;
}

constexpr Row choice(Literal name, Scope scope, Literal values, Literal default_text, Setter set,
                     Literal help) {
  return {
      .key = Key{.name = name, .note = values, .action = set, .scope = scope, .type = Type::Choice},
      .docs = KeyDocs{.default_text = default_text, .text = help}};
}

constexpr Row special(Literal name, Scope scope, Literal values, Literal default_text,
                      StatementReader read, Literal help) {
  return {.key = Key{.name = name, .action = read, .scope = scope, .type = Type::Special},
          .docs = KeyDocs{.default_text = default_text, .text = help, .values = values}};
}

constexpr Row ignored(Literal name, Scope scope, Type type, Range range, Literal why,
                      Literal out_of_range = {}) {
  return {.key = Key{.name = name,
                     .note = why,
                     .out_of_range = out_of_range,
                     .minimum = range.minimum,
                     .maximum = range.maximum,
                     .scope = scope,
                     .type = type,
                     .status = Status::Ignored},
          .docs = KeyDocs{.text = why}};
}

constexpr Row refused(Literal name, Scope scope, Type type, Literal why) {
  return {.key = Key{.name = name,
                     .note = why,
                     .maximum = kMaximumTextBytes,
                     .scope = scope,
                     .type = type,
                     .status = Status::Refused},
          .docs = KeyDocs{.default_text = type == Type::Flag ? "false" : "", .text = why}};
}

inline constexpr Literal kNoTls =
    "there is no TLS yet, and without it the connections would be open to read.";
inline constexpr Literal kNoPsk =
    "there is no TLS yet, and without it anybody could connect and read along.";
inline constexpr Literal kNoPlugins =
    "there are no plugins, and what this one would forbid would be allowed.";
inline constexpr Literal kNoProxy =
    "the PROXY protocol is not read yet, so clients could not be told apart.";
inline constexpr Literal kNoBridge = "there is no bridge yet.";
inline constexpr Literal kNothingStored = "nothing is stored without persistence.";

constexpr Row bridge(Literal name, Type type) {
  return refused(name, Scope::Bridge, type, kNoBridge);
}

inline void set_inflight_messages(Draft& draft, const Value& value) {
  draft.settings.limits.inflight_messages =
      value.number == 0 ? std::uint16_t{65'535} : static_cast<std::uint16_t>(value.number);
}

inline void set_memory_limit(Draft& draft, const Value& value) {
  draft.settings.memory_limit_given = !value.no_limit;
  if (value.no_limit) return;
  // A limit beyond the address space is the address space.
  constexpr auto kAll = std::numeric_limits<std::size_t>::max();
  const auto bytes = static_cast<std::uint64_t>(value.number);
  draft.settings.limits.memory_bytes = bytes > kAll ? kAll : static_cast<std::size_t>(bytes);
}

inline void set_socket_domain(Draft& draft, const Value& value) {
  draft.listener().domain =
      value.number == 0 ? settings::SocketDomain::IPv4 : settings::SocketDomain::IPv6;
}

inline void set_log_facility(Draft& draft, const Value& value) {
  constexpr std::string_view kNames[] = {"local0", "local1", "local2", "local3",
                                         "local4", "local5", "local6", "local7"};
  draft.settings.log.facility = kNames[static_cast<std::size_t>(value.number)];
}

inline void set_listener_allow_anonymous(Draft& draft, const Value& value) {
  draft.own_access().allow_anonymous = value.flag;
}

inline void set_listener_auto_id_prefix(Draft& draft, const Value& value) {
  draft.own_access().auto_id_prefix = value.text;
}

using enum Scope;
using enum NoLimit;

// In ASCII order.
inline constexpr auto kRows = std::to_array<Row>({
    special("accept_protocol_versions", ThisListener, "3, 4, 5", "3,4,5",
            read_accept_protocol_versions,
            "The protocol levels that clients may speak: 3 is MQTT 3.1, 4 is 3.1.1, 5 is 5.0."),
    refused("acl_file", Shared, Type::Text,
            "there are no access lists yet, and without them everybody could read and write "
            "everything."),
    bridge("address", Type::Text),
    flag("allow_anonymous", Shared, "false; true without a listener", set<&Access::allow_anonymous>,
         "Lets clients in that send no user name."),
    flag("allow_duplicate_messages", Global, "false", set<&Settings::allow_duplicate_messages>,
         "A client whose subscriptions overlap gets one copy for each of them instead of one. "
         "Mosquitto's default is true."),
    flag("allow_zero_length_clientid", Shared, "true", set<&Access::allow_zero_length_clientid>,
         "Gives a client id to clients that send an empty one."),
    refused("auth_plugin_deny_special_chars", Global, Type::Flag, kNoPlugins),
    prefix("auto_id_prefix", Shared, set<&Access::auto_id_prefix>,
           "What assigned client ids begin with, at most 50 bytes.",
           "'auto_id_prefix' length must be <= 50."),
    ignored("autosave_interval", Global, Type::Number, {-std::int32_t{kMaximumInt}, kMaximumInt},
            "a journal is written at once, not from time to time."),
    ignored("autosave_on_changes", Global, Type::Flag, {},
            "a journal is written at once, not from time to time."),
    time("backpressure_time", Type::Wait, {0, kHour * 1'000}, "5s",
         set<&Settings::backpressure_time>,
         "midge: with memory full, a publisher with QoS 1 or 2 waits at most this long before it "
         "is refused."),
    special("bind_address", Global, "address or host name", "", read_bind_address,
            "Opens the default listener on this address; an older way to say `listener`."),
    text("bind_interface", ThisListener, "", set<&Listener::bind_interface>,
         "Listens on this network interface only, for example eth0."),
    bridge("bridge_alpn", Type::Text),
    bridge("bridge_attempt_unsubscribe", Type::Flag),
    bridge("bridge_bind_address", Type::Text),
    bridge("bridge_cafile", Type::Text),
    bridge("bridge_capath", Type::Text),
    bridge("bridge_certfile", Type::Text),
    bridge("bridge_ciphers", Type::Text),
    bridge("bridge_ciphers_tls1.3", Type::Text),
    bridge("bridge_identity", Type::Text),
    bridge("bridge_insecure", Type::Flag),
    bridge("bridge_keyfile", Type::Text),
    bridge("bridge_max_packet_size", Type::Number),
    bridge("bridge_max_topic_alias", Type::Number),
    bridge("bridge_outgoing_retain", Type::Flag),
    bridge("bridge_protocol_version", Type::Text),
    bridge("bridge_psk", Type::Text),
    bridge("bridge_receive_maximum", Type::Number),
    bridge("bridge_reload_type", Type::Text),
    bridge("bridge_require_ocsp", Type::Flag),
    bridge("bridge_session_expiry_interval", Type::Number),
    bridge("bridge_tcp_keepalive", Type::Text),
    bridge("bridge_tcp_user_timeout", Type::Number),
    bridge("bridge_tls_use_os_certs", Type::Flag),
    bridge("bridge_tls_version", Type::Text),
    refused("cafile", DefaultListener, Type::Text, kNoTls),
    refused("capath", DefaultListener, Type::Text, kNoTls),
    refused("certfile", DefaultListener, Type::Text, kNoTls),
    ignored("check_retain_source", Shared, Type::Flag, {},
            "without access lists every source is allowed."),
    refused("ciphers", DefaultListener, Type::Text, kNoTls),
    refused("ciphers_tls1.3", DefaultListener, Type::Text, kNoTls),
    bridge("cleansession", Type::Flag),
    refused("clientid_prefixes", Global, Type::Text,
            "client ids are not checked yet, and every id would be let in."),
    number("connect_timeout", Global, {1, kHour}, Never, "30", set<&Settings::connect_timeout>,
           "midge: a connection that has not sent its CONNECT after so many seconds is closed."),
    refused("connection", Global, Type::Text,
            "there is no bridge yet, and what it should carry would be lost."),
    flag("connection_messages", Global, "true", set<&Log::connection_messages>,
         "Logs clients that connect and disconnect."),
    refused("crlfile", DefaultListener, Type::Text, kNoTls),
    ignored("dhparamfile", Global, Type::Text, kTextBytes, "it is no longer required."),
    refused("disable_client_cert_date_checks", ThisListener, Type::Flag, kNoTls),
    ignored("enable_control_api", Global, Type::Flag, {}, "there are no $CONTROL topics."),
    refused("enable_proxy_protocol", ThisListener, Type::Number, kNoProxy),
    number("global_max_clients", Global, kLimit, Negative, "-1", set<&Limits::sessions>,
           "Sessions in all, connected or not; -1: no limit."),
    number("global_max_connections", Global, kLimit, Negative, "-1", set<&Limits::connections>,
           "Connections of all listeners together; -1: no limit."),
    refused("global_plugin", Global, Type::Text, kNoPlugins),
    ignored("http_dir", ThisListener, Type::Text, kTextBytes, "there is no web server."),
    bridge("idle_timeout", Type::Number),
    special("include_dir", Global, "folder", "", nullptr,
            "Reads every file of this folder whose name ends in .conf, in ASCII order. Only in the "
            "main file. Each file begins without a listener above it."),
    bridge("keepalive_interval", Type::Number),
    refused("keyfile", DefaultListener, Type::Text, kNoTls),
    special("listener", Global, "port [address], 0 path", "", read_listener,
            "Opens a listener: a port, and the address or host name to bind it to (all "
            "interfaces without one). Port 0 and a path: a Unix socket. At most 16."),
    flag("listener_allow_anonymous", ThisListener, "as allow_anonymous",
         set_listener_allow_anonymous, "allow_anonymous of this listener alone."),
    prefix("listener_auto_id_prefix", ThisListener, set_listener_auto_id_prefix,
           "auto_id_prefix of this listener alone.",
           "'listener_auto_id_prefix' length must be <= 50."),
    bridge("local_cleansession", Type::Flag),
    bridge("local_clientid", Type::Text),
    bridge("local_password", Type::Text),
    bridge("local_username", Type::Text),
    special(
        "log_dest", Global, "none, stderr, stdout, syslog, file path", "stderr", read_log_dest,
        "Where the log goes; may be repeated. Errors at the start are on stderr anyway. topic, dlt "
        "and android have no effect (a warning)."),
    number("log_facility", Global, {0, 7}, Never, "", set_log_facility,
           "For syslog: local0 to local7; without it daemon."),
    flag("log_timestamp", Global, "true", set<&Log::timestamp>, "Puts the time before each line."),
    text("log_timestamp_format", Global, "ISO 8601", set<&Log::timestamp_format>,
         "The time's form, as strftime takes it. Mosquitto's default is seconds since 1970."),
    special("log_type", Global,
            "none, all, error, warning, notice, information, debug, subscribe, unsubscribe",
            "error, warning, notice, information", read_log_type,
            "What is logged; may be repeated. internal and websockets have no effect (a warning)."),
    number("max_connections", DefaultListener, kLimit, Negative, "-1",
           set<&Listener::max_connections>, "Connections of this listener; -1: no limit."),
    number("max_group_queued_messages", Global, kLimit, Negative, "1000",
           set<&Limits::group_queued_messages>,
           "midge: messages that wait in a shared subscription's group while no member can take "
           "them; -1: no limit, 0: none wait."),
    number("max_inbound_qos2_messages", Global, {1, 65'535}, Never, "1000",
           set<&Limits::inbound_qos2>,
           "midge: QoS 2 messages that a client before 5.0 may have open at a time; more close its "
           "connection."),
    size("max_inflight_bytes", kCount, Zero, "0", set<&Limits::inflight_bytes>,
         "Payload bytes on their way to a client with QoS 1 or 2 at a time; 0: no limit."),
    number("max_inflight_messages", Global, kSixteenBits, Never, "20", set_inflight_messages,
           "QoS 1 and 2 messages on their way at a time, per client and direction; also our "
           "Receive Maximum. 0: 65535.",
           "'max_inflight_messages' must be <= 65535."),
    number(
        "max_keepalive", Global, kSixteenBits, Never, "0", set<&Settings::max_keepalive>,
        "Seconds. 5.0 clients are told to keep to it; older ones that ask for more, or for none, "
        "are refused. 0: no limit."),
    size("max_packet_size", {20, kMaximumInt}, Zero, "2000000", set<&Limits::packet_bytes>,
         "The largest packet that clients may send; also our Maximum Packet Size. 0: no limit.",
         "'max_packet_size' must be >= 20."),
    number("max_qos", DefaultListener, {0, 2}, Never, "2", set<&Listener::max_qos>,
           "The highest QoS that clients may publish with; with more they are disconnected (5.0: "
           "0x9B).",
           "'max_qos' must be between 0 and 2 inclusive."),
    size("max_queued_bytes", kCount, Zero, "0", set<&Limits::queued_bytes>,
         "Payload bytes that wait for one client; 0: no limit."),
    number("max_queued_messages", Global, kCount, Zero, "1000", set<&Limits::queued_messages>,
           "Messages that wait for one client beyond those in flight; 0: no limit."),
    number("max_retained_messages", Global, kLimit, Negative, "-1", set<&Limits::retained_messages>,
           "midge: retained messages in all; -1: no limit, 0: as retain_available false."),
    number("max_subscriptions", Global, kLimit, Negative, "-1", set<&Limits::subscriptions>,
           "midge: subscriptions of all sessions together; -1: no limit."),
    number("max_topic_alias", ThisListener, kSixteenBits, Never, "10",
           set<&Listener::max_topic_alias>,
           "Topic aliases that a 5.0 client may use; also our Topic Alias Maximum."),
    number("max_topic_alias_broker", ThisListener, kSixteenBits, Never, "10",
           set<&Listener::max_topic_alias_broker>,
           "Topic aliases that midge uses toward a 5.0 client that takes them."),
    number("max_topic_levels", Global, {1, 65'535}, Never, "200", set<&Limits::topic_levels>,
           "midge: levels of a topic name or filter; deeper ones are refused."),
    number("max_total_queued_messages", Global, kLimit, Negative, "-1",
           set<&Limits::total_queued_messages>,
           "midge: messages that wait for all clients and groups together; -1: no limit."),
    size("memory_limit", {kMinimumMemoryBytes, kAnyMaximum}, Zero, "0", set_memory_limit,
         "All of the broker's memory in bytes. 0: as the platform chooses, on Linux a quarter of "
         "the machine's or the control group's."),
    size("message_size_limit", {0, 268'435'455}, Zero, "0", set<&Limits::payload_bytes>,
         "The largest payload of a message; larger ones are dropped (5.0: reason 0x97). 0: no "
         "limit."),
    refused("mount_point", ThisListener, Type::Text,
            "topics are not set apart yet, and this listener's clients would see all of them."),
    bridge("notification_topic", Type::Text),
    bridge("notifications", Type::Flag),
    bridge("notifications_local_only", Type::Flag),
    ignored("packet_buffer_size", Global, Type::Number, kSixteenBits,
            "one buffer serves all connections.",
            "Packet buffer size must be between 0 and 65535 inclusive."),
    refused("password_file", Shared, Type::Text,
            "passwords are not checked yet, and every password would be let in."),
    special("per_listener_settings", Global, "true, false", "false", read_per_listener_settings,
            "With true, allow_anonymous, allow_zero_length_clientid and auto_id_prefix belong to "
            "the listener above them. Must come before them."),
    refused("persistence", Global, Type::Flag,
            "nothing is written to storage yet, and what was acknowledged would be lost with the "
            "power."),
    ignored("persistence_file", Global, Type::Text, kTextBytes, kNothingStored),
    ignored("persistence_location", Global, Type::Text, kTextBytes, kNothingStored),
    time("persistent_client_expiration", Type::Duration, {1, 4'294'967'294}, "",
         set<&Settings::persistent_client_expiration>,
         "Sessions end at the latest so long after their connection; without it, as the client "
         "asked."),
    text("pid_file", Global, "", set<&Settings::pid_file>,
         "Writes the process id to this file, which is removed at the end, or emptied where midge "
         "may not."),
    refused("plugin", Shared, Type::Text, kNoPlugins),
    refused("plugin_load", Global, Type::Text, kNoPlugins),
    refused("plugin_opt_*", Global, Type::Text, kNoPlugins),
    refused("plugin_use", ThisListener, Type::Text, kNoPlugins),
    special("port", Global, "1 to 65535", "1883", read_port,
            "Opens the default listener on this port, on all interfaces or on bind_address; an "
            "older way to say `listener`."),
    special("protocol", DefaultListener, "mqtt", "mqtt", read_protocol,
            "What the listener speaks. websockets and http_api are refused: there are none yet."),
    refused("proxy_protocol_v2_require_tls", ThisListener, Type::Flag, kNoProxy),
    refused("psk_file", Shared, Type::Text, kNoPsk),
    refused("psk_hint", DefaultListener, Type::Text, kNoPsk),
    choice("queue_full", Global, "drop_new|drop_old|refuse", "drop_new", set<&Settings::queue_full>,
           "midge: what happens when a client's queue is at its limit: the new message is dropped, "
           "the oldest is, or the publisher is refused (5.0: reason 0x97)."),
    flag("queue_qos0_messages", Global, "false", set<&Settings::queue_qos0_messages>,
         "QoS 0 messages wait for absent clients too."),
    bridge("remote_clientid", Type::Text),
    bridge("remote_password", Type::Text),
    bridge("remote_username", Type::Text),
    refused("require_certificate", DefaultListener, Type::Flag, kNoTls),
    text("response_information", Global, "", set<&Settings::response_information>,
         "midge: the base of response topics, told to 5.0 clients that ask for it."),
    bridge("restart_timeout", Type::Text),
    flag("retain_available", Global, "true", set<&Settings::retain_available>,
         "Keeps retained messages; false: who publishes one is disconnected (5.0: 0x9A)."),
    ignored("retain_expiry_interval", Global, Type::Number, {1, kMaximumInt},
            "retained messages expire only as their publisher asked.",
            "retain_expiry_interval must be >= 1."),
    ignored("retry_interval", Global, Type::Text, kTextBytes,
            "messages are sent again when a client comes back, as the protocol says."),
    bridge("round_robin", Type::Flag),
    flag("session_owner_check", Global, "true", set<&Settings::session_owner_check>,
         "midge: a session belongs to the user name that made it; others are refused."),
    flag("set_tcp_nodelay", Global, "false", set<&Settings::set_tcp_nodelay>,
         "Sends small packets without waiting for more. midge always does."),
    flag("shared_subscriptions_available", Global, "true",
         set<&Settings::shared_subscriptions_available>,
         "midge: false: a 5.0 client that asks for a shared subscription is disconnected (0x9E), "
         "an older one is refused it."),
    choice("socket_domain", ThisListener, "ipv4|ipv6", "both", set_socket_domain,
           "Listens with this version of IP only."),
    bridge("start_type", Type::Text),
    flag("strict_receive_maximum", Global, "false", set<&Settings::strict_receive_maximum>,
         "midge: a QoS 1 message beyond our Receive Maximum closes the connection (0x93) instead "
         "of waiting."),
    flag("subscription_identifiers_available", Global, "true",
         set<&Settings::subscription_identifiers_available>,
         "midge: false: a client that gives a subscription an identifier is disconnected (0xA1)."),
    number("sys_interval", Global, kSixteenBits, Never, "10", set<&Settings::sys_interval>,
           "Seconds between two updates of the $SYS topics; 0: there are none."),
    bridge("threshold", Type::Number),
    refused("tls_engine", DefaultListener, Type::Text, kNoTls),
    refused("tls_engine_kpass_sha1", DefaultListener, Type::Text, kNoTls),
    refused("tls_keyform", DefaultListener, Type::Text, kNoTls),
    refused("tls_version", ThisListener, Type::Text, kNoTls),
    bridge("topic", Type::Text),
    bridge("try_private", Type::Flag),
    flag("upgrade_outgoing_qos", Global, "false", set<&Settings::upgrade_outgoing_qos>,
         "Delivers with the subscription's QoS even if the message was published with a lower one. "
         "Breaks the specification.",
         "'upgrade_outgoing_qos true' breaks the MQTT specification."),
    refused("use_identity_as_username", DefaultListener, Type::Flag, kNoTls),
    refused("use_subject_as_username", DefaultListener, Type::Flag, kNoTls),
    flag("use_username_as_clientid", DefaultListener, "false",
         set<&Listener::use_username_as_clientid>,
         "Takes the user name for the client id; clients without one are refused."),
    repeatable("user", set<&Settings::user>,
               "Started as root, midge goes on as this user, without it as root. The log file and "
               "Unix sockets that root made become this user's."),
    ignored("websockets_log_level", Global, Type::Number, {0, kMaximumInt},
            "there are no websockets."),
    refused("websockets_origin", ThisListener, Type::Text,
            "there are no websockets yet, and origins would not be checked."),
    flag("wildcard_subscriptions_available", Global, "true",
         set<&Settings::wildcard_subscriptions_available>,
         "midge: false: a 5.0 client that subscribes with a wildcard is disconnected (0xA2), an "
         "older one is refused it."),
});

static_assert(kRows.size() <= kMaximumKeys);
static_assert(std::is_sorted(kRows.begin(), kRows.end(), [](const Row& a, const Row& b) {
  return a.key.name.view() < b.key.name.view();
}));
// Reporter's line holds them.
static_assert(std::all_of(kRows.begin(), kRows.end(), [](const Row& row) {
  return !row.docs.text.empty() && row.docs.text.view().size() <= 240;
}));

}  // namespace midge::config::table
