#include "tests/unit/lwip/wire.hpp"

#include <doctest/doctest.h>
#include <lwip/init.h>
#include <lwip/ip4.h>
#include <lwip/memp.h>
#include <lwip/netif.h>
#include <lwip/priv/tcp_priv.h>
#include <lwip/stats.h>
#include <lwip/timeouts.h>

#include <utility>

namespace midge::test {

namespace {

netif interface;
std::uint32_t clock_ms = 0;

err_t output(netif*, pbuf* packet, const ip4_addr_t*) {
  Wire::instance().send(*packet);
  return ERR_OK;
}

err_t start(netif* started) {
  started->output = output;
  started->mtu = 1500;
  started->flags = NETIF_FLAG_LINK_UP;
  return ERR_OK;
}

}  // namespace

extern "C" u32_t sys_now() {
  return clock_ms;
}

Wire& Wire::instance() {
  static Wire wire;
  return wire;
}

Wire::Wire() {
  clock_ms = static_cast<std::uint32_t>(now_.time_since_epoch().count());
  lwip_init();
  ip4_addr_t address;
  ip4_addr_t mask;
  ip4_addr_t gateway;
  IP4_ADDR(&address, 10, 0, 0, 1);
  IP4_ADDR(&mask, 255, 255, 255, 0);
  IP4_ADDR(&gateway, 10, 0, 0, 2);
  REQUIRE(netif_add(&interface, &address, &mask, &gateway, nullptr, start, ip4_input) != nullptr);
  netif_set_default(&interface);
  netif_set_up(&interface);
}

void Wire::send(const pbuf& packet) {
  std::vector<std::uint8_t> bytes(packet.tot_len);
  pbuf_copy_partial(&packet, bytes.data(), packet.tot_len, 0);
  if (keeps_trace) trace.push_back(bytes);
  frames_.push_back(std::move(bytes));
}

void Wire::poll() {
  // What is sent meanwhile has its turn in the next.
  for (std::size_t count = frames_.size(); count > 0 && !stops; --count) {
    const std::vector<std::uint8_t> bytes = std::move(frames_.front());
    frames_.pop_front();
    pbuf* const packet = pbuf_alloc(PBUF_RAW, static_cast<u16_t>(bytes.size()), PBUF_POOL);
    if (packet == nullptr) continue;  // lost
    pbuf_take(packet, bytes.data(), static_cast<u16_t>(bytes.size()));
    if (ip4_input(packet, &interface) != ERR_OK) pbuf_free(packet);
  }
}

void Wire::advance(Duration by) {
  now_ += by;
  clock_ms = static_cast<std::uint32_t>(now_.time_since_epoch().count());
  sys_check_timeouts();
}

Wire::Use Wire::use() {
  return {.heap_bytes = lwip_stats.mem.used,
          .pool_buffers = lwip_stats.memp[MEMP_PBUF_POOL]->used,
          .segments = lwip_stats.memp[MEMP_TCP_SEG]->used,
          .references = lwip_stats.memp[MEMP_PBUF]->used};
}

void Wire::end_remains() {
  while (tcp_active_pcbs != nullptr) tcp_abort(tcp_active_pcbs);
  while (tcp_tw_pcbs != nullptr) tcp_abort(tcp_tw_pcbs);
}

}  // namespace midge::test
