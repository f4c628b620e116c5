#include "broker/topic/topic.hpp"

#include <algorithm>

namespace midge::topic {

using wire::ReasonCode;

std::uint32_t count_levels(std::string_view text) {
  return 1 + static_cast<std::uint32_t>(std::count(text.begin(), text.end(), '/'));
}

std::size_t common_levels(std::string_view a, std::string_view b) {
  std::size_t common = 0;
  for (std::size_t i = 0;; ++i) {
    const bool a_ends = i == a.size() || a[i] == '/';
    const bool b_ends = i == b.size() || b[i] == '/';
    if (a_ends && b_ends) common = i;
    if (i == a.size() || i == b.size() || a[i] != b[i]) return common;
  }
}

namespace {

bool has_wildcard_character(std::string_view text) {
  return text.find_first_of("+#") != std::string_view::npos;
}

}  // namespace

bool Levels::next() {
  if (done_) return false;
  level_ = first_level(rest_);
  done_ = level_.size() == rest_.size();
  if (!done_) rest_.remove_prefix(level_.size() + 1);
  return true;
}

Result<Filter, ReasonCode> parse_filter(std::string_view text) {
  constexpr std::string_view kShare = "$share/";
  constexpr Failure kMalformed{ReasonCode::MalformedPacket};
  Filter parsed{.filter = text};
  if (text.starts_with(kShare)) {
    parsed.filter.remove_prefix(kShare.size());
    parsed.share_name = first_level(parsed.filter);
    // The name has at least one character, no wildcard, and a filter behind it.
    if (parsed.share_name.empty() || parsed.share_name.size() == parsed.filter.size() ||
        has_wildcard_character(parsed.share_name)) {
      return kMalformed;
    }
    parsed.filter.remove_prefix(parsed.share_name.size() + 1);
  }
  // At least one character [MQTT-4.7.3-1].
  if (parsed.filter.empty()) return kMalformed;
  bool after_hash = false;
  Levels levels(parsed.filter);
  while (levels.next()) {
    if (after_hash) return kMalformed;
    if (!has_wildcard_character(levels.level())) continue;
    if (levels.level().size() > 1) return kMalformed;
    parsed.has_wildcard = true;
    after_hash = levels.level().front() == '#';
  }
  return parsed;
}

bool matches(std::string_view filter, std::string_view topic_name) {
  if (is_hidden(topic_name) && (filter.front() == '+' || filter.front() == '#')) return false;
  Levels wanted(filter);
  Levels levels(topic_name);
  while (wanted.next()) {
    if (is_wildcard(wanted.level(), '#')) return true;  // all below, and the parent too
    if (!levels.next()) return false;
    if (!is_wildcard(wanted.level(), '+') && wanted.level() != levels.level()) return false;
    // "a/#" matches "a": the topic ends, and only the # is left.
  }
  return !levels.next();
}

bool is_publishable(std::string_view topic_name) {
  if (!is_hidden(topic_name) || matches("$SYS/broker/connection/+/state", topic_name)) return true;
  const std::string_view first = first_level(topic_name);
  return first != "$SYS" && first != "$CONTROL" && first != "$share";
}

}  // namespace midge::topic
