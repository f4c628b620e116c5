#include "broker/config/reader.hpp"

#include "broker/base/text.hpp"
#include "broker/config/lines.hpp"
#include "broker/config/statement.hpp"

namespace midge::config {
namespace {

constexpr std::size_t kMaximumIncludedFiles = 1'000;
constexpr std::size_t kMaximumPathBytes = 512;

[[nodiscard]] bool is_include(std::string_view line) {
  return Words(line).next() == "include_dir";
}

}  // namespace

bool Reader::read(std::string_view file) {
  std::string_view text;
  if (!open(file, text)) return false;
  Lines lines(text);
  while (lines.next()) {
    reporter_.at(file, lines.number());
    const bool ok = is_include(lines.line()) ? include(lines.line())
                                             : read_statement(lines.line(), draft_, reporter_);
    if (!ok) return false;
  }
  return true;
}

bool Reader::open(std::string_view file, std::string_view& text) const {
  if (const auto found = source_.text(file)) {
    text = *found;
    return true;
  }
  if (source_.has_folder(file)) {
    return reporter_.error({"Config file '", file, "' is a directory."});
  }
  return reporter_.error({"Unable to open config file '", file, "'."});
}

bool Reader::include(std::string_view line) {
  Words words(line);
  (void)words.next();
  const std::string_view folder = words.rest();
  if (folder.empty()) return reporter_.error({"Empty 'include_dir' value in configuration."});
  if (!source_.has_folder(folder)) {
    return reporter_.error({"Unable to open include_dir '", shown(folder), "'."});
  }

  const Reporter here = reporter_;
  const std::size_t listener = draft_.current;
  for (std::size_t index = 0; index < kMaximumIncludedFiles; ++index) {
    reporter_.at(here.file(), here.line());
    const auto name = source_.entry(folder, index);
    if (!name) {
      draft_.current = listener;  // the main file goes on where it was
      return true;
    }
    char buffer[kMaximumPathBytes];
    TextWriter path(buffer, sizeof buffer);
    path.add(folder).add(folder.ends_with('/') ? "" : "/").add(*name);
    if (path.view().size() == kMaximumPathBytes) {
      return here.error({"The names in include_dir '", shown(folder), "' are too long."});
    }
    draft_.current = Draft::kNone;
    if (!read_included(path.view())) return false;
  }
  return here.error({"There are too many files in include_dir '", shown(folder), "'."});
}

bool Reader::read_included(std::string_view file) {
  std::string_view text;
  if (!open(file, text)) return false;
  Lines lines(text);
  while (lines.next()) {
    reporter_.at(file, lines.number());
    if (is_include(lines.line())) {
      return reporter_.error(
          {"The include_dir option is only valid in the main configuration file."});
    }
    if (!read_statement(lines.line(), draft_, reporter_)) return false;
  }
  return true;
}

}  // namespace midge::config
