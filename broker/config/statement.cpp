#include "broker/config/statement.hpp"

#include <cstddef>
#include <optional>

#include "broker/base/text_list.hpp"
#include "broker/config/values.hpp"
#include "broker/wire/text.hpp"

namespace midge::config {
namespace {

// Checks that the statement stands where it may, and chooses the listener it speaks of.
bool enter_scope(Scope scope, Draft& draft, const Reporter& reporter) {
  if (scope == Scope::Global) return true;
  if (scope == Scope::Shared) {
    draft.access_was_set = true;
    if (!draft.per_listener_settings) return true;
  }
  if (draft.current != Draft::kNone) return true;
  if (scope != Scope::DefaultListener) return reporter.error(kNeedsListener);
  draft.current = Draft::kDefault;
  if (draft.stray.empty()) {
    draft.stray = reporter.key();
    draft.stray_place = reporter.place();
  }
  return true;
}

bool out_of_range(const Statement& statement, std::string_view value) {
  if (statement.key.type == Type::Duration)
    return statement.reporter.error("Invalid '$' duration in configuration.");
  const char* const sentence = statement.note();
  return *sentence != '\0' ? statement.reporter.error(sentence) : invalid_value(statement, value);
}

bool read_number(Statement& statement, Value& value) {
  const Key& key = statement.key;
  const std::string_view word = read_word(statement);
  if (word.empty()) return false;
  const std::optional<std::int64_t> number = parse_number(key.type, word);
  if (!number && key.type != Type::Duration)
    return statement.reporter.error("'$' value not a number.");
  value.number = number.value_or(0);  // which is no duration
  value.no_limit = (key.no_limit == NoLimit::Zero && value.number == 0) ||
                   (key.no_limit == NoLimit::Negative && value.number < 0);
  const Range& range = statement.table.ranges[key.range];
  // A zero that stands for no limit need not be in the range.
  const bool is_below = value.number < range.minimum && !(value.no_limit && value.number == 0);
  const bool is_above = value.number > range.maximum && range.maximum != kAnyMaximum;
  if (is_below || is_above) return out_of_range(statement, word);
  if (value.no_limit) value.number = settings::kUnlimited;
  return true;
}

bool read_text(Statement& statement, Value& value) {
  value.text = statement.words.rest();
  if (value.text.empty()) return empty_value(statement);
  if (value.text.size() > statement.table.ranges[statement.key.range].maximum)
    return out_of_range(statement, value.text);
  if (!wire::is_well_formed_text(value.text))
    return statement.reporter.error("Malformed UTF-8 in configuration.");
  return true;
}

// Checks the value by the key's type.
bool read_value(Statement& statement, Value& value) {
  switch (statement.key.type) {
    case Type::Special:
      return true;
    case Type::Text:
      return read_text(statement, value);
    case Type::Flag:
      value.number = read_flag(statement);
      return value.number >= 0;
    case Type::Choice:
      value.number = read_choice(statement, statement.note());
      return value.number >= 0;
    case Type::Number:
    case Type::Size:
    case Type::Wait:
    case Type::Duration:
      break;
  }
  return read_number(statement, value);
}

// What a key's place is counted from.
void* owner(Scope scope, Draft& draft) {
  switch (scope) {
    case Scope::Global:
    case Scope::Bridge:
      break;
    case Scope::Shared:
      return &draft.shared_access();
    case Scope::ListenerAccess:
      return &draft.access[draft.current];
    case Scope::ThisListener:
    case Scope::DefaultListener:
      return &draft.listener();
  }
  return &draft.settings;
}

template <class T>
T& object_at(void* owner, std::size_t place) {
  return *reinterpret_cast<T*>(static_cast<std::byte*>(owner) + place);
}

// The key's range, which the tests compare with the place's, keeps the number whole.
bool store(Statement& statement, const Value& value) {
  const Key& key = statement.key;
  void* const to = owner(key.scope, statement.draft);
  switch (key.store) {
    case Store::Byte:
      if (key.type == Type::Flag && value.number != 0 && *statement.note() != '\0')
        statement.reporter.warning(statement.note(), {});
      object_at<std::uint8_t>(to, key.place) = static_cast<std::uint8_t>(value.number);
      break;
    case Store::Half:
      object_at<std::uint16_t>(to, key.place) = static_cast<std::uint16_t>(value.number);
      break;
    case Store::Word:
      object_at<std::uint32_t>(to, key.place) = static_cast<std::uint32_t>(value.number);
      break;
    case Store::OptionalFlag:
      object_at<std::optional<bool>>(to, key.place) = value.number != 0;
      break;
    case Store::Text: {
      auto& text = object_at<std::string_view>(to, key.place);
      if (key.once && !text.empty())
        return statement.reporter.error("Duplicate '$' value in configuration.");
      text = value.text;
      break;
    }
    case Store::Reader:
      return statement.table.readers[key.place](statement, value);
  }
  return true;
}

}  // namespace

bool invalid_value(const Statement& statement, std::string_view value) {
  return statement.reporter.error("Invalid '$' value (%).", value);
}

bool empty_value(const Statement& statement) {
  return statement.reporter.error("Empty '$' value in configuration.");
}

std::string_view read_word(Statement& statement) {
  const std::string_view all = statement.words.rest();
  const std::string_view word = statement.words.next();
  if (word.empty()) {
    empty_value(statement);
    return {};
  }
  if (!statement.words.done()) {
    invalid_value(statement, all);
    return {};
  }
  return word;
}

int read_choice(Statement& statement, const char* choices) {
  const std::string_view word = read_word(statement);
  if (word.empty()) return -1;
  const int position = position_in(choices, word);
  if (position < 0) invalid_value(statement, word);
  return position;
}

int read_flag(Statement& statement) {
  const int position = read_choice(statement, "false|true|0|1");
  return position < 0 ? position : position % 2;
}

bool read_statement(std::string_view line, Draft& draft, Reporter& reporter) {
  Words words(line);
  const std::string_view name = words.next();
  const FoundKey found = draft.find_key(name);
  if (found.key == nullptr) return reporter.error("Unknown configuration variable '%'", name);
  reporter.about(found.name);
  if (!enter_scope(found.key->scope, draft, reporter)) return false;

  Statement statement{*found.table, *found.key, words, draft, reporter};
  Value value;
  return read_value(statement, value) && store(statement, value);
}

bool read_statements(std::string_view file, std::string_view text, Draft& draft,
                     Reporter& reporter) {
  for (Lines lines(text); lines.next();) {
    reporter.at({file, lines.number()});
    if (!read_statement(lines.line(), draft, reporter)) return false;
  }
  return true;
}

}  // namespace midge::config
