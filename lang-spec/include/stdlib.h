// The functions of <stdlib.h> that the compiler knows by itself.
#ifndef __SPILE_STDLIB_H
#define __SPILE_STDLIB_H
#include <stddef.h>
extern int abs(int);
extern long labs(long);
extern long long llabs(long long);
#endif
