// The mosquitto.conf dialect and the command line -> Settings; the same code on every target.
#pragma once

#include <cstdint>
#include <string_view>

#include "broker/config/command_line.hpp"
#include "broker/config/diagnostics.hpp"
#include "broker/hal/text_source.hpp"
#include "broker/settings/settings.hpp"

namespace midge::config {

enum class Storage : std::uint8_t {
  None,  // a configuration that asks for persistence is refused
  Available,
};

// Reads the file that `command_line` names and what it includes (none: "local only mode", loopback
// and anonymous) and applies the command line's own choices. `out` is written only when everything
// is right; false, with at least one error reported, leaves it as it was, so a reload with a
// mistake changes nothing. Its texts are views into `source`, which must outlive it.
[[nodiscard]] bool load_settings(const CommandLine& command_line, hal::TextSource& source,
                                 settings::Settings& out, Diagnostics& diagnostics,
                                 Storage storage = Storage::None);

// For a board, which has one text and no command line: knows the keys of every broker, not those of
// one under an operating system. `out` has its defaults before; after an error, which was reported,
// it is half written. Its texts are views into `text`.
[[nodiscard]] bool read_settings(std::string_view file, std::string_view text,
                                 settings::Settings& out, Diagnostics& diagnostics,
                                 Storage storage = Storage::None);

}  // namespace midge::config
