// What the spec asks of text: well-formed UTF-8 without NUL (MQTT 5.0 section 1.5.4), and no
// wildcard in a topic name (section 4.7.1).
#pragma once

#include <string_view>

namespace midge::wire {

// True when `text` is UTF-8 as Unicode defines it (nothing overlong, no surrogate, nothing above
// U+10FFFF, nothing cut off) [MQTT-1.5.4-1] and has no NUL [MQTT-1.5.4-2]. A byte-order mark is a
// character like any other [MQTT-1.5.4-3]; so are U+FFFF and the control characters, which the spec
// lets a receiver accept.
[[nodiscard]] bool is_well_formed_text(std::string_view text);

// Topic names have none [MQTT-4.7.0-1].
[[nodiscard]] bool has_wildcard(std::string_view text);

// At least one character [MQTT-4.7.3-1] and no wildcard.
[[nodiscard]] inline bool is_topic_name(std::string_view text) {
  return !text.empty() && !has_wildcard(text);
}

}  // namespace midge::wire
