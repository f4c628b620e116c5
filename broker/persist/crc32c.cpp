#include "broker/persist/crc32c.hpp"

#include <array>

namespace midge::persist {

namespace {

constexpr std::uint32_t kPolynomial = 0x82F63B78;  // bits reversed

// Four bits at a time: 64 bytes of table, for boards too.
constexpr std::array<std::uint32_t, 16> make_table() {
  std::array<std::uint32_t, 16> table{};
  for (std::uint32_t i = 0; i < table.size(); ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 4; ++bit) value = (value >> 1U) ^ ((value & 1U) != 0 ? kPolynomial : 0);
    table[i] = value;
  }
  return table;
}
constexpr std::array<std::uint32_t, 16> kTable = make_table();

}  // namespace

std::uint32_t crc32c(Bytes bytes, std::uint32_t before) {
  std::uint32_t crc = ~before;
  for (const std::uint8_t byte : bytes) {
    crc ^= byte;
    crc = (crc >> 4U) ^ kTable[crc & 15U];
    crc = (crc >> 4U) ^ kTable[crc & 15U];
  }
  return ~crc;
}

}  // namespace midge::persist
