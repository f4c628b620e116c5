#include "platform/common/drbg.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <set>

namespace midge::platform {

namespace {

// Gives 0, 1, 2, ..., or nothing.
class CountingEntropy final : public hal::Entropy {
 public:
  explicit CountingEntropy(bool works) : works_(works) {}
  bool fill(MutableBytes out) override {
    for (std::uint8_t& byte : out) byte = next_++;
    return works_;
  }

 private:
  bool works_;
  std::uint8_t next_ = 0;
};

TEST_CASE("a block of ChaCha20 is that of RFC 8439 section 2.3.2") {
  const std::array<std::uint32_t, 8> key{0x03020100, 0x07060504, 0x0B0A0908, 0x0F0E0D0C,
                                         0x13121110, 0x17161514, 0x1B1A1918, 0x1F1E1D1C};
  const std::array<std::uint32_t, 16> expected{0xE4E7F110, 0x15593BD1, 0x1FDD0F50, 0xC47120A3,
                                               0xC7F4D1C7, 0x0368C033, 0x9AAA2204, 0x4E6CD4C3,
                                               0x466482D2, 0x09AA9F07, 0x05D7C214, 0xA2028BD9,
                                               0xD19C12B5, 0xB94E16DE, 0xE883D0CB, 0x4E3C50A2};
  CHECK(chacha20_block(key, {1, 0x09000000, 0x4A000000, 0}) == expected);
}

TEST_CASE("without a seed there are no random numbers") {
  std::array<std::uint8_t, 4> out{};
  Drbg drbg;
  CHECK_FALSE(drbg.fill(out));
  CountingEntropy broken(false);
  CHECK_FALSE(drbg.seed(broken));
  CHECK_FALSE(drbg.fill(out));
}

TEST_CASE(
    "the first bytes are the second half of the seed's first block, however they are asked for") {
  std::array<std::uint32_t, 8> key{};
  std::array<std::uint8_t, 32> seed{};
  for (std::size_t i = 0; i < seed.size(); ++i) seed[i] = static_cast<std::uint8_t>(i);
  std::memcpy(key.data(), seed.data(), seed.size());
  const auto first = chacha20_block(key, {});
  std::copy_n(first.begin(), key.size(), key.begin());
  const auto second = chacha20_block(key, {});
  std::array<std::uint8_t, 64> expected{};
  std::memcpy(expected.data(), first.data() + 8, 32);
  std::memcpy(expected.data() + 32, second.data() + 8, 32);

  for (const std::size_t step : {std::size_t{1}, std::size_t{7}, std::size_t{64}}) {
    CAPTURE(step);
    CountingEntropy source(true);
    Drbg drbg;
    REQUIRE(drbg.seed(source));
    std::array<std::uint8_t, 64> out{};
    for (std::size_t at = 0; at < out.size(); at += step)
      REQUIRE(drbg.fill(MutableBytes(out).subspan(at, std::min(step, out.size() - at))));
    CHECK(out == expected);
  }
}

TEST_CASE("numbers do not come again") {
  CountingEntropy source(true);
  Drbg drbg;
  REQUIRE(drbg.seed(source));
  std::set<std::uint32_t> seen;
  for (int i = 0; i < 1'000; ++i) seen.insert(drbg.next());
  CHECK(seen.size() == 1'000);  // of 2^32; two that are equal are one chance in 8,000
}

}  // namespace

}  // namespace midge::platform
