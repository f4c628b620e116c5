#include "broker/config/reader.hpp"

#include "broker/base/text.hpp"
#include "broker/config/lines.hpp"
#include "broker/config/special_keys.hpp"
#include "broker/config/statement.hpp"

namespace midge::config {
namespace {

constexpr std::size_t kMaximumIncludedFiles = 1'000;
constexpr std::size_t kMaximumPathBytes = 512;
constexpr std::size_t kMaximumFileShown = 160;

// The end of a path says more than its beginning.
std::string_view shown_file(std::string_view file) {
  return file.size() <= kMaximumFileShown ? file : file.substr(file.size() - kMaximumFileShown);
}

}  // namespace

bool Reader::read(std::string_view file) {
  std::string_view text;
  if (!open(file, text)) return false;
  for (Lines lines(text); lines.next();) {
    reporter_.at({shown_file(file), lines.number()});
    Words words(lines.line());
    const bool ok = words.next() == "include_dir" ? include(words.rest())
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
  reporter_.report(LogLevel::Error,
                   source_.has_folder(file) ? "Config file '%' is a directory."
                                            : "Unable to open config file '%'.",
                   file);
  return false;
}

bool Reader::include(std::string_view folder) {
  if (folder.empty()) return reporter_.error("Empty 'include_dir' value in configuration.");
  if (!source_.has_folder(folder))
    return reporter_.error("Unable to open include_dir '%'.", folder);

  const Place here = reporter_.place();
  const std::size_t listener = draft_.current;
  for (std::size_t index = 0; index < kMaximumIncludedFiles; ++index) {
    reporter_.at(here);
    const auto name = source_.entry(folder, index);
    if (!name) {
      draft_.current = listener;  // the main file goes on where it was
      return true;
    }
    Text<kMaximumPathBytes> path;
    path.add(folder).add(folder.ends_with('/') ? "" : "/").add(*name);
    if (path.view().size() == kMaximumPathBytes)
      return reporter_.error("The names in include_dir '%' are too long.", folder);
    draft_.current = Draft::kNone;
    if (!read_included(path.view())) return false;
  }
  reporter_.at(here);
  return reporter_.error("There are too many files in include_dir '%'.", folder);
}

bool Reader::read_included(std::string_view file) {
  std::string_view text;
  if (!open(file, text)) return false;
  const bool was_stray = !draft_.stray.empty();
  if (!read_statements(shown_file(file), text, draft_, reporter_)) return false;
  if (!was_stray && !draft_.stray.empty()) {
    std::string_view& stray_file = draft_.stray_place.file;
    stray_file = {stray_file_.data(), stray_file.copy(stray_file_.data(), stray_file_.size())};
  }
  return true;
}

// In the main file the reader takes it.
bool read_include_dir(Statement& statement, const Value&) {
  return statement.reporter.error(
      "The include_dir option is only valid in the main configuration file.");
}

}  // namespace midge::config
