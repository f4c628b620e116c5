#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "broker/config/key_docs.hpp"
#include "tests/unit/config/support.hpp"

using namespace midge::config;
using namespace midge::config::test;
using midge::config::table::Row;
using midge::config::table::Status;
using midge::settings::kUnlimited;
using midge::settings::Listener;
using midge::settings::Settings;

namespace {

struct Vector {
  const char* key;
  const char* good;
  bool (*check)(const Settings&);
  const char* bad;
};

// A good value, which is not the default, and a bad one for every supported key.
constexpr Vector kVectors[] = {
    {"accept_protocol_versions", "4, 5",
     [](const Settings& s) {
       const Listener& l = s.listeners[0];
       return !l.accept_v31 && l.accept_v311 && l.accept_v5;
     },
     "3,6"},
    {"allow_anonymous", "true", [](const Settings& s) { return s.listeners[0].allow_anonymous; },
     "maybe"},
    {"allow_duplicate_messages", "true",
     [](const Settings& s) { return s.allow_duplicate_messages; }, "2"},
    {"allow_zero_length_clientid", "false",
     [](const Settings& s) { return !s.listeners[0].allow_zero_length_clientid; }, "no"},
    {"auto_id_prefix", "gw-",
     [](const Settings& s) { return s.listeners[0].auto_id_prefix == "gw-"; },
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},
    {"backpressure_time", "1500ms",
     [](const Settings& s) { return s.backpressure_time.count() == 1'500; }, "3601"},
    {"bind_address", "10.0.0.1",
     [](const Settings& s) { return s.listeners[1].bind_address == "10.0.0.1"; },
     "10.0.0.1 10.0.0.2"},
    {"bind_interface", "eth0",
     [](const Settings& s) { return s.listeners[0].bind_interface == "eth0"; }, "\xC0"},
    {"connect_timeout", "1", [](const Settings& s) { return s.connect_timeout.count() == 1; }, "0"},
    {"connection_messages", "false", [](const Settings& s) { return !s.log.connection_messages; },
     "-"},
    {"durability", "interval 100",
     [](const Settings& s) { return s.persistence.interval.count() == 100; }, "interval"},
    {"global_max_clients", "7", [](const Settings& s) { return s.limits.sessions == 7; }, "-2"},
    {"global_max_connections", "0", [](const Settings& s) { return s.limits.connections == 0; },
     "2147483648"},
    {"include_dir", "d", [](const Settings&) { return true; }, "none"},
    {"listener", "1999", [](const Settings& s) { return s.listeners[1].port == 1'999; }, "65536"},
    {"listener_allow_anonymous", "true",
     [](const Settings& s) { return s.listeners[0].allow_anonymous; }, "tru"},
    {"listener_auto_id_prefix", "gw-",
     [](const Settings& s) { return s.listeners[0].auto_id_prefix == "gw-"; },
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},
    {"log_dest", "stdout", [](const Settings& s) { return s.log.to_stdout && !s.log.to_stderr; },
     "printer"},
    {"log_facility", "7", [](const Settings& s) { return s.log.facility == "local7"; }, "8"},
    {"log_timestamp", "false", [](const Settings& s) { return !s.log.timestamp; }, "off"},
    {"log_timestamp_format", "%H:%M",
     [](const Settings& s) { return s.log.timestamp_format == "%H:%M"; }, "\xFF"},
    {"log_type", "all", [](const Settings& s) { return s.log.levels == 0xFFFF; }, "everything"},
    {"max_connections", "0", [](const Settings& s) { return s.listeners[0].max_connections == 0; },
     "-2"},
    {"max_group_queued_messages", "-1",
     [](const Settings& s) { return s.limits.group_queued_messages == kUnlimited; }, "-2"},
    {"max_inbound_qos2_messages", "1", [](const Settings& s) { return s.limits.inbound_qos2 == 1; },
     "0"},
    {"max_inflight_bytes", "16k",
     [](const Settings& s) { return s.limits.inflight_bytes == 16'384; }, "-1"},
    {"max_inflight_messages", "0",
     [](const Settings& s) { return s.limits.inflight_messages == 65'535; }, "65536"},
    {"max_keepalive", "60", [](const Settings& s) { return s.max_keepalive == 60; }, "-1"},
    {"max_packet_size", "0", [](const Settings& s) { return s.limits.packet_bytes == kUnlimited; },
     "19"},
    {"max_qos", "1",
     [](const Settings& s) { return s.listeners[0].max_qos == midge::wire::QoS::AtLeastOnce; },
     "3"},
    {"max_queued_bytes", "1", [](const Settings& s) { return s.limits.queued_bytes == 1; }, "2g"},
    {"max_queued_messages", "0",
     [](const Settings& s) { return s.limits.queued_messages == kUnlimited; }, "-1"},
    {"max_retained_messages", "0",
     [](const Settings& s) { return s.limits.retained_messages == 0; }, "-2"},
    {"max_subscriptions", "9", [](const Settings& s) { return s.limits.subscriptions == 9; },
     "many"},
    {"max_topic_alias", "65535",
     [](const Settings& s) { return s.listeners[0].max_topic_alias == 65'535; }, "65536"},
    {"max_topic_alias_broker", "0",
     [](const Settings& s) { return s.listeners[0].max_topic_alias_broker == 0; }, "-1"},
    {"max_topic_levels", "8", [](const Settings& s) { return s.limits.topic_levels == 8; }, "0"},
    {"max_total_queued_messages", "100",
     [](const Settings& s) { return s.limits.total_queued_messages == 100; }, "-2"},
    {"memory_limit", "256k",
     [](const Settings& s) {
       return s.memory_limit_given && s.limits.memory_bytes == std::size_t{256} * 1'024;
     },
     "16383"},
    {"message_size_limit", "268435455",
     [](const Settings& s) { return s.limits.payload_bytes == 268'435'455; }, "268435456"},
    {"per_listener_settings", "true",
     [](const Settings& s) { return !s.listeners[0].allow_anonymous; }, "2"},
    {"persistence", "true", [](const Settings& s) { return s.persistence.on; }, "yes"},
    {"persistence_location", "/var/lib/midge",
     [](const Settings& s) { return s.persistence.location == "/var/lib/midge"; }, "\xFE"},
    {"persistent_client_expiration", "2w",
     [](const Settings& s) {
       return s.persistent_client_expiration == std::chrono::seconds{1'209'600};
     },
     "0d"},
    {"pid_file", "/run/midge.pid", [](const Settings& s) { return s.pid_file == "/run/midge.pid"; },
     "\xFE"},
    {"port", "1999", [](const Settings& s) { return s.listeners[1].port == 1'999; }, "0"},
    {"protocol", "mqtt", [](const Settings&) { return true; }, "mqttsn"},
    {"queue_full", "refuse",
     [](const Settings& s) { return s.queue_full == midge::settings::QueueFull::Refuse; }, "drop"},
    {"queue_qos0_messages", "true", [](const Settings& s) { return s.queue_qos0_messages; },
     "qos0"},
    {"response_information", "r/", [](const Settings& s) { return s.response_information == "r/"; },
     "\xED\xA0\x80"},
    {"retain_available", "false", [](const Settings& s) { return !s.retain_available; }, "f"},
    {"session_owner_check", "false", [](const Settings& s) { return !s.session_owner_check; }, "f"},
    {"set_tcp_nodelay", "true", [](const Settings& s) { return s.set_tcp_nodelay; }, "t"},
    {"shared_subscriptions_available", "false",
     [](const Settings& s) { return !s.shared_subscriptions_available; }, "f"},
    {"socket_domain", "ipv6",
     [](const Settings& s) { return s.listeners[0].domain == midge::settings::SocketDomain::IPv6; },
     "ipv5"},
    {"storage_limit", "16m",
     [](const Settings& s) { return s.persistence.storage_bytes == std::uint64_t{16} << 20; },
     "16777215"},
    {"strict_receive_maximum", "true", [](const Settings& s) { return s.strict_receive_maximum; },
     "t"},
    {"subscription_identifiers_available", "false",
     [](const Settings& s) { return !s.subscription_identifiers_available; }, "f"},
    {"sys_interval", "0", [](const Settings& s) { return s.sys_interval.count() == 0; }, "65536"},
    {"upgrade_outgoing_qos", "true", [](const Settings& s) { return s.upgrade_outgoing_qos; }, "t"},
    {"use_username_as_clientid", "true",
     [](const Settings& s) { return s.listeners[0].use_username_as_clientid; }, "t"},
    {"user", "midge", [](const Settings& s) { return s.user == "midge"; }, "\x80"},
    {"wildcard_subscriptions_available", "false",
     [](const Settings& s) { return !s.wildcard_subscriptions_available; }, "f"},
};

// The key's statement where it may stand.
std::string statement(std::string_view key, const std::string& value) {
  const std::string line = std::string(key) + " " + value + "\n";
  return key == "per_listener_settings" ? line + "listener 1883\n" : "listener 1883\n" + line;
}

std::vector<Row> supported_keys() {
  std::vector<Row> found;
  for (const DocumentedKey& key : documented_keys()) {
    if (key.row.status == Status::Supported) found.push_back(key.row);
  }
  return found;
}

void load(Loaded& got, const std::string& text) {
  got.texts.add("midge.conf", text);
  got.texts.add_folder("d", {});
  got.load();
}

}  // namespace

TEST_CASE("every supported key takes a good value and refuses a bad one, with file and line") {
  for (const Vector& v : kVectors) {
    CAPTURE(v.key);
    Loaded good("");
    load(good, statement(v.key, v.good));
    CHECK(good.ok);
    CHECK(v.check(good.settings));

    Loaded bad("");
    load(bad, statement(v.key, v.bad));
    CHECK_FALSE(bad.ok);
    const std::string place = v.key == std::string("per_listener_settings") ? "1" : "2";
    CHECK(bad.reports.error().find("midge.conf:" + place) != std::string::npos);
  }
}

TEST_CASE("the good and bad values cover every supported key") {
  for (const Row& key : supported_keys()) {
    CAPTURE(key.name.view());
    CHECK(std::any_of(std::begin(kVectors), std::end(kVectors),
                      [&key](const Vector& v) { return key.name == v.key; }));
  }
}

TEST_CASE("a key's smallest and largest number are taken, the next ones refused") {
  for (const Row& key : supported_keys()) {
    if (key.type != Type::Number) continue;
    CAPTURE(key.name.view());
    for (const std::int64_t number :
         {std::int64_t{key.range.minimum}, std::int64_t{key.range.maximum}}) {
      CAPTURE(number);
      Loaded got("");
      load(got, statement(key.name, std::to_string(number)));
      CHECK(got.ok);
    }
    for (const std::int64_t number :
         {std::int64_t{key.range.minimum} - 1, std::int64_t{key.range.maximum} + 1}) {
      CAPTURE(number);
      Loaded got("");
      load(got, statement(key.name, std::to_string(number)));
      CHECK_FALSE(got.ok);
    }
  }
}

// A narrowed number would show as a duplicate of a smaller one.
TEST_CASE("a key's largest number arrives whole") {
  for (const Row& key : supported_keys()) {
    if (key.type != Type::Number && key.type != Type::Size) continue;
    if (key.range.maximum == kAnyMaximum) continue;
    CAPTURE(key.name.view());
    if (key.name == "log_facility") continue;  // a name, not a number
    Loaded got("");
    load(got, statement(key.name, std::to_string(key.range.maximum)));
    REQUIRE(got.ok);
    CHECK(dump(got.settings).find(std::to_string(key.range.maximum)) != std::string::npos);
  }
}

TEST_CASE("the default in the table is the default") {
  const std::string nothing = "allow_anonymous true\nlistener 1883\n";
  const std::string defaults = dump(Loaded(nothing).settings);
  for (const Row& key : supported_keys()) {
    if (key.default_text.empty()) continue;
    // Those whose default depends on others, or is none of the values.
    const std::set<std::string_view> others = {"allow_anonymous",      "listener_allow_anonymous",
                                               "log_timestamp_format", "log_type",
                                               "persistence",          "port",
                                               "socket_domain"};
    if (others.count(key.name.view()) != 0) continue;
    CAPTURE(key.name.view());
    std::string text = nothing;
    const std::string line =
        std::string(key.name.view()) + " " + std::string(key.default_text) + "\n";
    if (key.name == "per_listener_settings") {
      text = line + text;
    } else {
      text += line;
    }
    const Loaded got(text);
    CHECK(got.ok);
    CHECK(dump(got.settings) == defaults);
  }
}

TEST_CASE("0 and -1 stand for no limit where Mosquitto says so") {
  for (const char* key : {"max_queued_messages", "max_queued_bytes", "max_inflight_bytes",
                          "message_size_limit", "max_packet_size"}) {
    CAPTURE(key);
    CHECK(dump(Loaded(std::string(key) + " 0\n").settings).find("4294967295") != std::string::npos);
  }
  CHECK(Loaded("max_queued_messages 0\n").settings.limits.queued_messages == kUnlimited);
  CHECK(Loaded("max_queued_bytes 0\n").settings.limits.queued_bytes == kUnlimited);
  CHECK(Loaded("max_inflight_bytes 0\n").settings.limits.inflight_bytes == kUnlimited);
  CHECK(Loaded("message_size_limit 0\n").settings.limits.payload_bytes == kUnlimited);
  CHECK(Loaded("max_packet_size 0\n").settings.limits.packet_bytes == kUnlimited);
  CHECK(Loaded("max_keepalive 0\n").settings.max_keepalive == 0);
  CHECK_FALSE(Loaded("memory_limit 0\n").settings.memory_limit_given);
  CHECK(Loaded("max_connections -1\n").settings.listeners[0].max_connections == kUnlimited);
  CHECK(Loaded("global_max_connections -1\n").settings.limits.connections == kUnlimited);
  CHECK(Loaded("max_sessions -1\n").settings.limits.sessions == kUnlimited);
}

TEST_CASE("a memory limit of four gigabytes less one byte is a limit") {
  const Loaded got("memory_limit 4294967295\n");
  REQUIRE(got.ok);
  CHECK(got.settings.memory_limit_given);
  CHECK(got.settings.limits.memory_bytes == 4'294'967'295);
}

TEST_CASE("old names and other names are found, with what belongs to them") {
  for (const Alias& alias : documented_aliases()) {
    CAPTURE(alias.name.view());
    if (alias.name.view().ends_with('*')) continue;
    const FoundKey found = find_system_key(alias.name);
    REQUIRE(found.key != nullptr);
    CHECK(found.name == alias.key.view());
  }
  REQUIRE(find_system_key("auth_opt_db").key != nullptr);
  CHECK(find_system_key("auth_opt_db").name == "plugin_opt_*");
  CHECK(find_system_key("plugin_opt_db").name == "plugin_opt_*");
  CHECK(Loaded("maximum_qos 1\nport 1883\n").settings.listeners[0].max_qos ==
        midge::wire::QoS::AtLeastOnce);
}

TEST_CASE("every key of Mosquitto 2.1 is in the table") {
  for (const char* name : {"listener",
                           "port",
                           "bind_address",
                           "allow_anonymous",
                           "per_listener_settings",
                           "listener_allow_anonymous",
                           "protocol",
                           "accept_protocol_versions",
                           "mount_point",
                           "auto_id_prefix",
                           "listener_auto_id_prefix",
                           "allow_zero_length_clientid",
                           "include_dir",
                           "bind_interface",
                           "socket_domain",
                           "set_tcp_nodelay",
                           "connection_messages",
                           "packet_buffer_size",
                           "log_dest",
                           "log_type",
                           "log_timestamp",
                           "log_timestamp_format",
                           "log_facility",
                           "pid_file",
                           "user",
                           "sys_interval",
                           "max_inflight_messages",
                           "max_inflight_bytes",
                           "max_queued_messages",
                           "max_queued_bytes",
                           "max_connections",
                           "global_max_clients",
                           "global_max_connections",
                           "max_keepalive",
                           "max_packet_size",
                           "message_size_limit",
                           "max_qos",
                           "maximum_qos",
                           "retain_available",
                           "max_topic_alias",
                           "max_topic_alias_broker",
                           "upgrade_outgoing_qos",
                           "queue_qos0_messages",
                           "memory_limit",
                           "persistent_client_expiration",
                           "retain_expiry_interval",
                           "allow_duplicate_messages",
                           "password_file",
                           "acl_file",
                           "check_retain_source",
                           "clientid_prefixes",
                           "use_username_as_clientid",
                           "persistence",
                           "retained_persistence",
                           "persistence_file",
                           "persistence_location",
                           "autosave_interval",
                           "autosave_on_changes",
                           "cafile",
                           "capath",
                           "certfile",
                           "keyfile",
                           "crlfile",
                           "require_certificate",
                           "use_identity_as_username",
                           "use_subject_as_username",
                           "psk_file",
                           "psk_hint",
                           "ciphers",
                           "ciphers_tls1.3",
                           "tls_version",
                           "dhparamfile",
                           "disable_client_cert_date_checks",
                           "tls_engine",
                           "tls_engine_kpass_sha1",
                           "tls_keyform",
                           "enable_proxy_protocol",
                           "proxy_protocol_v2_require_tls",
                           "websockets_origin",
                           "websockets_log_level",
                           "websockets_headers_size",
                           "http_dir",
                           "enable_control_api",
                           "plugin",
                           "auth_plugin",
                           "global_plugin",
                           "plugin_load",
                           "plugin_use",
                           "plugin_opt_x",
                           "auth_opt_x",
                           "auth_plugin_deny_special_chars",
                           "retry_interval",
                           "connection",
                           "address",
                           "addresses",
                           "topic",
                           "bridge_protocol_version",
                           "bridge_max_topic_alias",
                           "restart_timeout",
                           "cleansession",
                           "local_cleansession",
                           "notifications",
                           "notifications_local_only",
                           "notification_topic",
                           "bridge_attempt_unsubscribe",
                           "remote_clientid",
                           "local_clientid",
                           "remote_username",
                           "remote_password",
                           "local_username",
                           "local_password",
                           "keepalive_interval",
                           "try_private",
                           "round_robin",
                           "start_type",
                           "threshold",
                           "idle_timeout",
                           "bridge_outgoing_retain",
                           "bridge_reload_type",
                           "bridge_receive_maximum",
                           "bridge_session_expiry_interval",
                           "bridge_max_packet_size",
                           "bridge_bind_address",
                           "bridge_tcp_keepalive",
                           "bridge_tcp_user_timeout",
                           "bridge_cafile",
                           "bridge_capath",
                           "bridge_tls_use_os_certs",
                           "bridge_certfile",
                           "bridge_keyfile",
                           "bridge_insecure",
                           "bridge_tls_version",
                           "bridge_ciphers",
                           "bridge_ciphers_tls1.3",
                           "bridge_require_ocsp",
                           "bridge_alpn",
                           "bridge_identity",
                           "bridge_psk",
                           "clientid",
                           "username",
                           "password"}) {
    CAPTURE(name);
    CHECK(find_system_key(name).key != nullptr);
  }
  CHECK(find_system_key("").key == nullptr);
  CHECK(find_system_key("x").key == nullptr);
  CHECK(find_system_key("zzz").key == nullptr);
}

TEST_CASE("every key is found under its name, on a board only those of every broker") {
  for (const DocumentedKey& key : documented_keys()) {
    const std::string_view name = key.row.name;
    CAPTURE(name);
    if (!name.ends_with('*')) CHECK(find_system_key(name).name == name);
    CHECK((find_broker_key(name).key != nullptr) == key.is_everywhere);
  }
  CHECK(find_broker_key("maximum_qos").name == "max_qos");
}

TEST_CASE("a number in the notes of a key is that of its range") {
  for (const Row& key : supported_keys()) {
    if (key.type == Type::Flag || key.type == Type::Choice || key.note.empty()) continue;
    CAPTURE(key.name.view());
    const std::string_view note = key.note;
    CHECK((note.find(std::to_string(key.range.maximum)) != std::string_view::npos ||
           note.find(std::to_string(key.range.minimum)) != std::string_view::npos));
  }
}
