// The Stellaris Ethernet controller: one frame at a time through a 32-bit FIFO port. Its receive
// FIFO holds 31 frames. The interrupt only wakes the loop, which then empties the FIFO.
#include <netif/ethernet.h>

#include "platform/boards/common/cortex_m.hpp"
#include "platform/boards/common/ethernet.hpp"
#include "platform/boards/common/frame_fifo.hpp"
#include "platform/boards/common/hardware.hpp"
#include "platform/boards/common/vectors.hpp"

namespace midge::board {

namespace {

constexpr unsigned kInterrupt = 42;

enum Register : std::uintptr_t {
  kIntAck = 0x00,  // MACRIS / MACIACK
  kIntMask = 0x04,
  kRxControl = 0x08,
  kTxControl = 0x0C,
  kData = 0x10,
  kAddressLow = 0x14,
  kAddressHigh = 0x18,
  kFramesWaiting = 0x34,
  kTxRequest = 0x38,
};

volatile std::uint32_t& mac(Register r) {
  return reg(0x40048000 + r);
}

constexpr std::uint32_t kIntRx = 1U << 0;
constexpr std::uint32_t kRxEnable = 1U << 0;
constexpr std::uint32_t kRxMulticast = 1U << 1;
constexpr std::uint32_t kRxResetFifo = 1U << 4;
constexpr std::uint32_t kTxEnable = 1U << 0;
constexpr std::uint32_t kTxPad = 1U << 1;
constexpr std::uint32_t kTxCrc = 1U << 2;
constexpr std::uint32_t kTxDuplex = 1U << 4;

constexpr unsigned kHeaderBytes = 14;
constexpr unsigned kCrcBytes = 4;
constexpr unsigned kMinimumFrame = kHeaderBytes + kCrcBytes;
constexpr unsigned kMaximumFrame = 1518;

err_t send(netif*, pbuf* p) {
  // The frame before is still on its way: 1.2 ms at 10 Mbit/s. Without a link it may never end.
  for (unsigned tries = 0; (mac(kTxRequest) & 1) != 0; ++tries) {
    if (tries == 1'000'000) return ERR_IF;
  }
  // The controller wants the payload's size where the stack left its padding.
  const auto payload = static_cast<std::uint16_t>(p->tot_len - ETH_PAD_SIZE - kHeaderBytes);
  std::memcpy(p->payload, &payload, sizeof payload);
  FrameFifo(mac(kData)).write(p);
  mac(kTxRequest) = 1;
  return ERR_OK;
}

// Null when the frame was unusable or no buffer was free; the FIFO is past it then.
pbuf* receive() {
  FrameFifo fifo(mac(kData));
  const std::uint32_t first = mac(kData);
  const unsigned size = first & 0xFFFF;  // with these two bytes and the CRC
  const unsigned words = (size + 3) / 4;
  if (size < ETH_PAD_SIZE + kMinimumFrame || size > ETH_PAD_SIZE + kMaximumFrame) {
    mac(kRxControl) = kRxResetFifo;
    mac(kRxControl) = kRxEnable | kRxMulticast;
    return nullptr;
  }
  pbuf* const p = pbuf_alloc(PBUF_RAW, static_cast<u16_t>(4 * words), PBUF_POOL);
  if (p == nullptr) {
    fifo.skip(words - 1);
    return nullptr;
  }
  std::memcpy(p->payload, &first, sizeof first);
  pbuf_remove_header(p, sizeof first);
  fifo.read(p, words - 1);
  pbuf_add_header_force(p, sizeof first);
  pbuf_realloc(p, static_cast<u16_t>(size - kCrcBytes));
  return p;
}

}  // namespace

bool ethernet_has_frame() {
  return (mac(kFramesWaiting) & 0x3F) != 0;
}

void poll_ethernet(netif& interface) {
  mac(kIntAck) = kIntRx;  // before the FIFO is emptied: a frame behind the last one interrupts
  while (ethernet_has_frame()) {
    deliver(interface, receive());
  }
  mac(kIntMask) = kIntRx;
}

signed char start_ethernet(netif* interface) {
  describe_interface(*interface, send);

  // The factory keeps the MAC address in the flash's two user registers.
  const std::uint32_t user0 = reg(0x400FE1E0);
  const std::uint32_t user1 = reg(0x400FE1E4);
  interface->hwaddr_len = 6;
  for (unsigned i = 0; i < 3; ++i) {
    interface->hwaddr[i] = static_cast<u8_t>(user0 >> 8 * i);
    interface->hwaddr[3 + i] = static_cast<u8_t>(user1 >> 8 * i);
  }
  mac(kIntMask) = 0;  // at reset all are on
  mac(kRxControl) = kRxResetFifo;
  mac(kAddressLow) = user0 | user1 << 24;
  mac(kAddressHigh) = user1 >> 8;
  mac(kTxControl) = kTxEnable | kTxPad | kTxCrc | kTxDuplex;
  mac(kRxControl) = kRxEnable | kRxMulticast;
  mac(kIntAck) = 0xFFFFFFFF;
  mac(kIntMask) = kIntRx;
  cortex_m::enable_interrupt(kInterrupt);
  return ERR_OK;
}

}  // namespace midge::board

void midge_ethernet_interrupt() {
  using namespace midge::board;
  mac(kIntMask) = 0;  // the loop is awake now and polls
}
