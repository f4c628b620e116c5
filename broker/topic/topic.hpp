// Topic names and filters (MQTT 5.0 section 4.7): levels, validity, $share, matching.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include "broker/base/bytes.hpp"
#include "broker/base/result.hpp"
#include "broker/wire/protocol.hpp"

namespace midge::topic {

// Walks over the levels of a name or filter; "a//b" has three, "/" has two.
class Levels {
 public:
  explicit Levels(std::string_view text) : rest_(text) {}

  // Moves to the next level, at first to the first; false behind the last one.
  [[nodiscard]] bool next();
  [[nodiscard]] std::string_view level() const { return level_; }

 private:
  std::string_view level_;
  std::string_view rest_;
  bool done_ = false;
};

[[nodiscard]] inline std::string_view first_level(std::string_view text) {
  // Levels are short: mostly the end is found sooner than a function is called that is made for
  // long texts.
  constexpr std::size_t kShort = kSparesFlash ? 0 : 16;
  const std::size_t most = text.size() < kShort ? text.size() : kShort;
  for (std::size_t i = 0; i < most; ++i) {
    if (text[i] == '/') return text.substr(0, i);
  }
  return text.size() <= kShort ? text : text.substr(0, text.find('/', kShort));
}

// Whether two texts of `bytes` are the same. For short ones: see first_level().
[[nodiscard]] inline bool is_same(const char* a, const char* b, std::size_t bytes) {
  if constexpr (kSparesFlash) return std::memcmp(a, b, bytes) == 0;
  const auto same_word = [a, b](std::size_t at) {
    std::uint64_t left;
    std::uint64_t right;
    std::memcpy(&left, a + at, sizeof left);
    std::memcpy(&right, b + at, sizeof right);
    return left == right;
  };
  constexpr std::size_t kWord = sizeof(std::uint64_t);
  if (bytes >= kWord) {
    for (std::size_t at = 0; at + kWord < bytes; at += kWord) {
      if (!same_word(at)) return false;
    }
    return same_word(bytes - kWord);
  }
  while (bytes > 0 && a[bytes - 1] == b[bytes - 1]) --bytes;
  return bytes == 0;
}

// Whether `text` begins with the whole levels `levels`.
[[nodiscard]] inline bool begins_with_levels(std::string_view text, std::string_view levels) {
  return text.size() >= levels.size() && is_same(text.data(), levels.data(), levels.size()) &&
         (text.size() == levels.size() || text[levels.size()] == '/');
}

// The bytes of all levels that two texts with the same first level have in common at their front,
// without the '/' behind the last.
[[nodiscard]] std::size_t common_levels(std::string_view a, std::string_view b);

// How many levels `text` has, at least 1.
[[nodiscard]] std::uint32_t count_levels(std::string_view text);

// Whether `text` has more levels than `most`. Few texts are long enough to be counted.
[[nodiscard]] inline bool has_more_levels(std::string_view text, std::uint32_t most) {
  return text.size() >= most && count_levels(text) > most;
}

// True for topics that wildcards at the first level do not match [MQTT-4.7.2-1].
[[nodiscard]] inline bool is_hidden(std::string_view topic_name) {
  return !topic_name.empty() && topic_name.front() == '$';
}

// Whether a level of a filter is the wildcard `wildcard`, '+' or '#'.
[[nodiscard]] inline bool is_wildcard(std::string_view level, char wildcard) {
  return level.size() == 1 && level.front() == wildcard;
}

// A SUBSCRIBE's filter taken apart.
struct Filter {
  std::string_view share_name{};  // empty: not shared
  std::string_view filter{};      // without $share/<name>/
  bool has_wildcard = false;

  [[nodiscard]] bool is_shared() const { return !share_name.empty(); }
};

// Checks the wildcards' places [MQTT-4.7.1-1] [MQTT-4.7.1-2] and the form of a shared filter
// [MQTT-4.8.2-1] [MQTT-4.8.2-2]. Error: MalformedPacket. The text is known to be valid UTF-8.
[[nodiscard]] Result<Filter, wire::ReasonCode> parse_filter(std::string_view text);

// Whether a valid filter (without $share) matches a valid topic name, character by character
// [MQTT-4.7.3-4].
[[nodiscard]] bool matches(std::string_view filter, std::string_view topic_name);

// Whether clients may publish to `topic_name` at all: $SYS and $CONTROL are the broker's, except
// $SYS/broker/connection/<id>/state, where bridges announce themselves.
[[nodiscard]] bool is_publishable(std::string_view topic_name);

}  // namespace midge::topic
