/* lwIP on the host, for tests: sizes as on a small board for the broker's side; peers live on the
 * same stack, so there is more of what both sides take from. */
#ifndef LWIPOPTS_H
#define LWIPOPTS_H

#define MIDGE_SEND_BYTES (8 * 1024)
#define MIDGE_SEND_BUFFERS 48
#include "common.h"

#define LWIP_UDP 0
#define LWIP_DHCP 0
#define LWIP_ARP 0
#define LWIP_ETHERNET 0
#define LWIP_ICMP 1
#define IP_REASSEMBLY 0
#define IP_FRAG 0
#define LWIP_HAVE_LOOPIF 0 /* the test's own wire loops, delays and loses */
#define LWIP_NETIF_LOOPBACK 0
#define LWIP_STATS 1
#define LWIP_STATS_DISPLAY 0

#define MEM_ALIGNMENT 8
#define MEM_SIZE (512 * 1024)
#define MEMP_NUM_TCP_PCB 64
#define MEMP_NUM_TCP_PCB_LISTEN 4
#define MEMP_NUM_TCP_SEG 512
#define MEMP_NUM_PBUF 128
#define PBUF_POOL_SIZE 512
#define PBUF_POOL_BUFSIZE 160 /* segments come as chains */
#define TCP_MSS 536
#define TCP_WND (2 * TCP_MSS)
#define TCP_SND_BUF (2 * TCP_MSS)
#define TCP_SND_QUEUELEN 8

#endif
