// Views of bytes and text. Nothing here owns memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace midge {

// On a small machine flash is worth more than cycles: a short loop, or a call, is better there than
// code for each length.
inline constexpr bool kSparesFlash = sizeof(void*) < 8;

using Bytes = std::span<const std::uint8_t>;
using MutableBytes = std::span<std::uint8_t>;

// The same bytes as text, and back; the view lives as long as what it looks at.
[[nodiscard]] inline std::string_view as_text(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
[[nodiscard]] inline Bytes as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// Copies all of `from` to `to`; an empty view may point nowhere.
inline void copy(void* to, Bytes from) {
  if (!from.empty()) std::memcpy(to, from.data(), from.size());
}
inline void copy(void* to, std::string_view from) {
  copy(to, as_bytes(from));
}

}  // namespace midge
