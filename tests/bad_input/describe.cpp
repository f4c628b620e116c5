#include "tests/bad_input/answers.hpp"

namespace midge::test::bad_input {

std::string describe(const Answer& answer) {
  std::string text = hex_text(Bytes(&answer.first_byte, 1));
  if (answer.packet_id != 0) text += " id " + std::to_string(answer.packet_id);
  if (!answer.codes.empty()) text += " [" + hex_text(answer.codes) + "]";
  return text;
}

std::string describe(const Outcome& outcome) {
  switch (outcome.end) {
    case End::Works:
      return "works";
    case End::Ended:
      return "ended by the client";
    case End::Waits:
      return "waits for more";
    case End::Refused:
      break;
  }
  if (outcome.code == 0) return "closed without a word";
  return "refused with " + hex_text(Bytes(&outcome.code, 1));
}

std::string describe(const Expected& expected) {
  std::string text;
  for (const Answer& answer : expected.answers) {
    text += (text.empty() ? "answers " : ", ") + describe(answer);
  }
  if (!text.empty()) text += "; ";
  bool is_first = true;
  for (const Outcome& outcome : expected.outcomes) {
    if (!is_first) text += ", or ";
    is_first = false;
    text += describe(outcome);
  }
  return text;
}

}  // namespace midge::test::bad_input
