#include "platform/boards/lm3s6965evb/sd_card.hpp"

#include <algorithm>
#include <array>

#include "platform/boards/common/cortex_m.hpp"

namespace midge::board {

namespace {

constexpr std::uintptr_t kGpioA = 0x40004000;
constexpr std::uintptr_t kGpioD = 0x40007000;
constexpr std::uintptr_t kSsi0 = 0x40008000;
constexpr std::uint32_t kSlowDivisor = 126;  // 397 kHz, while the card is identified
constexpr std::uint32_t kFastDivisor = 2;    // 25 MHz
constexpr std::uint8_t kDataToken = 0xFE;
constexpr std::uint8_t kIdle = 0x01;
constexpr std::uint32_t kHighCapacity = 1U << 30;

// Commands of the SD specification that SPI mode has.
enum Command : std::uint8_t {
  kGoIdle = 0,
  kSendIfCond = 8,
  kSendCsd = 9,
  kSetBlocklen = 16,
  kReadSingleBlock = 17,
  kWriteBlock = 24,
  kSendOpCond = 41,  // after kAppCommand
  kAppCommand = 55,
  kReadOcr = 58,
};

std::uint8_t transfer(std::uint8_t out) {
  reg(kSsi0 + 0x08) = out;                      // SSIDR
  while ((reg(kSsi0 + 0x0C) & 1U << 2) == 0) {  // SSISR: receive FIFO not empty
  }
  return static_cast<std::uint8_t>(reg(kSsi0 + 0x08));
}

void skip(std::uint32_t bytes) {
  for (; bytes != 0; --bytes) transfer(0xFF);
}

void select(bool on) {
  reg(kGpioD + (1U << 0 << 2)) = on ? 0 : 1;  // GPIODATA, masked to pin 0
  transfer(0xFF);
}

// Selected as long as it lives.
class Selection {
 public:
  Selection() { select(true); }
  Selection(const Selection&) = delete;
  Selection& operator=(const Selection&) = delete;
  ~Selection() { select(false); }
};

// The card's R1 response; 0xFF when it gives none.
std::uint8_t command(Command index, std::uint32_t argument) {
  // In SPI mode only these two need a right CRC.
  const std::uint8_t crc = index == kGoIdle ? 0x95 : 0x87;
  transfer(0xFF);
  transfer(static_cast<std::uint8_t>(0x40 | index));
  for (int shift = 24; shift >= 0; shift -= 8)
    transfer(static_cast<std::uint8_t>(argument >> shift));
  transfer(crc);
  for (int tries = 0; tries < 10; ++tries) {
    const std::uint8_t response = transfer(0xFF);
    if ((response & 0x80) == 0) return response;
  }
  return 0xFF;
}

std::uint32_t rest_of_response() {
  std::uint32_t value = 0;
  for (int i = 0; i < 4; ++i) value = value << 8 | transfer(0xFF);
  return value;
}

// Bounded: at 25 MHz about a third of a second, more than the 250 ms a card may take.
bool wait_for(std::uint8_t wanted) {
  for (int tries = 0; tries < 1'000'000; ++tries) {
    if (transfer(0xFF) == wanted) return true;
  }
  return false;
}

void start_spi() {
  constexpr std::uint32_t kClockReceiveTransmit = 1U << 2 | 1U << 4 | 1U << 5;
  const auto set_bits = [](std::uintptr_t address, std::uint32_t bits) {
    reg(address) = reg(address) | bits;
  };
  set_bits(kGpioA + 0x420, kClockReceiveTransmit);  // GPIOAFSEL
  set_bits(kGpioA + 0x51C, kClockReceiveTransmit);  // GPIODEN
  set_bits(kGpioD + 0x400, 1);                      // GPIODIR
  set_bits(kGpioD + 0x51C, 1);
  reg(kSsi0 + 0x04) = 0;             // SSICR1: off
  reg(kSsi0 + 0x10) = kSlowDivisor;  // SSICPSR
  reg(kSsi0 + 0x00) = 7;             // SSICR0: 8 bits, SPI mode 0
  reg(kSsi0 + 0x04) = 2;             // SSICR1: on
  select(false);
  skip(10);  // at least 74 clocks before the first command
}

// The card's size in blocks of 512 bytes, out of its CSD register (version 1 or 2); 0: unknown.
std::uint32_t blocks_of(const std::array<std::uint8_t, 16>& csd) {
  switch (csd[0] >> 6) {
    case 0: {
      const std::uint32_t read_bl_len = csd[5] & 0xF;
      const std::uint32_t c_size = (csd[6] & 3U) << 10 | std::uint32_t{csd[7]} << 2 | csd[8] >> 6;
      const std::uint32_t c_size_mult = (csd[9] & 3U) << 1 | csd[10] >> 7;
      if (read_bl_len < 9 || read_bl_len > 11) return 0;
      return (c_size + 1) << (c_size_mult + 2) << (read_bl_len - 9);
    }
    case 1: {
      const std::uint32_t c_size = (csd[7] & 0x3FU) << 16 | std::uint32_t{csd[8]} << 8 | csd[9];
      return (c_size + 1) << 10;
    }
    default:
      return 0;
  }
}

std::uint32_t read_size() {
  std::array<std::uint8_t, 16> csd{};
  if (command(kSendCsd, 0) != 0 || !wait_for(kDataToken)) return 0;
  for (std::uint8_t& byte : csd) byte = transfer(0xFF);
  skip(2);  // CRC
  return blocks_of(csd);
}

}  // namespace

bool SdCard::start(std::uint32_t most_segments) {
  segments_ = 0;
  start_spi();
  const Selection selection;
  if (command(kGoIdle, 0) != kIdle) return false;
  command(kSendIfCond, 0x1AA);  // 3.3 V; a card before version 2 does not know it
  rest_of_response();
  bool is_ready = false;
  for (int tries = 0; tries < 10'000 && !is_ready; ++tries) {  // a card may take a second
    command(kAppCommand, 0);
    is_ready = command(kSendOpCond, kHighCapacity) == 0;
  }
  if (!is_ready || command(kReadOcr, 0) > kIdle) return false;  // QEMU's card says idle here
  takes_block_numbers_ = (rest_of_response() & kHighCapacity) != 0;
  if (command(kSetBlocklen, kBlockBytes) != 0) return false;
  reg(kSsi0 + 0x10) = kFastDivisor;
  segments_ = std::min(most_segments, read_size() / (kSegmentBytes / kBlockBytes));
  return segments_ != 0;
}

hal::StorageGeometry SdCard::geometry() const {
  if (segments_ == 0) return {};
  return {.segment_bytes = kSegmentBytes,
          .segments = segments_,
          .program_unit_bytes = kBlockBytes,
          .reprogram_endangers_unit = true,
          .answers_at_once = true};
}

bool SdCard::holds(std::uint32_t segment, std::uint32_t offset, std::size_t bytes) const {
  return segment < segments_ && offset <= kSegmentBytes && bytes <= kSegmentBytes - offset;
}

std::uint32_t SdCard::card_address(std::uint32_t block) const {
  return takes_block_numbers_ ? block : block * kBlockBytes;
}

// A block always comes whole; what is not asked for is dropped.
bool SdCard::read_block(std::uint32_t block, std::uint32_t skipped, MutableBytes out) const {
  if (command(kReadSingleBlock, card_address(block)) != 0 || !wait_for(kDataToken)) return false;
  skip(skipped);
  for (std::uint8_t& byte : out) byte = transfer(0xFF);
  skip(kBlockBytes - skipped - static_cast<std::uint32_t>(out.size()));
  skip(2);  // CRC
  return true;
}

bool SdCard::write_block(std::uint32_t block, const std::uint8_t* bytes) const {
  if (command(kWriteBlock, card_address(block)) != 0) return false;
  transfer(0xFF);
  transfer(kDataToken);
  for (std::uint32_t i = 0; i < kBlockBytes; ++i) transfer(bytes[i]);
  skip(2);  // CRC
  std::uint8_t response = 0xFF;
  for (int tries = 0; tries < 10 && response == 0xFF; ++tries) response = transfer(0xFF);
  constexpr std::uint8_t kAccepted = 0x05;
  return (response & 0x1F) == kAccepted && wait_for(0xFF);  // 0xFF: no longer busy
}

hal::StorageStatus SdCard::read(std::uint32_t segment, std::uint32_t offset, MutableBytes out,
                                hal::StorageHandler&) {
  if (!holds(segment, offset, out.size())) return hal::StorageStatus::Failed;
  const Selection selection;
  std::uint32_t block = segment * (kSegmentBytes / kBlockBytes) + offset / kBlockBytes;
  std::uint32_t skipped = offset % kBlockBytes;
  while (!out.empty()) {
    const std::size_t bytes = std::min<std::size_t>(out.size(), kBlockBytes - skipped);
    if (!read_block(block++, skipped, out.first(bytes))) return hal::StorageStatus::Failed;
    out = out.subspan(bytes);
    skipped = 0;
  }
  return hal::StorageStatus::Ok;
}

hal::StorageStatus SdCard::program(std::uint32_t segment, std::uint32_t offset, Bytes bytes,
                                   hal::StorageHandler&) {
  if (!holds(segment, offset, bytes.size()) || offset % kBlockBytes != 0 ||
      bytes.size() % kBlockBytes != 0)
    return hal::StorageStatus::Failed;
  const Selection selection;
  std::uint32_t block = segment * (kSegmentBytes / kBlockBytes) + offset / kBlockBytes;
  for (; !bytes.empty(); bytes = bytes.subspan(kBlockBytes)) {
    if (!write_block(block++, bytes.data())) return hal::StorageStatus::Failed;
  }
  return hal::StorageStatus::Ok;
}

hal::StorageStatus SdCard::erase(std::uint32_t segment, hal::StorageHandler&) {
  return segment < segments_ ? hal::StorageStatus::Ok : hal::StorageStatus::Failed;
}

}  // namespace midge::board
