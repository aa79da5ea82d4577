/* Flags of clone and scheduling policies; no functions. */
#ifndef _SCHED_H
#define _SCHED_H 1

#include <linux/sched.h>
#include <sys/types.h>

#define SCHED_OTHER 0

#endif
