// lwIP's stack in threads of the program, with one interface that nothing is connected to: it
// answers itself at 127.0.0.1.
#include "platform/sockets/hosted/lwip_relay.hpp"
#include "platform/sockets/hosted/network.hpp"

extern "C" {  // not every port's sys_arch.h knows C++
#include <lwip/netif.h>
#include <lwip/sys.h>
#include <lwip/tcpip.h>
}

namespace midge::sockets {

namespace {

void signal_ready(void* semaphore) {
  sys_sem_signal(static_cast<sys_sem_t*>(semaphore));
}

// What is for somebody else goes nowhere.
err_t drop(netif*, pbuf*, const ip4_addr_t*) {
  return ERR_OK;
}

err_t init_interface(netif* interface) {
  interface->output = drop;
  interface->mtu = 1500;
  interface->flags = NETIF_FLAG_LINK_UP;
  return ERR_OK;
}

}  // namespace

bool start_network() {
  static bool started = false;
  static netif interface;
  if (started) return true;
  sys_sem_t ready;
  if (sys_sem_new(&ready, 0) != ERR_OK) return false;
  tcpip_init(signal_ready, &ready);
  sys_arch_sem_wait(&ready, 0);
  sys_sem_free(&ready);

  ip4_addr_t address, mask, gateway;
  IP4_ADDR(&address, 127, 0, 0, 1);
  IP4_ADDR(&mask, 255, 0, 0, 0);
  IP4_ADDR(&gateway, 0, 0, 0, 0);
  LOCK_TCPIP_CORE();
  started = netif_add(&interface, &address, &mask, &gateway, nullptr, init_interface,
                      tcpip_input) != nullptr;
  if (started) {
    netif_set_default(&interface);
    netif_set_up(&interface);
  }
  UNLOCK_TCPIP_CORE();
  return started;
}

bool offer_port(std::uint16_t port) {
  return start_relay(port);
}

}  // namespace midge::sockets
