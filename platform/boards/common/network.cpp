#include "platform/boards/common/network.hpp"

#include <lwip/dhcp.h>
#include <lwip/etharp.h>
#include <lwip/init.h>
#include <lwip/ip4_addr.h>
#include <lwip/netif.h>
#include <lwip/timeouts.h>
#include <netif/ethernet.h>

#include <algorithm>

#include "broker/base/text.hpp"
#include "platform/boards/common/cortex_m.hpp"
#include "platform/boards/common/hardware.hpp"
#include "platform/boards/common/tick.hpp"

// Beside MEM_SIZE lwIP has two heads of blocks in it, and aligns.
alignas(MEM_ALIGNMENT) constinit unsigned char midge_lwip_heap[MEM_SIZE + 32]{};

namespace midge::board {

namespace {

netif interface;

ip4_addr_t to_lwip(const Ipv4& address) {
  ip4_addr_t result;
  IP4_ADDR(&result, address[0], address[1], address[2], address[3]);
  return result;
}

#if LWIP_DHCP
void say_address(LogSink& log) {
  static bool is_said = false;
  if (is_said || dhcp_supplied_address(&interface) == 0) return;
  is_said = true;
  char address[IP4ADDR_STRLEN_MAX];
  Text<64> line;
  line.add("Address ")
      .add(std::string_view(ip4addr_ntoa_r(netif_ip4_addr(&interface), address, sizeof address)));
  log.write(LogLevel::Notice, line.add(" (DHCP).").view());
}
#endif

}  // namespace

MutableBytes memory_before_network() {
  return midge_lwip_heap;
}

bool start_network([[maybe_unused]] const Address& address) {
  lwip_init();
#if LWIP_DHCP
  const ip4_addr_t own = to_lwip({});
  const ip4_addr_t netmask = own;
  const ip4_addr_t gateway = own;
#else
  const ip4_addr_t own = to_lwip(address.address);
  const ip4_addr_t netmask = to_lwip(address.netmask);
  const ip4_addr_t gateway = to_lwip(address.gateway);
#endif
  if (netif_add(&interface, &own, &netmask, &gateway, nullptr, start_ethernet, ethernet_input) ==
      nullptr)
    return false;
  netif_set_default(&interface);
  netif_set_up(&interface);
#if LWIP_DHCP
  return dhcp_start(&interface) == ERR_OK;
#else
  // While the gateway's address is unknown lwIP keeps only the last frame to it: of several first
  // connections all but one would lose their SYN-ACK and wait for its repetition.
  etharp_request(&interface, &gateway);
  return true;
#endif
}

void poll_network([[maybe_unused]] LogSink& log) {
  poll_ethernet(interface);
  sys_check_timeouts();
#if LWIP_DHCP
  say_address(log);
#endif
}

void sleep_until(Instant deadline) {
  const std::uint32_t timer_ms = sys_timeouts_sleeptime();  // 0xFFFFFFFF: none
  const Instant until = std::min(deadline, now() + Duration(timer_ms));
  while (!ethernet_has_frame() && now() < until) {
    cortex_m::mask_interrupts();
    if (!ethernet_has_frame()) cortex_m::wait_for_interrupt();
    cortex_m::unmask_interrupts();
  }
}

}  // namespace midge::board
