/* lwIP on a board: IPv4 over Ethernet. Sizes are the board's. */
#ifndef MIDGE_LWIPOPTS_H
#define MIDGE_LWIPOPTS_H

#include "board_sizes.h"
#include "common.h" /* of platform/lwip */

#define LWIP_DHCP MIDGE_DHCP
#define LWIP_UDP MIDGE_DHCP
#define LWIP_DHCP_DOES_ACD_CHECK 0
#define DHCP_DOES_ARP_CHECK 0
#define LWIP_ICMP 1
#define LWIP_ARP 1
#define IP_REASSEMBLY 0
#define IP_FRAG 0
#define LWIP_SINGLE_NETIF 1
#define LWIP_STATS 0

#define MEM_ALIGNMENT 4
/* In network.cpp: until lwIP is started it is memory for others. */
extern unsigned char midge_lwip_heap[];
#define LWIP_RAM_HEAP_POINTER midge_lwip_heap
#define ETH_PAD_SIZE 2 /* both controllers put two bytes there: frames move in words */
#define ARP_QUEUEING 0

#define TCP_MSS 536
#define TCP_WND (2 * TCP_MSS)
#define PBUF_POOL_BUFSIZE 600 /* a segment with all its headers */

#define MEMP_NUM_TCP_PCB (MIDGE_CLIENTS + 2) /* one more to be refused, one that closes */
#define MEMP_NUM_TCP_PCB_LISTEN 2

#define LWIP_HOOK_FILENAME "hooks.h"

#endif
