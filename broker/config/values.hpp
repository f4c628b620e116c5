// The forms of a number in mosquitto.conf: 42, 16m, 500ms, 2w.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "broker/config/key.hpp"

namespace midge::config {

// Decimal digits with '-' before them when negative, and the type's unit behind them:
//   Number    none
//   Size      bytes, or k, m, g (1024 and so on)
//   Wait      "5" and "5s" are five seconds, "500ms" half of one; in milliseconds
//   Duration  s, h, d, w, m (30 days) or y (365 days), as in Mosquitto never none; in seconds
// What 64 bits can't hold is the largest or smallest that they can. Nothing when it has not this
// form.
[[nodiscard]] std::optional<std::int64_t> parse_number(Type type, std::string_view text);

}  // namespace midge::config
