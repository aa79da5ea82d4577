/* The vector of readv; no functions. */
#ifndef _SYS_UIO_H
#define _SYS_UIO_H 1

#define __need_size_t
#include <stddef.h>

struct iovec {
	void *iov_base;
	size_t iov_len;
};

#define UIO_MAXIOV 1024

#endif
