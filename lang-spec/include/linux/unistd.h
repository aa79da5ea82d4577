/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/* Of Linux, by generate-uapi.py: the whole of its text, however long, without comments. */
#ifndef _LINUX_UNISTD_H_
#define _LINUX_UNISTD_H_
#include <asm/unistd.h>
#endif
