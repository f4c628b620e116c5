/* Initial sequence numbers nobody can guess; lwIP's own only count. */
#ifndef MIDGE_LWIP_HOOKS_H
#define MIDGE_LWIP_HOOKS_H

#define LWIP_HOOK_TCP_ISN(local_ip, local_port, remote_ip, remote_port) midge_random()

#endif
