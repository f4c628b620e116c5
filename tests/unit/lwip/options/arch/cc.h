/* lwIP's compiler and platform glue for tests on the host. */
#ifndef ARCH_CC_H
#define ARCH_CC_H

#include <stdio.h>
#include <stdlib.h>

#define LWIP_RAND() ((u32_t)rand())
#define LWIP_PLATFORM_DIAG(message)
#define LWIP_PLATFORM_ASSERT(message) \
  do {                                \
    fputs(message "\n", stderr);      \
    abort();                          \
  } while (0)

#endif
