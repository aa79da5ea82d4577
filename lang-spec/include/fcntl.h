/* Flags of open and fcntl; no functions. */
#ifndef _FCNTL_H
#define _FCNTL_H 1

#include <linux/fcntl.h>
#include <sys/types.h>

#endif
