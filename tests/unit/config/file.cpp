#include <doctest/doctest.h>

#include <optional>
#include <string>

#include "tests/unit/config/support.hpp"

using namespace midge::config;
using namespace midge::config::test;

TEST_CASE("an error names file and line in Mosquitto's words") {
  struct Vector {
    const char* text;
    const char* error;
  };
  constexpr Vector kVectors[] = {
      {"# comment\n\nx 1\n", "Error: Unknown configuration variable 'x' at midge.conf:3"},
      {"plugin_opt_* 1\n", "Error: Unknown configuration variable 'plugin_opt_*' at midge.conf:1"},
      {"Port 1883\n", "Error: Unknown configuration variable 'Port' at midge.conf:1"},
      {"user\n", "Error: Empty 'user' value in configuration. (midge.conf:1)"},
      {"user  \r\n", "Error: Empty 'user' value in configuration. (midge.conf:1)"},
      {"pid_file /a\npid_file /a\n",
       "Error: Duplicate 'pid_file' value in configuration. (midge.conf:2)"},
      {"memory_limit\n", "Error: Empty 'memory_limit' value in configuration. (midge.conf:1)"},
      {"accept_protocol_versions 3\n",
       "Error: The 'accept_protocol_versions' option requires a listener to be defined first. "
       "(midge.conf:1)"},
      {"listener 1883\naccept_protocol_versions\n",
       "Error: Empty 'accept_protocol_versions' value in configuration. (midge.conf:2)"},
      {"allow_anonymous\n",
       "Error: Empty 'allow_anonymous' value in configuration. (midge.conf:1)"},
      {"allow_anonymous falst\n", "Error: Invalid 'allow_anonymous' value (falst). (midge.conf:1)"},
      {"autosave_interval\n",
       "Error: Empty 'autosave_interval' value in configuration. (midge.conf:1)"},
      {"autosave_interval string\n",
       "Error: 'autosave_interval' value not a number. (midge.conf:1)"},
      {"listener\n", "Error: Empty 'listener port' value in configuration. (midge.conf:1)"},
      {"listener 100000\n", "Error: Invalid 'port' value (100000). (midge.conf:1)"},
      {"listener 0\n",
       "Error: A listener with port 0 must provide a Unix socket path. (midge.conf:1)"},
      {"port 0\n", "Error: Invalid 'port' value (0). (midge.conf:1)"},
      {"mount_point test/\n",
       "Error: The 'mount_point' option requires a listener to be defined first. (midge.conf:1)"},
      {"listener 1883\nprotocol\n",
       "Error: Empty 'protocol' value in configuration. (midge.conf:2)"},
      {"listener 1883\nprotocol test\n", "Error: Invalid 'protocol' value (test). (midge.conf:2)"},
      {"bridge_insecure true\n",
       "Error: The 'bridge_insecure' option requires a bridge to be defined first. "
       "(midge.conf:1)"},
      {"maximum_qos 3\n", "Error: 'max_qos' must be between 0 and 2 inclusive. (midge.conf:1)"},
      {"maximum_qos -1\n", "Error: 'max_qos' must be between 0 and 2 inclusive. (midge.conf:1)"},
      {"max_inflight_messages 65536\n",
       "Error: 'max_inflight_messages' must be <= 65535. (midge.conf:1)"},
      {"max_packet_size 19\n", "Error: 'max_packet_size' must be >= 20. (midge.conf:1)"},
      {"message_size_limit 556000000\n",
       "Error: Invalid 'message_size_limit' value (556000000). (midge.conf:1)"},
      {"max_keepalive 65536\n", "Error: Invalid 'max_keepalive' value (65536). (midge.conf:1)"},
      {"websockets_headers_size 65536\n",
       "Error: Packet buffer size must be between 0 and 65535 inclusive. (midge.conf:1)"},
      {"listener 1883\nlistener_auto_id_prefix\n",
       "Error: Empty 'listener_auto_id_prefix' value in configuration. (midge.conf:2)"},
      {"listener 1883\nlistener_auto_id_prefix "
       "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n",
       "Error: 'listener_auto_id_prefix' length must be <= 50. (midge.conf:2)"},
      {"memory_limit -1\n", "Error: Invalid 'memory_limit' value (-1). (midge.conf:1)"},
      {"log_dest file\n", "Error: Empty \"log_dest file\" value in configuration. (midge.conf:1)"},
      {"log_dest file /a\nlog_dest file /b\n",
       "Error: Duplicate \"log_dest file\" value. (midge.conf:2)"},
      {"auto_id_prefix a\xFF\n", "Error: Malformed UTF-8 in configuration. (midge.conf:1)"},
      {"max_queued_messages 10 20\n",
       "Error: Invalid 'max_queued_messages' value (10 20). (midge.conf:1)"},
      {"persistent_client_expiration 1\n",
       "Error: Invalid 'persistent_client_expiration' duration in configuration. (midge.conf:1)"},
  };
  for (const Vector& v : kVectors) {
    CAPTURE(v.text);
    const Loaded got(v.text);
    CHECK_FALSE(got.ok);
    CHECK(got.reports.error() == v.error);
  }
}

TEST_CASE("a value that asks for safety midge does not have yet is refused") {
  for (const char* statement : {"password_file /p",
                                "acl_file /a",
                                "psk_file /p",
                                "psk_hint h",
                                "plugin /p.so",
                                "auth_plugin /p.so",
                                "global_plugin /p.so",
                                "plugin_load name /p.so",
                                "plugin_opt_file /x",
                                "auth_opt_file /x",
                                "cafile /c",
                                "capath /c",
                                "certfile /c",
                                "keyfile /k",
                                "crlfile /c",
                                "require_certificate true",
                                "use_identity_as_username true",
                                "use_subject_as_username true",
                                "ciphers HIGH",
                                "ciphers_tls1.3 X",
                                "tls_version tlsv1.2",
                                "disable_client_cert_date_checks true",
                                "enable_proxy_protocol 2",
                                "proxy_protocol_v2_require_tls true",
                                "protocol websockets",
                                "protocol http_api",
                                "websockets_origin example.org",
                                "mount_point a/",
                                "clientid_prefixes a",
                                "connection cloud",
                                "plugin_use name"}) {
    CAPTURE(statement);
    const Loaded got("allow_anonymous true\nlistener 1883\n" + std::string(statement) + "\n");
    CHECK_FALSE(got.ok);
    REQUIRE(got.reports.errors.size() == 1);
    CHECK(got.reports.errors[0].starts_with("Error: "));
    CHECK(got.reports.errors[0].ends_with("(midge.conf:3)"));
  }
  CHECK(Loaded("password_file /p\n").reports.error() ==
        "Error: The 'password_file' option is not supported: passwords are not checked yet, and "
        "every password would be let in. (midge.conf:1)");
}

TEST_CASE("a flag that is refused when true asks for nothing when false") {
  const Loaded got(
      "persistence false\nretained_persistence 0\nport 1883\nallow_anonymous true\n"
      "require_certificate false\nuse_identity_as_username false\n");
  CHECK(got.ok);
  CHECK(got.reports.warnings.empty());
}

TEST_CASE("a key without effect is named in a warning") {
  const Loaded got("autosave_interval 1800\npersistence_file mosquitto.db\n");
  REQUIRE(got.ok);
  REQUIRE(got.reports.warnings.size() == 2);
  CHECK(got.reports.warnings[0] ==
        "Warning: The 'autosave_interval' option has no effect: with persistence a change is "
        "written when it happens, as durability says. (midge.conf:1)");
  CHECK(got.reports.warnings[1] ==
        "Warning: The 'persistence_file' option has no effect: the store is a folder of files "
        "with names of their own. (midge.conf:2)");
}

TEST_CASE("where there is no storage, persistence is refused and its absence is not") {
  Texts texts;
  texts.add("on", "persistence true\n");
  texts.add("old", "retained_persistence 1\n");
  texts.add("off", "persistence false\npersistence_location /var/lib/midge\n");
  for (const char* file : {"on", "old", "off"}) {
    CAPTURE(file);
    Reports reports;
    midge::settings::Settings settings;
    CommandLine line;
    line.config_file = file;
    const bool is_off = std::string(file) == "off";
    CHECK(load_settings(line, texts, settings, reports) == is_off);
    CHECK(reports.warnings.empty());
    if (is_off) continue;
    CHECK(reports.error() ==
          "Error: The 'persistence' option is not supported: there is no storage here, and what "
          "was acknowledged would be lost with the power. (" +
              std::string(file) + ":1)");
  }
}

TEST_CASE("durability is that of each commit, or of an interval in milliseconds") {
  CHECK(Loaded("durability interval 250\n").settings.persistence.interval.count() == 250);
  CHECK(Loaded("durability interval 250\ndurability commit\n")
            .settings.persistence.interval.count() == 0);
  for (const char* value : {"", "interval", "interval 0", "interval 3600001", "interval 5s",
                            "interval 5 6", "commit 5", "never"}) {
    CAPTURE(value);
    CHECK_FALSE(Loaded(std::string("durability ") + value + "\n").ok);
  }
}

TEST_CASE("a store may be larger than four gigabytes") {
  CHECK(Loaded("storage_limit 64g\n").settings.persistence.storage_bytes == 64ULL << 30U);
}

TEST_CASE("upgrade_outgoing_qos true is warned about") {
  const Loaded got("upgrade_outgoing_qos true\n");
  REQUIRE(got.ok);
  CHECK(got.settings.upgrade_outgoing_qos);
  REQUIRE(got.reports.warnings.size() == 1);
  CHECK(Loaded("upgrade_outgoing_qos false\n").reports.warnings.empty());
}

TEST_CASE("a file that can't be read is an error") {
  Texts texts;
  texts.add_folder("folder", {});
  Reports reports;
  midge::settings::Settings settings;
  CommandLine line;
  line.config_file = "none.conf";
  CHECK_FALSE(load_settings(line, texts, settings, reports));
  CHECK(reports.error() == "Error: Unable to open config file 'none.conf'.");
  reports.errors.clear();
  line.config_file = "folder";
  CHECK_FALSE(load_settings(line, texts, settings, reports));
  CHECK(reports.error() == "Error: Config file 'folder' is a directory.");
}

TEST_CASE("an error changes nothing") {
  Loaded got("listener 1883\nallow_anonymous true\nmax_keepalive 60\n");
  REQUIRE(got.ok);
  const std::string before = dump(got.settings);
  got.texts.add("midge.conf", "listener 1999\nmax_keepalive 70\nlog_type none\nx\n");
  got.load();
  CHECK_FALSE(got.ok);
  CHECK(dump(got.settings) == before);
}

TEST_CASE("each reading starts anew") {
  Loaded got("listener 1999\nallow_anonymous true\nmax_keepalive 60\nlog_type all\n");
  REQUIRE(got.ok);
  got.texts.add("midge.conf", "");
  got.load();
  REQUIRE(got.ok);
  CHECK(dump(got.settings) == dump(Loaded("").settings));
}

TEST_CASE("include_dir reads the files of a folder in order, in its place") {
  for (const char* folder : {"conf.d", "conf.d/"}) {
    CAPTURE(folder);
    Loaded got("");
    got.texts.add("midge.conf", "max_keepalive 1\ninclude_dir " + std::string(folder) +
                                    "\nsys_interval 3\nallow_anonymous true\n");
    got.texts.add_folder(folder, {"10.conf", "20.conf"});
    got.texts.add("conf.d/10.conf", "max_keepalive 10\nsys_interval 10\nlistener 1999\n");
    got.texts.add("conf.d/20.conf", "max_keepalive 20\n");
    got.load();
    REQUIRE(got.ok);
    CHECK(got.settings.max_keepalive == 20);
    CHECK(got.settings.sys_interval.count() == 3);
    CHECK(got.listener().port == 1'999);
  }
}

TEST_CASE("an included file begins without a listener, and the main file keeps its own") {
  Loaded got("");
  got.texts.add("midge.conf",
                "allow_anonymous true\nlistener 1883\ninclude_dir d\nmax_topic_alias 5\n");
  got.texts.add_folder("d", {"a.conf"});
  got.texts.add("d/a.conf", "listener 1884\nmax_topic_alias 6\n");
  got.load();
  REQUIRE(got.ok);
  CHECK(got.listener(0).max_topic_alias == 5);
  CHECK(got.listener(1).max_topic_alias == 6);

  got.texts.add("d/a.conf", "max_topic_alias 6\n");
  got.load();
  CHECK_FALSE(got.ok);
  CHECK(got.reports.error() ==
        "Error: The 'max_topic_alias' option requires a listener to be defined first. "
        "(d/a.conf:1)");
}

TEST_CASE("an error in an included file names that file and its line") {
  Loaded got("");
  got.texts.add("midge.conf", "include_dir d\n");
  got.texts.add_folder("d", {"a.conf", "b.conf"});
  got.texts.add("d/a.conf", "\n\nx 1\n");
  got.load();
  CHECK(got.reports.error() == "Error: Unknown configuration variable 'x' at d/a.conf:3");

  got.reports.errors.clear();
  got.texts.add("d/a.conf", "include_dir d\n");
  got.load();
  CHECK(got.reports.error() ==
        "Error: The include_dir option is only valid in the main configuration file. "
        "(d/a.conf:1)");

  got.reports.errors.clear();
  got.texts.add("d/a.conf", "max_connections 3\n");
  got.texts.add("d/b.conf", "listener 1883\n");
  got.load();
  CHECK(got.reports.error() ==
        "Error: The 'max_connections' option requires a listener to be defined first. "
        "(d/a.conf:1)");
}

TEST_CASE("a folder or file that can't be included is an error of that line") {
  CHECK(Loaded("include_dir\n").reports.error() ==
        "Error: Empty 'include_dir' value in configuration. (midge.conf:1)");
  CHECK(Loaded("\ninclude_dir none\n").reports.error() ==
        "Error: Unable to open include_dir 'none'. (midge.conf:2)");

  Loaded got("");
  got.texts.add("midge.conf", "\ninclude_dir d\n");
  got.texts.add_folder("d", {"a.conf"});
  got.load();
  CHECK(got.reports.error() == "Error: Unable to open config file 'd/a.conf'. (midge.conf:2)");

  got.reports.errors.clear();
  const std::string deep(600, 'd');
  got.texts.add("midge.conf", "include_dir " + deep + "\n");
  got.texts.add_folder(deep, {"a.conf"});
  got.load();
  CHECK(got.reports.error().ends_with("' are too long. (midge.conf:1)"));

  got.reports.errors.clear();
  got.texts.add("midge.conf", "include_dir many\n");
  got.texts.add_folder("many", std::vector<std::string>(1'001, "a.conf"));
  got.texts.add("many/a.conf", "");
  got.load();
  CHECK(got.reports.error() ==
        "Error: There are too many files in include_dir 'many'. (midge.conf:1)");
}

TEST_CASE("log_dest and log_type add up, and the first replaces the default") {
  using midge::LogLevel;
  using midge::settings::level_bit;
  const Loaded got(
      "log_dest stdout\nlog_dest file /var/log/midge log.txt\nlog_dest syslog\n"
      "log_type error\nlog_type debug\n");
  REQUIRE(got.ok);
  CHECK_FALSE(got.settings.log.to_stderr);
  CHECK(got.settings.log.to_stdout);
  CHECK(got.settings.log.to_syslog);
  CHECK(got.settings.log.file == "/var/log/midge log.txt");
  CHECK(got.settings.log.levels == (level_bit(LogLevel::Error) | level_bit(LogLevel::Debug)));

  const Loaded none("log_dest stdout\nlog_dest none\nlog_type all\nlog_type none\n");
  REQUIRE(none.ok);
  CHECK_FALSE(none.settings.log.to_stderr);
  CHECK_FALSE(none.settings.log.to_stdout);
  CHECK(none.settings.log.levels == 0);

  const Loaded topic("log_dest topic\n");
  REQUIRE(topic.ok);
  CHECK(topic.settings.log.to_stderr);
  REQUIRE(topic.reports.warnings.size() == 1);
  CHECK(topic.reports.warnings[0] ==
        "Warning: The 'log_dest topic' option has no effect: midge has none. (midge.conf:1)");
}

TEST_CASE("what an error shows can't forge a line and keeps its place") {
  const Loaded got("a\x1B[2J" + std::string(5'000, 'x') + " 1\n");
  const std::string error = got.reports.error();
  CHECK(error.starts_with("Error: Unknown configuration variable 'a?[2Jxxx"));
  CHECK(error.ends_with("' at midge.conf:1"));
  CHECK(error.size() < 200);
}

TEST_CASE("a flag is true, false, 1 or 0") {
  for (const char* value : {"true", "1"}) {
    CAPTURE(value);
    CHECK(Loaded("strict_receive_maximum " + std::string(value) + "\n")
              .settings.strict_receive_maximum);
  }
  for (const char* value : {"false", "0"}) {
    CAPTURE(value);
    const Loaded got("session_owner_check " + std::string(value) + "\n");
    CHECK(got.ok);
    CHECK_FALSE(got.settings.session_owner_check);
  }
  for (const char* value : {"TRUE", "yes", "falst", "10", "|"}) {
    CAPTURE(value);
    CHECK_FALSE(Loaded("session_owner_check " + std::string(value) + "\n").ok);
  }
}

TEST_CASE("a board's text is read in place and knows no keys of an operating system") {
  Reports reports;
  const auto read = [&reports](std::string_view text) {
    reports = {};
    midge::settings::Settings settings;
    return read_settings("midge.conf", text, settings, reports) ? dump(settings) : std::string();
  };
  CHECK(read("listener 1883\nallow_anonymous true\nmax_qos 1\nlog_type error\n") ==
        dump(Loaded("listener 1883\nallow_anonymous true\nmax_qos 1\nlog_type error\n").settings));
  CHECK(reports.warnings.empty());

  for (const char* key : {"password_file", "include_dir", "pid_file", "autosave_interval"}) {
    CAPTURE(key);
    CHECK(read("listener 1883\n" + std::string(key) + " 1\n").empty());
    CHECK(reports.error() ==
          "Error: Unknown configuration variable '" + std::string(key) + "' at midge.conf:2");
  }
  CHECK(read("max_qos 1\n").empty());
  CHECK(reports.error() ==
        "Error: The 'max_qos' option requires a listener to be defined first. (midge.conf:1)");
}

TEST_CASE("a board with storage keeps unless its text says no, and one without can't be asked to") {
  using midge::config::Storage;
  Reports reports;
  const auto read = [&reports](std::string text, Storage storage) {
    reports = {};
    midge::settings::Settings settings;
    settings.persistence.on = storage == Storage::Available;
    text += "listener 1883\nallow_anonymous true\n";
    const bool ok = read_settings("midge.conf", text, settings, reports, storage);
    return ok ? std::optional(settings.persistence) : std::nullopt;
  };
  CHECK(read("", Storage::Available)->on);
  CHECK_FALSE(read("persistence false\n", Storage::Available)->on);
  CHECK(read("durability interval 100\n", Storage::Available)->interval.count() == 100);
  CHECK_FALSE(read("", Storage::None)->on);
  CHECK_FALSE(read("persistence false\n", Storage::None)->on);
  CHECK_FALSE(read("persistence true\n", Storage::None));
  CHECK(reports.error().starts_with("Error: The 'persistence' option is not supported"));
}
