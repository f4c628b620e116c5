/* What libstdc++'s headers for glibc name of glibc and musl does not have: locales, which <chrono>
   brings in by way of <sstream>, and a wait of condition variables, by way of <atomic>. Nothing of
   them is used, so nothing is linked and any values do. */
#ifndef MIDGE_GLIBC_NAMES_H
#define MIDGE_GLIBC_NAMES_H

#include <locale.h>
#include <pthread.h>
#include <time.h>

typedef locale_t __locale_t;

enum {
  _ISupper = 1,
  _ISlower = 2,
  _ISalpha = 4,
  _ISdigit = 8,
  _ISxdigit = 16,
  _ISspace = 32,
  _ISprint = 64,
  _ISblank = 128,
  _IScntrl = 256,
  _ISpunct = 512,
  _ISalnum = 1024,
  _ISgraph = 2048
};

#ifdef __cplusplus
extern "C"
#endif
    int
    pthread_cond_clockwait(pthread_cond_t*, pthread_mutex_t*, clockid_t, const struct timespec*);

#endif
