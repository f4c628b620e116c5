#include <doctest/doctest.h>

#include <optional>
#include <vector>

#include "tests/unit/config/support.hpp"

using namespace midge::config;
using namespace midge::config::test;

namespace {

struct Parsed {
  explicit Parsed(std::vector<const char*> arguments)
      : line(parse_command_line(arguments, reports)) {}
  Reports reports;
  std::optional<CommandLine> line;
};

}  // namespace

TEST_CASE("the command line takes Mosquitto's letters") {
  const Parsed got({"-c", "a.conf", "-p", "1", "-p", "65535", "-v", "-q", "-d", "--test-config"});
  REQUIRE(got.line);
  CHECK(got.line->config_file == "a.conf");
  REQUIRE(got.line->port_count == 2);
  CHECK(got.line->ports[0] == 1);
  CHECK(got.line->ports[1] == 65'535);
  CHECK(got.line->verbose);
  CHECK(got.line->quiet);
  CHECK(got.line->daemon);
  CHECK(got.line->test_config);
  CHECK_FALSE(got.line->help);
  CHECK_FALSE(got.line->version);
}

TEST_CASE("the command line takes Mosquitto's long forms") {
  const Parsed got(
      {"--config-file", "a.conf", "--port", "1884", "--verbose", "--quiet", "--daemon"});
  REQUIRE(got.line);
  CHECK(got.line->config_file == "a.conf");
  CHECK(got.line->ports[0] == 1'884);
  CHECK(got.line->verbose);
  CHECK(got.line->quiet);
  CHECK(got.line->daemon);
}

TEST_CASE("the folder of a store that is to be looked at") {
  CHECK(Parsed({"--check-store", "/var/lib/midge"}).line->check_store == "/var/lib/midge");
  CHECK(Parsed({"--dump-store", "."}).line->dump_store == ".");
}

TEST_CASE("no arguments are an ordinary start") {
  const Parsed got({});
  REQUIRE(got.line);
  CHECK(got.line->config_file.empty());
  CHECK(got.line->port_count == 0);
}

TEST_CASE("--help and --version are answered whatever follows") {
  for (const char* letter : {"-h", "--help"}) {
    const Parsed got({letter, "--bogus"});
    REQUIRE(got.line);
    CHECK(got.line->help);
  }
  const Parsed got({"--version", "--bogus"});
  REQUIRE(got.line);
  CHECK(got.line->version);
}

TEST_CASE("a wrong argument is an error in Mosquitto's words") {
  struct Vector {
    std::vector<const char*> arguments;
    const char* error;
  };
  const Vector vectors[] = {
      {{"-p", "0"}, "Error: Invalid port specified (0)."},
      {{"-p", "65536"}, "Error: Invalid port specified (65536)."},
      {{"-p", "-1"}, "Error: Invalid port specified (-1)."},
      {{"-p", "mqtt"}, "Error: Invalid port specified (mqtt)."},
      {{"-p", ""}, "Error: Invalid port specified ()."},
      {{"-p"}, "Error: -p argument given, but no port specified."},
      {{"--check-store"}, "Error: --check-store argument given, but no folder specified."},
      {{"--dump-store", ""}, "Error: --dump-store argument given, but no folder specified."},
      {{"-c"}, "Error: -c argument given, but no config file specified."},
      {{"-c", ""}, "Error: -c argument given, but no config file specified."},
      {{"-c", "a", "-c", "b"}, "Error: Only one config file can be specified on the command line."},
      {{"-x"}, "Error: Unknown option '-x'."},
      {{"midge.conf"}, "Error: Unknown option 'midge.conf'."},
      {{""}, "Error: Unknown option ''."},
      {{"--tls-keylog", "keys"},
       "Error: TLS support not available so --tls-keylog is not available."},
      {{"-p", "1", "-p", "2", "-p", "3", "-p", "4", "-p", "5", "-p", "6", "-p", "7", "-p", "8",
        "-p", "9"},
       "Error: Only 8 ports can be specified on the command line."},
  };
  for (const Vector& v : vectors) {
    CAPTURE(v.error);
    const Parsed got(v.arguments);
    CHECK_FALSE(got.line);
    CHECK(got.reports.error() == v.error);
  }
}

TEST_CASE("the help names every option") {
  for (const char* option :
       {"-c", "--config-file", "-p", "--port", "-v", "--verbose", "-q", "--quiet", "-d", "--daemon",
        "-h", "--help", "--version", "--test-config"}) {
    CAPTURE(option);
    CHECK(help_text().find(option) != std::string_view::npos);
  }
  CHECK(help_text().ends_with('\n'));
}

TEST_CASE("-v logs everything and -q, which wins, nothing") {
  CommandLine verbose;
  verbose.verbose = true;
  CHECK(Loaded("log_type error\n", verbose).settings.log.levels == 0xFFFF);
  verbose.quiet = true;
  CHECK(Loaded("log_type error\n", verbose).settings.log.levels == 0);
}

TEST_CASE("-d reaches the settings") {
  CommandLine line;
  line.daemon = true;
  CHECK(Loaded(line).settings.daemon);
  CHECK_FALSE(Loaded(CommandLine{}).settings.daemon);
}
