/* Network interfaces: the kernel's own definitions. */
#ifndef SPILE_NET_IF_H
#define SPILE_NET_IF_H 1 /* not as glibc calls it: linux/libc-compat.h would leave the types out */

#include <linux/if.h>

#endif
