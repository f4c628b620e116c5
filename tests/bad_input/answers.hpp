// The broker's packets, taken apart without any code of the broker.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tests/bad_input/oracle.hpp"

namespace midge::test::bad_input {

struct Seen {
  std::vector<Answer> answers;  // without PINGRESP
  std::size_t ping_responses = 0;
  std::optional<std::uint8_t> told;  // the code of a DISCONNECT or of a refusing CONNACK, the last
  std::vector<std::string> topics;   // of PUBLISH packets
  std::string assigned_id;           // by CONNACK
  std::string error;                 // the bytes are no packets, in words
};

[[nodiscard]] Seen read_answers(Version version, Bytes received);

[[nodiscard]] std::string hex_text(Bytes bytes);

}  // namespace midge::test::bad_input
