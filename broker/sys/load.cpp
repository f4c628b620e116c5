#include "broker/sys/load.hpp"

namespace midge::sys {

namespace {

constexpr unsigned kShift = 32;
constexpr std::uint64_t kOne = std::uint64_t{1} << kShift;

// a * b / 2^32 for b up to 2^32, without the overflow of a 64-bit product.
std::uint64_t scale(std::uint64_t a, std::uint64_t b) {
  return (a >> kShift) * b + (((a & (kOne - 1)) * b) >> kShift);
}

// Events per minute.
Fixed rate(std::uint64_t events, Duration elapsed) {
  const auto milliseconds = static_cast<std::uint64_t>(elapsed.count());
  const std::uint64_t scaled = events * 60'000;
  return (scaled / milliseconds << kFractionBits) +
         ((scaled % milliseconds) << kFractionBits) / milliseconds;
}

}  // namespace

std::uint64_t decay(Duration elapsed, Duration window) {
  constexpr std::uint64_t kSmall = kOne >> 11;
  constexpr std::int64_t kNothingLeft = 24;  // e^-24 is below 2^-32
  if (elapsed.count() <= 0) return kOne;
  if (elapsed / window >= kNothingLeft) return 0;
  std::uint64_t x = (static_cast<std::uint64_t>(elapsed.count()) << kShift) /
                    static_cast<std::uint64_t>(window.count());
  unsigned halvings = 0;
  for (; x > kSmall; x /= 2) ++halvings;  // at most 16 times
  // Three terms of the series are exact enough for so little: 1 - x + x^2 / 2.
  std::uint64_t result = kOne - x + scale(x, x) / 2;
  for (; halvings > 0; --halvings) result = scale(result, result);
  return result;
}

Fixed next_average(Fixed average, std::uint64_t events, const Step& step) {
  const Fixed now = rate(events, step.elapsed);
  return average >= now ? now + scale(average - now, step.kept)
                        : now - scale(now - average, step.kept);
}

}  // namespace midge::sys
