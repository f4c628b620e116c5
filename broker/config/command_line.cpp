#include "broker/config/command_line.hpp"

#include "broker/base/text.hpp"
#include "broker/config/reporter.hpp"
#include "broker/config/values.hpp"

namespace midge::config {
namespace {

bool add_port(CommandLine& line, std::string_view text, const Reporter& reporter) {
  const std::optional<std::int64_t> port = parse_number(Type::Number, text);
  if (!port || *port < 1 || *port > 65'535) {
    return reporter.error("Invalid port specified (%).", text);
  }
  if (line.port_count == kMaximumPorts) {
    Text<8> most;
    most.add(kMaximumPorts);
    return reporter.error("Only % ports can be specified on the command line.", most.view());
  }
  line.ports[line.port_count++] = static_cast<std::uint16_t>(*port);
  return true;
}

bool set_folder(std::string_view& folder, std::string_view option, std::string_view value,
                const Reporter& reporter) {
  folder = value;
  return !value.empty() || reporter.error("% argument given, but no folder specified.", option);
}

}  // namespace

std::optional<CommandLine> parse_command_line(std::span<const char* const> arguments,
                                              Diagnostics& diagnostics) {
  const Reporter reporter(diagnostics);
  CommandLine line;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view argument = arguments[i];
    const bool has_value = i + 1 < arguments.size();
    if (argument == "-c" || argument == "--config-file") {
      if (!has_value || *arguments[i + 1] == '\0') {
        reporter.error("-c argument given, but no config file specified.");
        return {};
      }
      if (!line.config_file.empty()) {
        reporter.error("Only one config file can be specified on the command line.");
        return {};
      }
      line.config_file = arguments[++i];
    } else if (argument == "-p" || argument == "--port") {
      if (!has_value) {
        reporter.error("-p argument given, but no port specified.");
        return {};
      }
      if (!add_port(line, arguments[++i], reporter)) return {};
    } else if (argument == "--check-store" || argument == "--dump-store") {
      std::string_view& folder = argument == "--check-store" ? line.check_store : line.dump_store;
      if (!set_folder(folder, argument, has_value ? arguments[++i] : "", reporter)) return {};
    } else if (argument == "-v" || argument == "--verbose") {
      line.verbose = true;
    } else if (argument == "-q" || argument == "--quiet") {
      line.quiet = true;
    } else if (argument == "-d" || argument == "--daemon") {
      line.daemon = true;
    } else if (argument == "--test-config") {
      line.test_config = true;
    } else if (argument == "-h" || argument == "--help") {
      line.help = true;
      return line;  // whatever else there is
    } else if (argument == "--version") {
      line.version = true;
      return line;
    } else if (argument == "--tls-keylog") {
      reporter.error("TLS support not available so --tls-keylog is not available.");
      return {};
    } else {
      reporter.error("Unknown option '%'.", argument);
      return {};
    }
  }
  return line;
}

std::string_view help_text() {
  return "midge is a small MQTT v5.0/v3.1.1/v3.1 broker.\n"
         "\n"
         "Usage: midge [-c config_file] [-p port]... [-v] [-q] [-d] [-h]\n"
         "             [--version] [--test-config] [--check-store folder]\n"
         "             [--dump-store folder]\n"
         "\n"
         " -c, --config-file : read this file, in the form of mosquitto.conf. Without a listener\n"
         "      in it, or without a file, only this machine can connect, to port 1883.\n"
         " -p, --port : listen on this port instead of 1883. May be repeated, up to 8 times.\n"
         "      Counts only where the config file defines no listener or port.\n"
         " -v, --verbose : log everything. This overrides the config file.\n"
         " -q, --quiet : log nothing but why it can't start. This overrides the config file and "
         "-v.\n"
         " -d, --daemon : go into the background when the broker runs.\n"
         " -h, --help : show this help.\n"
         " --version : show the version.\n"
         " --test-config : check the config file and exit.\n"
         " --check-store : say what is in the store in this folder (persistence_location), which\n"
         "      no broker may be using, and exit: with 0 when all of it is intact, 1 when it is\n"
         "      damaged, 3 when it can't be read. Nothing is written to it.\n"
         " --dump-store : the same, but print every record, a JSON object a line.\n"
         "\n"
         "docs/config.md lists what the config file may say.\n";
}

}  // namespace midge::config
