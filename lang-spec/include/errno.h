/* Error numbers, as helpers return them negated: -ENOENT. */
#ifndef _ERRNO_H
#define _ERRNO_H 1

#include <linux/errno.h>

#define ENOTSUP EOPNOTSUPP

#endif
