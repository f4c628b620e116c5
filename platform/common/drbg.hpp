// Random numbers from a short seed, for platforms whose entropy source is slow or small: ChaCha20
// with a new key after every block ("fast key erasure"), so that what was handed out can't be
// worked out from what is in memory later.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "broker/hal/entropy.hpp"

namespace midge::platform {

class Drbg final : public hal::Entropy {
 public:
  static constexpr std::size_t kSeedBytes = 32;

  // Takes `kSeedBytes` from `source`; false when it fails. Until a seed was taken, fill() fails.
  [[nodiscard]] bool seed(hal::Entropy& source);

  [[nodiscard]] bool fill(MutableBytes out) override;

  // For who can't deal with a failure, after seed() has succeeded.
  [[nodiscard]] std::uint32_t next();

 private:
  void refill();

  std::array<std::uint32_t, 8> key_{};
  std::array<std::uint8_t, 32> fresh_{};  // of the last block, what was not handed out yet
  std::size_t used_ = 32;                 // of fresh_
  bool is_seeded_ = false;
};

// One block of ChaCha20 (RFC 8439 section 2.3): key, block counter and nonce as words.
[[nodiscard]] std::array<std::uint32_t, 16> chacha20_block(
    const std::array<std::uint32_t, 8>& key, const std::array<std::uint32_t, 4>& counter_and_nonce);

}  // namespace midge::platform
