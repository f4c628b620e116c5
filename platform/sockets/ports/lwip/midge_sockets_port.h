/* Names of the system's sockets: lwIP's own, which are there whatever LWIP_COMPAT_SOCKETS says. */
#ifndef MIDGE_SOCKETS_PORT_H
#define MIDGE_SOCKETS_PORT_H

/* Not every port's sys_arch.h knows C++. */
#ifdef __cplusplus
extern "C" {
#endif
#include <lwip/errno.h>
#include <lwip/inet.h>
#include <lwip/sockets.h>
#ifdef __cplusplus
}
#endif

/* The function that is called `name` in POSIX. */
#define MIDGE_SOCKETS(name) lwip_##name

/* 1 where struct sockaddr_in6 is there and sockets of AF_INET6 can be made. */
#define MIDGE_SOCKETS_IPV6 LWIP_IPV6

#endif
