// Reads one statement: finds its key, checks its value, puts it into the draft.
#pragma once

#include <string_view>

#include "broker/config/config_key.hpp"

namespace midge::config {

// `line` has at least one word. False after an error was reported.
[[nodiscard]] bool read_statement(std::string_view line, Draft& draft, const Reporter& reporter);

// The statement's one word; nothing but a comment may follow it. Empty after an error was reported.
[[nodiscard]] std::string_view read_word(Statement& statement);

// False, after "Error: Invalid '<name>' value (<value>)."
bool invalid_value(const Statement& statement, std::string_view value);
// False, after "Error: Empty '<name>' value in configuration."
bool empty_value(const Statement& statement, std::string_view name);

}  // namespace midge::config
