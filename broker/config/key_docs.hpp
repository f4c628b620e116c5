// What people are told of a configuration key. No broker needs it: it is not part of the program.
#pragma once

#include "broker/config/config_key.hpp"
#include "broker/config/literal.hpp"

namespace midge::config {

struct KeyDocs {
  Literal default_text{};  // empty: not set
  Literal text{};          // what it does, or why it is ignored or refused
  Literal values{};        // of a Special: what may stand there
};

// `key` is one of keys().
[[nodiscard]] const KeyDocs& docs_of(const Key& key);

}  // namespace midge::config
