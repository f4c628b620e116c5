/* Sizes for lwIP and for board.hpp. There is RAM enough, but the LAN9118's receive FIFO holds about
 * 10 KiB and drops what does not fit: MIDGE_CLIENTS * TCP_WND beyond that costs retransmissions
 * when all of them send at once. */
#ifndef MIDGE_BOARD_SIZES_H
#define MIDGE_BOARD_SIZES_H

#define MIDGE_CLIENTS 64
#ifndef MIDGE_DHCP
#define MIDGE_DHCP 0 /* 1: costs 5 KB of flash; the address in board.hpp is not used then */
#endif

#define PBUF_POOL_SIZE 16
#define MEM_SIZE (128 * 1024)
#define MEMP_NUM_TCP_SEG 512
#define MEMP_NUM_PBUF 128
#define TCP_SND_BUF (8 * TCP_MSS)
#define TCP_SND_QUEUELEN 32
/* Of 120 bytes each: received, but not used before the client was paused. A whole window of some.
 */
#define MIDGE_LEFTOVER_BLOCKS 256
#define ARP_TABLE_SIZE 16

#endif
