// The board's Ethernet interface under lwIP: its address, and what has to be polled.
#pragma once

#include <array>
#include <cstdint>

#include "broker/base/bytes.hpp"
#include "broker/base/log.hpp"
#include "broker/base/time.hpp"

struct netif;

namespace midge::board {

using Ipv4 = std::array<std::uint8_t, 4>;

// Used unless the board is built with DHCP (MIDGE_DHCP in its board_sizes.h).
struct Address {
  Ipv4 address;
  Ipv4 netmask;
  Ipv4 gateway;
};

// Memory that is nobody's before start_network(): lwIP's heap.
[[nodiscard]] MutableBytes memory_before_network();

// Starts lwIP and the interface. False when the controller does not answer. Once only.
[[nodiscard]] bool start_network(const Address& address);

// Hands received frames and due timers to lwIP, whose callbacks run inside. With DHCP, says the
// address when there is one.
void poll_network(LogSink& log);

// Sleeps until a frame or an interrupt that is not the tick comes, or until `deadline` or lwIP's
// next timer; the clock is accurate to its tick of a millisecond.
void sleep_until(Instant deadline);

}  // namespace midge::board
