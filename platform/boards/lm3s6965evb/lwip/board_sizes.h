/* Sizes for lwIP and for board.hpp. Of 64 KiB of RAM the network has a quarter. */
#ifndef MIDGE_BOARD_SIZES_H
#define MIDGE_BOARD_SIZES_H

#define MIDGE_CLIENTS 16
#ifndef MIDGE_DHCP
#define MIDGE_DHCP 0 /* 1: costs 5 KB of flash; the address in board.hpp is not used then */
#endif

/* Received frames are used up one by one, before the next is read: a whole one of 1,514 bytes. */
#define PBUF_POOL_SIZE 4
/* What was copied to be sent and is not acknowledged, of all connections together. */
#define MEM_SIZE (7 * 1024)
#define MEMP_NUM_TCP_SEG 48
#define MEMP_NUM_PBUF 16
#define TCP_SND_BUF (2 * TCP_MSS)
#define TCP_SND_QUEUELEN 8
/* Of 120 bytes each: received, but not used before the client was paused. A whole window. */
#define MIDGE_LEFTOVER_BLOCKS 10
#define ARP_TABLE_SIZE 6

#endif
