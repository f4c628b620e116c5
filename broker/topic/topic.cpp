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

Result<Filter, ReasonCode> parse_filter(std::string_view text) {
  constexpr std::string_view kShare = "$share/";
  Filter parsed{.filter = text};
  if (text.starts_with(kShare)) {
    const std::string_view rest = text.substr(kShare.size());
    const std::size_t slash = rest.find('/');
    // The name has at least one character, no wildcard, and a filter behind it.
    if (slash == 0 || slash == std::string_view::npos || slash + 1 == rest.size() ||
        rest.substr(0, slash).find_first_of("+#") != std::string_view::npos) {
      return Failure{ReasonCode::MalformedPacket};
    }
    parsed.share_name = rest.substr(0, slash);
    parsed.filter = rest.substr(slash + 1);
  }
  // At least one character [MQTT-4.7.3-1].
  if (parsed.filter.empty()) return Failure{ReasonCode::MalformedPacket};
  bool after_hash = false;
  Levels levels(parsed.filter);
  while (const auto level = levels.next()) {
    if (after_hash) return Failure{ReasonCode::MalformedPacket};
    if (level->find_first_of("+#") == std::string_view::npos) continue;
    if (level->size() > 1) return Failure{ReasonCode::MalformedPacket};
    parsed.has_wildcard = true;
    after_hash = level->front() == '#';
  }
  return parsed;
}

bool matches(std::string_view filter, std::string_view topic_name) {
  if (is_hidden(topic_name) && (filter.front() == '+' || filter.front() == '#')) return false;
  Levels filter_levels(filter);
  Levels topic_levels(topic_name);
  while (const auto wanted = filter_levels.next()) {
    if (*wanted == "#") return true;  // its own level and all below, and the parent too
    const auto level = topic_levels.next();
    if (!level) return false;
    if (*wanted != "+" && *wanted != *level) return false;
    // "a/#" matches "a": the topic ends, and only the # is left.
  }
  return !topic_levels.next();
}

bool is_publishable(std::string_view topic_name) {
  if (!is_hidden(topic_name)) return true;
  if (topic_name.starts_with("$SYS/broker/connection/") && topic_name.ends_with("/state")) {
    return matches("$SYS/broker/connection/+/state", topic_name);
  }
  const std::string_view first = *Levels(topic_name).next();
  return first != "$SYS" && first != "$CONTROL" && first != "$share";
}

}  // namespace midge::topic
