// The forms of a value in mosquitto.conf: true, 42, 16m, 500ms, 2w.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "broker/base/result.hpp"

namespace midge::config {

enum class NumberFault : std::uint8_t { NotANumber, OutOfRange };
using Number = Result<std::int64_t, NumberFault>;

// "true" or "1", "false" or "0".
[[nodiscard]] std::optional<bool> parse_flag(std::string_view text);

// Decimal digits, with '-' before them when negative.
[[nodiscard]] Number parse_number(std::string_view text);

// Bytes: a number, or one with k, m or g after it (1024 and so on).
[[nodiscard]] Number parse_size(std::string_view text);

// Milliseconds: "5" and "5s" are five seconds, "500ms" half of one.
[[nodiscard]] Number parse_wait(std::string_view text);

// Seconds. The unit is required, as in Mosquitto: s, h, d, w, m (30 days) or y (365 days).
[[nodiscard]] Number parse_duration(std::string_view text);

// The position of `text` in `choices`, which has '|' between them.
[[nodiscard]] std::optional<std::int64_t> parse_choice(std::string_view text,
                                                       std::string_view choices);

}  // namespace midge::config
