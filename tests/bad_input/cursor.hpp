// Walks over the body of a packet as the spec describes it, notes the fields and what is wrong with
// them. It stands beside broker/wire on purpose: nothing of that is used here.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/bad_input/field.hpp"

namespace midge::test::bad_input {

inline constexpr std::uint8_t kMalformed = 0x81;
inline constexpr std::uint8_t kProtocolError = 0x82;

// Where a property stands: the packet's type as its first byte has it, or in the will.
inline constexpr unsigned kInWill = 0;

struct Section {
  std::map<std::uint8_t, std::uint32_t> numbers;
  std::map<std::uint8_t, std::string> texts;

  [[nodiscard]] bool has(std::uint8_t id) const {
    return numbers.count(id) != 0 || texts.count(id) != 0;
  }
};

class Cursor {
 public:
  // `have` is the front of a body of `whole_bytes`, at `offset` in the stream.
  Cursor(Bytes have, std::size_t whole_bytes, std::size_t offset, std::vector<Field>& fields)
      : have_(have),
        limit_(whole_bytes),
        offset_(offset),
        fields_(fields),
        is_cut_(have.size() < whole_bytes) {}

  // All return zeros and nothing once the walk has stopped.
  std::uint32_t number(Kind kind, std::size_t bytes);
  std::uint32_t variable(Kind kind);
  std::string text(Kind kind);  // Text, Topic, Filter, Protocol or Data, behind its length
  std::string rest(Kind kind);
  Section properties(unsigned place);

  // A rule is broken that leaves the shape of the packet as it is.
  void fault(std::uint8_t code) { faults_.insert(code); }
  // The shape is broken: nothing behind this place means anything.
  void stop(std::uint8_t code);

  [[nodiscard]] bool more() const { return !stopped_ && at_ < limit_; }
  [[nodiscard]] bool stopped() const { return stopped_; }
  // The packet has not come whole.
  [[nodiscard]] bool is_cut() const { return is_cut_; }
  [[nodiscard]] const std::set<std::uint8_t>& faults() const { return faults_; }
  // Nothing may stand behind what was read.
  void end() {
    if (more()) stop(kMalformed);
  }

 private:
  Bytes take(Kind kind, std::size_t bytes);
  void property(unsigned place, Section& section);

  Bytes have_;
  std::size_t limit_;
  std::size_t offset_;
  std::vector<Field>& fields_;
  bool is_cut_;
  std::size_t at_ = 0;
  bool stopped_ = false;
  std::set<std::uint8_t> faults_;
};

[[nodiscard]] bool is_text(std::string_view bytes);       // UTF-8 without NUL
[[nodiscard]] bool is_topic_name(std::string_view text);  // at least a byte, no wildcard
[[nodiscard]] std::size_t count_levels(std::string_view topic);

}  // namespace midge::test::bad_input
