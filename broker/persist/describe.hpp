// The names of record types and of their fields (docs/persistence.md), for people.
#pragma once

#include <array>
#include <string_view>

#include "broker/persist/record.hpp"

namespace midge::persist {

// Of what Record has; empty: this type has it not.
struct RecordNames {
  std::string_view type{};
  std::string_view owner{};
  std::string_view message{};
  std::array<std::string_view, 4> numbers{};
  std::array<std::string_view, 3> texts{};
};

// A name of a text that is not text but bytes ends so.
inline constexpr std::string_view kBase64 = "_base64";

[[nodiscard]] RecordNames names_of(RecordType type);

}  // namespace midge::persist
