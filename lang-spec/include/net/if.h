/* Network interfaces: the kernel's own definitions. */
#ifndef _NET_IF_H
#define _NET_IF_H 1

#include <linux/if.h>

#endif
