/* What platform/lwip needs of lwIP on every target; a board's lwipopts.h includes it and adds its
 * sizes: MEM_SIZE, MEMP_NUM_*, PBUF_POOL_*, TCP_MSS, TCP_WND, TCP_SND_BUF, TCP_SND_QUEUELEN. */
#ifndef MIDGE_LWIP_COMMON_H
#define MIDGE_LWIP_COMMON_H

#define NO_SYS 1
#define SYS_LIGHTWEIGHT_PROT 0 /* the stack never runs in an interrupt */
#define LWIP_NETCONN 0
#define LWIP_SOCKET 0
#define LWIP_RAW 0
#define LWIP_TCP 1
#define LWIP_CALLBACK_API 1
#define LWIP_IPV4 1
#define LWIP_IPV6 0

#define TCP_LISTEN_BACKLOG 1
#define TCP_QUEUE_OOSEQ 0 /* it would hold on to receive buffers */
#define TCP_OVERSIZE 0    /* a copy is as large as what is sent: no spare room behind it */
#define LWIP_TCP_KEEPALIVE 1
#define LWIP_NETIF_TX_SINGLE_PBUF 0 /* else every reference would be copied after all */

/* A frame that waits for its receiver's address is copied when it refers to memory of others: the
 * connection may be aborted meanwhile, and its memory serve someone else. lwIP itself copies
 * PBUF_REF only; tcp_write() makes PBUF_ROM. */
#define PBUF_NEEDS_COPY(p) (((p)->type_internal & PBUF_TYPE_FLAG_STRUCT_DATA_CONTIGUOUS) == 0)

/* Of lwIP's heap and segments, what connections may use to send. The rest serves acknowledgements
 * and the opening and the end of connections. */
#ifndef MIDGE_SEND_BYTES
#define MIDGE_SEND_BYTES (MEM_SIZE - 1024)
#endif
#ifndef MIDGE_SEND_BUFFERS
#define MIDGE_SEND_BUFFERS MEMP_NUM_TCP_SEG
#endif

#endif
