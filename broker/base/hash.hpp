// A keyed hash of short texts. The key comes from the entropy source, so that nobody outside can
// choose names that collide.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include "broker/base/bytes.hpp"

namespace midge {

class Hasher {
 public:
  explicit Hasher(std::uint64_t key) : key_(key), multiplier_((key * 0x9E3779B97F4A7C15ULL) | 1) {}

  [[nodiscard]] std::uint32_t operator()(std::string_view text, std::uint64_t salt = 0) const {
    std::uint64_t hash = key_ ^ salt ^ text.size();
    if constexpr (kSparesFlash) {
      for (const char c : text) hash = mix(hash) ^ static_cast<std::uint8_t>(c);
      return static_cast<std::uint32_t>(mix(hash));
    }
    hash = mix(hash);
    const char* p = text.data();
    std::size_t left = text.size();
    for (; left >= 8; p += 8, left -= 8) {
      std::uint64_t word;
      std::memcpy(&word, p, 8);
      hash = mix(hash ^ word);
    }
    return static_cast<std::uint32_t>(mix(hash ^ tail(p, left)));
  }

 private:
  // Fewer than eight bytes, each at least once; their number is in the hash already.
  [[nodiscard]] static std::uint64_t tail(const char* p, std::size_t bytes) {
    if (bytes >= 4) {
      std::uint32_t front;
      std::uint32_t back;
      std::memcpy(&front, p, 4);
      std::memcpy(&back, p + bytes - 4, 4);
      return std::uint64_t{back} << 32 | front;
    }
    if (bytes == 0) return 0;
    const auto at = [p](std::size_t i) { return std::uint64_t{static_cast<std::uint8_t>(p[i])}; };
    return at(0) | at(bytes / 2) << 8 | at(bytes - 1) << 16;
  }
  [[nodiscard]] std::uint64_t mix(std::uint64_t value) const {
    value *= multiplier_;
    return value ^ (value >> 32);
  }

  std::uint64_t key_;
  std::uint64_t multiplier_;
};

}  // namespace midge
