#include "broker/config/statement.hpp"

#include <optional>

#include "broker/config/values.hpp"
#include "broker/wire/text.hpp"

namespace midge::config {
namespace {

// Checks that the statement stands where it may, and chooses the listener it speaks of.
bool enter_scope(const Key& key, Draft& draft, const Reporter& reporter) {
  switch (key.scope) {
    case Scope::Global:
      return true;
    case Scope::Shared:
      if (draft.per_listener_settings && draft.current == Draft::kNone) break;
      draft.access_was_set = true;
      return true;
    case Scope::ThisListener:
      if (draft.current == Draft::kNone) break;
      return true;
    case Scope::DefaultListener:
      if (draft.current != Draft::kNone) return true;
      draft.current = Draft::kDefault;
      if (draft.stray.line == 0 && key.status == Status::Supported) {
        draft.stray.key = key.name;
        draft.stray.file_size =
            reporter.file().copy(draft.stray.file.data(), draft.stray.file.size());
        draft.stray.line = reporter.line();
      }
      return true;
    case Scope::Bridge:
      return reporter.error({"The '", key.name, "' option requires a bridge to be defined first."});
  }
  return reporter.error({"The '", key.name, "' option requires a listener to be defined first."});
}

bool number_fault(const Statement& statement, NumberFault fault, std::string_view word) {
  const Key& key = statement.key;
  if (key.type == Type::Duration) {
    return statement.reporter.error({"Invalid '", key.name, "' duration in configuration."});
  }
  if (fault == NumberFault::NotANumber) {
    return statement.reporter.error({"'", key.name, "' value not a number."});
  }
  if (!key.out_of_range.empty()) return statement.reporter.error({key.out_of_range});
  return invalid_value(statement, word);
}

Number parse(Type type, std::string_view word) {
  if (type == Type::Size) return parse_size(word);
  if (type == Type::Wait) return parse_wait(word);
  if (type == Type::Duration) return parse_duration(word);
  return parse_number(word);
}

bool read_number(Statement& statement, Value& value) {
  const Key& key = statement.key;
  const std::string_view word = read_word(statement);
  if (word.empty()) return false;
  const Number number = parse(key.type, word);
  if (!number) return number_fault(statement, number.error(), word);
  const bool is_above = *number > std::int64_t{key.maximum} && key.maximum != kAnyMaximum;
  if (*number < key.minimum || is_above) {
    const bool stands_for_no_limit = key.no_limit == NoLimit::Zero && *number == 0;
    if (!stands_for_no_limit) return number_fault(statement, NumberFault::OutOfRange, word);
  }
  value.no_limit = (key.no_limit == NoLimit::Zero && *number == 0) ||
                   (key.no_limit == NoLimit::Negative && *number < 0);
  value.number = value.no_limit ? std::int64_t{settings::kUnlimited} : *number;
  return true;
}

bool read_text(Statement& statement, Value& value) {
  const Key& key = statement.key;
  value.text = statement.words.rest();
  if (value.text.size() > key.maximum) {
    if (!key.out_of_range.empty()) return statement.reporter.error({key.out_of_range});
    return invalid_value(statement, value.text);
  }
  if (!wire::is_well_formed_text(value.text)) {
    return statement.reporter.error({"Malformed UTF-8 in configuration."});
  }
  return true;
}

// Checks the value by the key's type.
bool read_value(Statement& statement, Value& value) {
  const Key& key = statement.key;
  switch (key.type) {
    case Type::Flag: {
      const std::string_view word = read_word(statement);
      if (word.empty()) return false;
      const std::optional<bool> flag = parse_flag(word);
      if (!flag) return invalid_value(statement, word);
      value.flag = *flag;
      return true;
    }
    case Type::Choice: {
      const std::string_view word = read_word(statement);
      if (word.empty()) return false;
      const std::optional<std::int64_t> choice = parse_choice(word, key.note);
      if (!choice) return invalid_value(statement, word);
      value.number = *choice;
      return true;
    }
    case Type::Number:
    case Type::Size:
    case Type::Wait:
    case Type::Duration:
      return read_number(statement, value);
    case Type::Text:
      return read_text(statement, value);
    case Type::Special:
      return true;
  }
  return true;
}

bool refuse(const Key& key, const Reporter& reporter) {
  return reporter.error({"The '", key.name, "' option is not supported: ", key.note});
}

// Each key that may come once has its place in Draft::seen.
bool check_once(const Key& key, Draft& draft, const Reporter& reporter) {
  if (!key.once) return true;
  bool& seen = draft.seen[static_cast<std::size_t>(&key - keys().data())];
  if (seen) return reporter.error({"Duplicate '", key.name, "' value in configuration."});
  seen = true;
  return true;
}

}  // namespace

bool invalid_value(const Statement& statement, std::string_view value) {
  return statement.reporter.error(
      {"Invalid '", statement.key.name, "' value (", shown(value), ")."});
}

bool empty_value(const Statement& statement, std::string_view name) {
  return statement.reporter.error({"Empty '", name, "' value in configuration."});
}

std::string_view read_word(Statement& statement) {
  const std::string_view all = statement.words.rest();
  const std::string_view word = statement.words.next();
  if (word.empty()) {
    empty_value(statement, statement.key.name);
    return {};
  }
  if (!statement.words.done()) {
    invalid_value(statement, all);
    return {};
  }
  return word;
}

bool read_statement(std::string_view line, Draft& draft, const Reporter& reporter) {
  Words words(line);
  const std::string_view name = words.next();
  const Key* const key = find_key(name);
  if (key == nullptr) {
    return reporter.error({"Unknown configuration variable '", shown(name), "'"});
  }
  if (!enter_scope(*key, draft, reporter)) return false;

  Statement statement{*key, words, draft, reporter};
  if (key->type == Type::Special) return key->action.read(statement);
  if (words.rest().empty()) return empty_value(statement, name);
  // Whatever it says, a refused key is refused; only a flag may say that it asks for nothing.
  if (key->status == Status::Refused && key->type != Type::Flag) return refuse(*key, reporter);

  Value value;
  if (!read_value(statement, value)) return false;
  switch (key->status) {
    case Status::Supported:
      if (!check_once(*key, draft, reporter)) return false;
      if (value.flag && !key->note.empty()) reporter.warning({key->note});
      key->action.set(draft, value);
      return true;
    case Status::Ignored:
      reporter.warning({"The '", key->name, "' option has no effect: ", key->note});
      return true;
    case Status::Refused:
      return value.flag ? refuse(*key, reporter) : true;
  }
  return true;
}

}  // namespace midge::config
