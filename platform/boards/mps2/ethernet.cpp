// SMSC LAN9118 (or LAN9220) Ethernet controller on a 32-bit bus. Its receive FIFO holds about 10
// KiB and drops silently what does not fit. The interrupt only wakes the loop, which empties the
// FIFO.
#include <netif/ethernet.h>

#include "platform/boards/common/cortex_m.hpp"
#include "platform/boards/common/ethernet.hpp"
#include "platform/boards/common/frame_fifo.hpp"
#include "platform/boards/common/hardware.hpp"
#include "platform/boards/common/vectors.hpp"

namespace midge::board {

namespace {

constexpr unsigned kInterrupt = 13;

// AN500 has the controller elsewhere; the build says where.
constexpr std::uintptr_t kBase = MIDGE_MPS2_ETHERNET;

enum Register : std::uintptr_t {
  kRxData = 0x00,
  kTxData = 0x20,
  kRxStatus = 0x40,
  kTxStatus = 0x48,
  kIrqConfig = 0x54,
  kIntStatus = 0x58,
  kIntEnable = 0x5C,
  kByteTest = 0x64,
  kFifoInt = 0x68,
  kRxConfig = 0x6C,
  kTxConfig = 0x70,
  kHwConfig = 0x74,
  kRxInfo = 0x7C,
  kTxInfo = 0x80,
  kCsrCommand = 0xA4,
  kCsrData = 0xA8,
};

volatile std::uint32_t& lan(Register r) {
  return reg(kBase + r);
}

constexpr std::uint32_t kIntRxStatus = 1U << 3;
constexpr unsigned kCrcBytes = 4;

// Registers behind the MAC's own command and data pair.
enum MacRegister : std::uint32_t {
  kMacControl = 1,
  kMacHigh = 2,
  kMacLow = 3,
  kMacMiiCommand = 6,
  kMacMiiData = 7,
};

void wait_for_mac() {
  while ((lan(kCsrCommand) & 1U << 31) != 0) {
  }
}

std::uint32_t mac_read(MacRegister index) {
  wait_for_mac();
  lan(kCsrCommand) = 1U << 31 | 1U << 30 | index;
  wait_for_mac();
  return lan(kCsrData);
}

void mac_write(MacRegister index, std::uint32_t value) {
  wait_for_mac();
  lan(kCsrData) = value;
  lan(kCsrCommand) = 1U << 31 | index;
  wait_for_mac();
}

err_t send(netif*, pbuf* p) {
  // Room in the transmit FIFO comes with frames that leave it; without a link none may.
  for (unsigned tries = 0; (lan(kTxInfo) & 0xFFFF) < p->tot_len + 16U; ++tries) {
    if (tries == 1'000'000) return ERR_IF;
  }
  while ((lan(kTxInfo) >> 16 & 0xFF) != 0) {  // results of frames before, of no use
    [[maybe_unused]] const std::uint32_t result = lan(kTxStatus);
  }
  const std::uint32_t size = p->tot_len - ETH_PAD_SIZE;
  constexpr std::uint32_t kFirstAndLast = 1U << 13 | 1U << 12;
  lan(kTxData) = std::uint32_t{ETH_PAD_SIZE} << 16 | kFirstAndLast | size;
  lan(kTxData) = size;
  FrameFifo(lan(kTxData)).write(p);
  return ERR_OK;
}

// Null when the frame was unusable or no buffer was free; the FIFO is past it then.
pbuf* receive() {
  FrameFifo fifo(lan(kRxData));
  const std::uint32_t status = lan(kRxStatus);
  const unsigned size = status >> 16 & 0x3FFF;  // with the CRC
  const unsigned words = (ETH_PAD_SIZE + size + 3) / 4;
  const bool is_bad = (status & 1U << 15) != 0 || size <= kCrcBytes;
  pbuf* const p = is_bad ? nullptr : pbuf_alloc(PBUF_RAW, static_cast<u16_t>(4 * words), PBUF_POOL);
  if (p == nullptr) {
    fifo.skip(words);
    return nullptr;
  }
  fifo.read(p, words);
  pbuf_realloc(p, static_cast<u16_t>(ETH_PAD_SIZE + size - kCrcBytes));
  return p;
}

void read_address(netif& interface) {
  const std::uint32_t low = mac_read(kMacLow);
  const std::uint32_t high = mac_read(kMacHigh);
  interface.hwaddr_len = 6;
  for (unsigned i = 0; i < 4; ++i) interface.hwaddr[i] = static_cast<u8_t>(low >> 8 * i);
  interface.hwaddr[4] = static_cast<u8_t>(high);
  interface.hwaddr[5] = static_cast<u8_t>(high >> 8);
}

void restart_phy() {
  mac_write(kMacMiiData, 0x1200);  // control register: negotiate anew
  mac_write(kMacMiiCommand, 1U << 11 | 0U << 6 | 1U << 1);
  while ((mac_read(kMacMiiCommand) & 1) != 0) {
  }
}

}  // namespace

bool ethernet_has_frame() {
  return (lan(kRxInfo) >> 16 & 0xFF) != 0;
}

void poll_ethernet(netif& interface) {
  lan(kIntStatus) = kIntRxStatus;  // before the FIFO is emptied: set on arrival only
  while (ethernet_has_frame()) {
    deliver(interface, receive());
  }
  lan(kIntEnable) = kIntRxStatus;
}

signed char start_ethernet(netif* interface) {
  describe_interface(*interface, send);

  if (lan(kByteTest) != 0x87654321) return ERR_IF;
  lan(kHwConfig) = 1;  // soft reset
  while ((lan(kHwConfig) & 1) != 0) {
  }
  lan(kHwConfig) = 1U << 20 | 5U << 16;  // whole frames only; 5 KiB transmit FIFO
  read_address(*interface);
  restart_phy();

  lan(kIntEnable) = 0;
  lan(kIntStatus) = 0xFFFFFFFF;
  lan(kFifoInt) = 0x48U << 24 | 0xFFU << 16 | 0;         // interrupt at the first frame
  lan(kIrqConfig) = 1U << 8 | 1U << 4 | 1U << 0;         // on, active high, push-pull
  lan(kRxConfig) = std::uint32_t{ETH_PAD_SIZE} << 8;     // frames begin at byte 2
  lan(kTxConfig) = 1U << 1;                              // transmit
  mac_write(kMacControl, 1U << 20 | 1U << 3 | 1U << 2);  // full duplex, both ways
  lan(kIntEnable) = kIntRxStatus;
  cortex_m::enable_interrupt(kInterrupt);
  return ERR_OK;
}

}  // namespace midge::board

void midge_ethernet_interrupt() {
  using namespace midge::board;
  lan(kIntEnable) = 0;  // the loop is awake now and polls
}
