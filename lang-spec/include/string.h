// The functions of <string.h> that the compiler knows by itself: sizes must be constants.
#ifndef __SPILE_STRING_H
#define __SPILE_STRING_H
#include <stddef.h>
extern void *memcpy(void *, const void *, size_t);
extern void *memmove(void *, const void *, size_t);
extern void *memset(void *, int, size_t);
extern int memcmp(const void *, const void *, size_t);
#endif
