// log_dest and log_type: each statement adds one; the first replaces the default.
#include "broker/config/special_keys.hpp"
#include "broker/config/statement.hpp"

namespace midge::config {
namespace {

constexpr std::uint16_t kAllLevels = 0xFFFF;

void no_destination(settings::Log& log) {
  log.to_stderr = log.to_stdout = log.to_syslog = false;
  log.file = {};
}

// A destination that midge does not have is named; the others, or the default, stay.
bool ignored(const Statement& statement, std::string_view word) {
  statement.reporter.warning(
      {"The '", statement.key.name, " ", word, "' option has no effect: midge has none."});
  return true;
}

}  // namespace

bool read_log_dest(Statement& statement) {
  Draft& draft = statement.draft;
  settings::Log& log = draft.settings.log;
  const std::string_view word = statement.words.next();
  if (word.empty()) return empty_value(statement, statement.key.name);

  const bool is_file = word == "file";
  const std::string_view path = statement.words.rest();
  if (is_file && path.empty()) {
    return statement.reporter.error({"Empty \"log_dest file\" value in configuration."});
  }
  if (is_file && !log.file.empty()) {
    return statement.reporter.error({"Duplicate \"log_dest file\" value."});
  }
  if (!is_file && !statement.words.done()) return invalid_value(statement, path);
  if (word == "topic" || word == "dlt" || word == "android") return ignored(statement, word);
  if (!is_file && word != "none" && word != "stderr" && word != "stdout" && word != "syslog") {
    return invalid_value(statement, word);
  }

  if (!draft.log_dest_was_set || word == "none") no_destination(log);
  draft.log_dest_was_set = true;
  if (is_file) log.file = path;
  if (word == "stderr") log.to_stderr = true;
  if (word == "stdout") log.to_stdout = true;
  if (word == "syslog") log.to_syslog = true;
  return true;
}

bool read_log_type(Statement& statement) {
  struct LogType {
    std::string_view name;
    std::uint16_t levels;
  };
  static constexpr LogType kTypes[] = {
      {"all", kAllLevels},
      {"debug", settings::level_bit(LogLevel::Debug)},
      {"error", settings::level_bit(LogLevel::Error)},
      {"information", settings::level_bit(LogLevel::Information)},
      {"notice", settings::level_bit(LogLevel::Notice)},
      {"subscribe", settings::level_bit(LogLevel::Subscribe)},
      {"unsubscribe", settings::level_bit(LogLevel::Unsubscribe)},
      {"warning", settings::level_bit(LogLevel::Warning)},
  };

  Draft& draft = statement.draft;
  std::uint16_t& levels = draft.settings.log.levels;
  const std::string_view word = read_word(statement);
  if (word.empty()) return false;
  if (word == "internal" || word == "websockets") return ignored(statement, word);
  if (word == "none") {
    levels = 0;
    draft.log_type_was_set = true;
    return true;
  }
  for (const LogType& type : kTypes) {
    if (type.name != word) continue;
    if (!draft.log_type_was_set) levels = 0;
    draft.log_type_was_set = true;
    levels = static_cast<std::uint16_t>(levels | type.levels);
    return true;
  }
  return invalid_value(statement, word);
}

}  // namespace midge::config
