// What the boards' Ethernet drivers have in common: lwIP's side of an interface.
#pragma once

#include <lwip/etharp.h>
#include <lwip/netif.h>

namespace midge::board {

// Fills in what all have in common; `send` takes whole frames. The hardware address is the
// driver's.
inline void describe_interface(netif& interface, netif_linkoutput_fn send) {
  interface.name[0] = 'e';
  interface.name[1] = 'n';
  interface.output = etharp_output;
  interface.linkoutput = send;
  interface.mtu = 1500;
  interface.flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_LINK_UP;
}

// Hands a received frame to lwIP, which owns it then; null: there was no room for it.
inline void deliver(netif& interface, pbuf* frame) {
  if (frame != nullptr && interface.input(frame, &interface) != ERR_OK) pbuf_free(frame);
}

}  // namespace midge::board
