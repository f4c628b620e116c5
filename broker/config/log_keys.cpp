// log_type and log_dest: each statement adds one; the first replaces the default.
#include "broker/base/text_list.hpp"
#include "broker/config/special_keys.hpp"
#include "broker/config/statement.hpp"

namespace midge::config {
namespace {

// What midge does not have is named; the others, or the default, stay.
bool ignore(const Statement& statement, std::string_view word) {
  statement.reporter.warning("The '$ %' option has no effect: midge has none.", word);
  return true;
}

}  // namespace

bool read_log_type(Statement& statement, const Value&) {
  // The levels in their order, then what is none of them.
  constexpr int kAll = static_cast<int>(LogLevel::Unsubscribe) + 1;
  constexpr int kNone = kAll + 1;
  const std::string_view word = read_word(statement);
  if (word.empty()) return false;
  const int type = position_in(
      "error|warning|notice|information|debug|subscribe|unsubscribe|all|none|internal|websockets",
      word);
  if (type < 0) return invalid_value(statement, word);
  if (type > kNone) return ignore(statement, word);

  Draft& draft = statement.draft;
  std::uint16_t& levels = draft.settings.log.levels;
  if (!draft.log_type_was_set || type == kNone) levels = 0;
  draft.log_type_was_set = true;
  if (type == kAll) levels = 0xFFFF;
  if (type < kAll) levels = static_cast<std::uint16_t>(levels | 1U << type);
  return true;
}

bool read_log_dest(Statement& statement, const Value&) {
  enum Destination : int { kNone, kStderr, kStdout, kSyslog, kFile, kNotHere };
  Draft& draft = statement.draft;
  settings::Log& log = draft.settings.log;
  const std::string_view word = statement.words.next();
  const std::string_view path = statement.words.rest();
  if (word.empty()) return empty_value(statement);
  const int destination = position_in("none|stderr|stdout|syslog|file|topic|dlt|android", word);
  if (destination == kFile && path.empty())
    return statement.reporter.error("Empty \"log_dest file\" value in configuration.");
  if (destination == kFile && !log.file.empty())
    return statement.reporter.error("Duplicate \"log_dest file\" value.");
  if (destination != kFile && !statement.words.done()) return invalid_value(statement, path);
  if (destination < 0) return invalid_value(statement, word);
  if (destination >= kNotHere) return ignore(statement, word);

  if (!draft.log_dest_was_set || destination == kNone) {
    log.to_stderr = log.to_stdout = log.to_syslog = false;
    log.file = {};
  }
  draft.log_dest_was_set = true;
  if (destination == kFile) log.file = path;
  if (destination == kStderr) log.to_stderr = true;
  if (destination == kStdout) log.to_stdout = true;
  if (destination == kSyslog) log.to_syslog = true;
  return true;
}

bool read_log_facility(Statement& statement, const Value& value) {
  constexpr std::string_view kNames = "local0local1local2local3local4local5local6local7";
  constexpr std::size_t kLength = 6;
  statement.draft.settings.log.facility =
      kNames.substr(static_cast<std::size_t>(value.number) * kLength, kLength);
  return true;
}

}  // namespace midge::config
