// The keys that only a broker under an operating system has, and those of Mosquitto's that midge
// does not have: a board does not know them. Keys without effect on safety are warned about; one
// that restricts, encrypts or keeps is an error, because a broker without it would be open,
// readable or forgetful.
#pragma once

#include <array>

#include "broker/config/key_row.hpp"

namespace midge::config::table {

using settings::Listener;
using settings::Settings;
using enum Scope;
using enum NoLimit;

inline constexpr std::int32_t kSmallestStore = 16 << 20;

constexpr Row repeatable(Literal name, Target target, Literal help) {
  Row row = text(name, Scope::Global, "", target, help);
  row.once = false;  // the last one counts
  return row;
}

constexpr Row ignored(Literal name, Scope scope, Type type, Range range, Literal why) {
  return {.name = name,
          .note = why,
          .range = range,
          .target = ignore,
          .scope = scope,
          .type = type,
          .status = Status::Ignored,
          .text = why};
}

constexpr Row ignored_number(Literal name, Range range, StatementReader read, Literal why,
                             Literal out_of_range) {
  Row row = ignored(name, Scope::Global, Type::Number, range, why);
  row.note = out_of_range;
  row.target = read;
  return row;
}

constexpr Row refused(Literal name, Scope scope, Type type, Literal why) {
  const bool is_flag = type == Type::Flag;
  return {.name = name,
          .note = why,
          .target = is_flag ? refuse_if_true : refuse,
          .reads_all = !is_flag,
          .scope = scope,
          .type = type,
          .status = Status::Refused,
          .default_text = is_flag ? "false" : "",
          .text = why};
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
inline constexpr Literal kNoAutosave =
    "with persistence a change is written when it happens, as durability says.";

constexpr Row bridge(Literal name, Type type) {
  Row row = refused(name, Scope::Bridge, type, kNoBridge);
  row.target = ask_for_a_bridge;
  row.reads_all = true;
  return row;
}

// In ASCII order.
inline constexpr auto kSystemRows = std::to_array<Row>({
    refused("acl_file", Shared, Type::Text,
            "there are no access lists yet, and without them everybody could read and write "
            "everything."),
    bridge("address", Type::Text),
    refused("auth_plugin_deny_special_chars", Global, Type::Flag, kNoPlugins),
    ignored("autosave_interval", Global, Type::Number, {-std::int32_t{kMaximumInt}, kMaximumInt},
            kNoAutosave),
    ignored("autosave_on_changes", Global, Type::Flag, {}, kNoAutosave),
    special("bind_address", Global, "address or host name", "", read_bind_address,
            "Opens the default listener on this address; an older way to say `listener`."),
    text("bind_interface", ThisListener, "", MIDGE_TARGET(Listener, bind_interface),
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
    refused("connection", Global, Type::Text,
            "there is no bridge yet, and what it should carry would be lost."),
    refused("crlfile", DefaultListener, Type::Text, kNoTls),
    ignored("dhparamfile", Global, Type::Text, kTextBytes, "it is no longer required."),
    refused("disable_client_cert_date_checks", ThisListener, Type::Flag, kNoTls),
    ignored("enable_control_api", Global, Type::Flag, {}, "there are no $CONTROL topics."),
    refused("enable_proxy_protocol", ThisListener, Type::Number, kNoProxy),
    refused("global_plugin", Global, Type::Text, kNoPlugins),
    ignored("http_dir", ThisListener, Type::Text, kTextBytes, "there is no web server."),
    bridge("idle_timeout", Type::Number),
    special("include_dir", Global, "folder", "", read_include_dir,
            "Reads every file of this folder whose name ends in .conf, in ASCII order. Only in the "
            "main file. Each file begins without a listener above it."),
    bridge("keepalive_interval", Type::Number),
    refused("keyfile", DefaultListener, Type::Text, kNoTls),
    bridge("local_cleansession", Type::Flag),
    bridge("local_clientid", Type::Text),
    bridge("local_password", Type::Text),
    bridge("local_username", Type::Text),
    special(
        "log_dest", Global, "none, stderr, stdout, syslog, file path", "stderr", read_log_dest,
        "Where the log goes; may be repeated. Errors at the start are on stderr anyway. topic, dlt "
        "and android have no effect (a warning)."),
    number("log_facility", Global, {0, 7}, Never, "", read_log_facility,
           "For syslog: local0 to local7; without it daemon."),
    text("log_timestamp_format", Global, "ISO 8601", MIDGE_TARGET(Settings, log.timestamp_format),
         "The time's form, as strftime takes it. Mosquitto's default is seconds since 1970."),
    size("memory_limit", {16'384, kAnyMaximum}, Zero, "0", read_memory_limit,
         "All of the broker's memory in bytes. 0: as the platform chooses, on Linux a quarter of "
         "the machine's or the control group's."),
    refused("mount_point", ThisListener, Type::Text,
            "topics are not set apart yet, and this listener's clients would see all of them."),
    bridge("notification_topic", Type::Text),
    bridge("notifications", Type::Flag),
    bridge("notifications_local_only", Type::Flag),
    ignored_number("packet_buffer_size", kSixteenBits, ignore_packet_buffer_size, kOneBuffer,
                   "Packet buffer size must be between 0 and 65535 inclusive."),
    refused("password_file", Shared, Type::Text,
            "passwords are not checked yet, and every password would be let in."),
    ignored("persistence_file", Global, Type::Text, kTextBytes,
            "the store is a folder of files with names of their own."),
    text("persistence_location", Global, "", MIDGE_TARGET(Settings, persistence.location),
         "The folder of the store, which is made if its parent is there; without it the current "
         "one. One broker at a time uses it."),
    text("pid_file", Global, "", MIDGE_TARGET(Settings, pid_file),
         "Writes the process id to this file, which is removed at the end, or emptied where midge "
         "may not."),
    refused("plugin", Shared, Type::Text, kNoPlugins),
    refused("plugin_load", Global, Type::Text, kNoPlugins),
    refused("plugin_opt_*", Global, Type::Text, kNoPlugins),
    refused("plugin_use", ThisListener, Type::Text, kNoPlugins),
    refused("proxy_protocol_v2_require_tls", ThisListener, Type::Flag, kNoProxy),
    refused("psk_file", Shared, Type::Text, kNoPsk),
    refused("psk_hint", DefaultListener, Type::Text, kNoPsk),
    bridge("remote_clientid", Type::Text),
    bridge("remote_password", Type::Text),
    bridge("remote_username", Type::Text),
    refused("require_certificate", DefaultListener, Type::Flag, kNoTls),
    bridge("restart_timeout", Type::Text),
    ignored_number("retain_expiry_interval", {1, kMaximumInt}, ignore_retain_expiry, kOwnExpiry,
                   "$ must be >= 1."),
    ignored("retry_interval", Global, Type::Text, kTextBytes,
            "messages are sent again when a client comes back, as the protocol says."),
    bridge("round_robin", Type::Flag),
    flag("set_tcp_nodelay", Global, "false", MIDGE_TARGET(Settings, set_tcp_nodelay),
         "Sends small packets without waiting for more. midge always does."),
    choice("socket_domain", ThisListener, "ipv4|ipv6", "both", MIDGE_TARGET(Listener, domain),
           "Listens with this version of IP only."),
    bridge("start_type", Type::Text),
    size("storage_limit", {kSmallestStore, kAnyMaximum}, Never, "1g", read_storage_limit,
         "midge: the store's largest size in bytes. When half of it is what still counts, "
         "messages are refused as with memory full."),
    bridge("threshold", Type::Number),
    refused("tls_engine", DefaultListener, Type::Text, kNoTls),
    refused("tls_engine_kpass_sha1", DefaultListener, Type::Text, kNoTls),
    refused("tls_keyform", DefaultListener, Type::Text, kNoTls),
    refused("tls_version", ThisListener, Type::Text, kNoTls),
    bridge("topic", Type::Text),
    bridge("try_private", Type::Flag),
    refused("use_identity_as_username", DefaultListener, Type::Flag, kNoTls),
    refused("use_subject_as_username", DefaultListener, Type::Flag, kNoTls),
    repeatable("user", MIDGE_TARGET(Settings, user),
               "Started as root, midge goes on as this user, without it as root. The log file and "
               "Unix sockets that root made become this user's."),
    ignored("websockets_log_level", Global, Type::Number, {0, kMaximumInt},
            "there are no websockets."),
    refused("websockets_origin", ThisListener, Type::Text,
            "there are no websockets yet, and origins would not be checked."),
});

// In ASCII order.
inline constexpr auto kSystemAliases = std::to_array<Alias>({
    {"addresses", "address"},
    {"auth_opt_*", "plugin_opt_*"},
    {"auth_plugin", "plugin"},
    {"clientid", "remote_clientid"},
    {"password", "remote_password"},
    {"username", "remote_username"},
    {"websockets_headers_size", "packet_buffer_size"},
});

}  // namespace midge::config::table
