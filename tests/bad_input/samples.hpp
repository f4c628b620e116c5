// Right packets, field by field: those of the wire tests (tests/unit/wire) and of the fuzz corpus
// that a client can send, those that only a server sends, and some that are refused alone.
#pragma once

#include <string_view>
#include <vector>

#include "tests/bad_input/stage.hpp"

namespace midge::test::bad_input {

struct Sample {
  std::string_view name;
  Version version{};
  Scene scene{};
  std::string_view fields;  // see field.hpp
};

// Of one version.
[[nodiscard]] std::vector<Sample> samples(Version version);

}  // namespace midge::test::bad_input
