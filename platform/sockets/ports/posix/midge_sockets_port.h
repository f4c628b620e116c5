/* Names of the system's sockets: plain POSIX, as Linux, NuttX, RTEMS and ESP-IDF have them. */
#ifndef MIDGE_SOCKETS_PORT_H
#define MIDGE_SOCKETS_PORT_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* The function that is called `name` in POSIX. */
#define MIDGE_SOCKETS(name) ::name

/* 1 where struct sockaddr_in6 is there and sockets of AF_INET6 can be made. */
#define MIDGE_SOCKETS_IPV6 1

#endif
