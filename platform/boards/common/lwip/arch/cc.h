/* lwIP's compiler and platform glue for the boards. */
#ifndef MIDGE_ARCH_CC_H
#define MIDGE_ARCH_CC_H

#include <stdint.h>
#include <stdlib.h>

#define BYTE_ORDER LITTLE_ENDIAN
#define LWIP_NO_UNISTD_H 1
#define LWIP_NO_INTTYPES_H 1
#define X8_F "02x"
#define U16_F "u"
#define S16_F "d"
#define X16_F "x"
#define U32_F "lu"
#define S32_F "ld"
#define X32_F "lx"
#define SZT_F "u"

#ifdef __cplusplus
extern "C" {
#endif
/* From the generator that is seeded with midge_port_entropy(). */
uint32_t midge_random(void);
#ifdef __cplusplus
}
#endif

#define LWIP_RAND() midge_random()
#define LWIP_PLATFORM_DIAG(message)
#define LWIP_PLATFORM_ASSERT(message) abort()

#endif
