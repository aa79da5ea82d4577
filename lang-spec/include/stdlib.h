/* What of stdlib.h a BPF program can have. */
#ifndef _STDLIB_H
#define _STDLIB_H

#define __need_size_t
#define __need_NULL
#include <stddef.h>

static inline __attribute__((always_inline, unused)) int abs(int x) { return x < 0 ? -x : x; }
static inline __attribute__((always_inline, unused)) long labs(long x) { return x < 0 ? -x : x; }
static inline __attribute__((always_inline, unused)) long long llabs(long long x) { return x < 0 ? -x : x; }

#define EXIT_SUCCESS 0
#define EXIT_FAILURE 1

#endif
