// A keyed hash of short texts. The key comes from the entropy source, so that nobody outside can
// choose names that collide.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace midge {

class Hasher {
 public:
  explicit Hasher(std::uint64_t key) : key_(key), multiplier_((key * 0x9E3779B97F4A7C15ULL) | 1) {}

  [[nodiscard]] std::uint32_t operator()(std::string_view text, std::uint64_t salt = 0) const {
    std::uint64_t hash = mix(key_ ^ salt ^ text.size());
    const char* p = text.data();
    std::size_t left = text.size();
    for (; left >= 8; p += 8, left -= 8) {
      std::uint64_t word;
      std::memcpy(&word, p, 8);
      hash = mix(hash ^ word);
    }
    std::uint64_t word = 0;
    if (left > 0) std::memcpy(&word, p, left);
    hash = mix(hash ^ word);
    return static_cast<std::uint32_t>(hash);
  }

 private:
  [[nodiscard]] std::uint64_t mix(std::uint64_t value) const {
    value *= multiplier_;
    return value ^ (value >> 32);
  }

  std::uint64_t key_;
  std::uint64_t multiplier_;
};

}  // namespace midge
