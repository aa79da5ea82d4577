// RUN: %spile build %s -o %t.o
// Who brings types of the kernel along under the guard of vmlinux.h gets `bool` from stdbool.h, whatever of it is there.
#define __VMLINUX_H__
typedef unsigned int u32;
#include <stdbool.h>
bool is_even(u32 n) { return n % 2 == 0 ? true : false; }
