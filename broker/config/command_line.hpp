// The arguments of the program `midge`, with Mosquitto's letters. Nothing is opened here.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "broker/config/diagnostics.hpp"
#include "broker/settings/settings.hpp"

namespace midge::config {

// Each opens a listener for IPv4 and one for IPv6.
inline constexpr std::size_t kMaximumPorts = settings::kMaximumListeners / 2;

// Views point into the arguments.
struct CommandLine {
  std::string_view config_file;  // empty: none was named
  std::string_view check_store;  // a folder whose store is to be checked, or shown; empty: none
  std::string_view dump_store;
  std::array<std::uint16_t, kMaximumPorts> ports{};  // each 1 to 65'535
  std::size_t port_count = 0;
  bool verbose = false;
  bool quiet = false;
  bool daemon = false;
  bool help = false;
  bool version = false;
  bool test_config = false;
};

// `arguments` is without the program's name. Nothing when one is unknown, lacks its value or is
// out of range; that was reported then.
[[nodiscard]] std::optional<CommandLine> parse_command_line(std::span<const char* const> arguments,
                                                            Diagnostics& diagnostics);

// What --help prints, ending with a newline.
[[nodiscard]] std::string_view help_text();

}  // namespace midge::config
