// Reads one statement: finds its key, checks its value, puts it into the draft.
#pragma once

#include <cstdint>
#include <string_view>

#include "broker/config/draft.hpp"
#include "broker/config/key.hpp"
#include "broker/config/lines.hpp"
#include "broker/config/reporter.hpp"

namespace midge::config {

// One line of a configuration, without its key, of which `reporter` knows the name.
struct Statement {
  const KeyTable& table;
  const Key& key;
  Words words;
  Draft& draft;
  const Reporter& reporter;

  [[nodiscard]] const char* note() const { return table.notes[key.note].text(); }
};

inline constexpr const char* kNeedsListener =
    "The '$' option requires a listener to be defined first.";

// `line` has at least one word. False after an error was reported.
[[nodiscard]] bool read_statement(std::string_view line, Draft& draft, Reporter& reporter);

// All statements of a text, up to the first that is wrong: false after that was reported.
[[nodiscard]] bool read_statements(std::string_view file, std::string_view text, Draft& draft,
                                   Reporter& reporter);

// The statement's one word; nothing but a comment may follow it. Empty after an error was reported.
[[nodiscard]] std::string_view read_word(Statement& statement);

// The position of the statement's one word among `choices`, which have '|' between them. -1 after
// an error was reported.
[[nodiscard]] int read_choice(Statement& statement, const char* choices);
// 0 or 1; -1 after an error was reported.
[[nodiscard]] int read_flag(Statement& statement);

// False, after an error with the key's name and, of the first, the value.
bool invalid_value(const Statement& statement, std::string_view value);
bool empty_value(const Statement& statement);

}  // namespace midge::config
