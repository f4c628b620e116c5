// Reads the configuration file and the folders it includes into a draft.
#pragma once

#include <array>
#include <string_view>

#include "broker/config/draft.hpp"
#include "broker/config/reporter.hpp"
#include "broker/hal/text_source.hpp"

namespace midge::config {

// Must live until the draft is finished.
class Reader {
 public:
  Reader(hal::TextSource& source, Draft& draft, Reporter& reporter)
      : source_(source), draft_(draft), reporter_(reporter) {}

  // The main file. False after the first error, which was reported.
  [[nodiscard]] bool read(std::string_view file);

 private:
  bool open(std::string_view file, std::string_view& text) const;
  bool include(std::string_view folder);
  bool read_included(std::string_view file);

  hal::TextSource& source_;
  Draft& draft_;
  Reporter& reporter_;
  std::array<char, 160> stray_file_;  // the name of an included file does not last by itself
};

}  // namespace midge::config
