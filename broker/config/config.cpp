#include "broker/config/config.hpp"

#include "broker/config/draft.hpp"
#include "broker/config/finish.hpp"
#include "broker/config/reader.hpp"

namespace midge::config {

bool load_settings(const CommandLine& command_line, hal::TextSource& source,
                   settings::Settings& out, Diagnostics& diagnostics) {
  Draft draft;
  if (!command_line.config_file.empty()) {
    Reader reader(source, draft, diagnostics);
    if (!reader.read(command_line.config_file)) return false;
  }
  if (!finish(draft, command_line, Reporter(diagnostics))) return false;
  out = draft.settings;
  return true;
}

}  // namespace midge::config
