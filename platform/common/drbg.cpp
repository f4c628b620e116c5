#include "platform/common/drbg.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "broker/base/assert.hpp"

namespace midge::platform {

namespace {

void quarter_round(std::uint32_t& a, std::uint32_t& b, std::uint32_t& c, std::uint32_t& d) {
  a += b;
  d = std::rotl(d ^ a, 16);
  c += d;
  b = std::rotl(b ^ c, 12);
  a += b;
  d = std::rotl(d ^ a, 8);
  c += d;
  b = std::rotl(b ^ c, 7);
}

}  // namespace

std::array<std::uint32_t, 16> chacha20_block(
    const std::array<std::uint32_t, 8>& key,
    const std::array<std::uint32_t, 4>& counter_and_nonce) {
  std::array<std::uint32_t, 16> start{0x61707865, 0x3320646E, 0x79622D32, 0x6B206574};
  std::copy(key.begin(), key.end(), start.begin() + 4);
  std::copy(counter_and_nonce.begin(), counter_and_nonce.end(), start.begin() + 12);
  std::array<std::uint32_t, 16> x = start;
  for (int round = 0; round < 10; ++round) {
    for (std::size_t i = 0; i < 4; ++i) quarter_round(x[i], x[4 + i], x[8 + i], x[12 + i]);
    for (std::size_t i = 0; i < 4; ++i)
      quarter_round(x[i], x[4 + (i + 1) % 4], x[8 + (i + 2) % 4], x[12 + (i + 3) % 4]);
  }
  for (std::size_t i = 0; i < x.size(); ++i) x[i] += start[i];
  return x;
}

bool Drbg::seed(hal::Entropy& source) {
  std::array<std::uint8_t, kSeedBytes> bytes{};
  if (!source.fill(bytes)) return false;
  std::memcpy(key_.data(), bytes.data(), bytes.size());
  used_ = fresh_.size();
  is_seeded_ = true;
  return true;
}

// Half of a block is the next key, the other half goes out.
void Drbg::refill() {
  const std::array<std::uint32_t, 16> block = chacha20_block(key_, {});
  std::copy_n(block.begin(), key_.size(), key_.begin());
  std::memcpy(fresh_.data(), block.data() + key_.size(), fresh_.size());
  used_ = 0;
}

bool Drbg::fill(MutableBytes out) {
  if (!is_seeded_) return false;
  while (!out.empty()) {
    if (used_ == fresh_.size()) refill();
    const std::size_t bytes = std::min(out.size(), fresh_.size() - used_);
    std::memcpy(out.data(), fresh_.data() + used_, bytes);
    std::memset(fresh_.data() + used_, 0, bytes);
    used_ += bytes;
    out = out.subspan(bytes);
  }
  return true;
}

std::uint32_t Drbg::next() {
  std::array<std::uint8_t, 4> bytes{};
  MIDGE_ASSERT(fill(bytes));
  std::uint32_t number = 0;
  std::memcpy(&number, bytes.data(), bytes.size());
  return number;
}

}  // namespace midge::platform
