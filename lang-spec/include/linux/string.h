/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/* Of Linux, by generate-uapi.py. */
#ifndef _LINUX_STRING_H_
#define _LINUX_STRING_H_
#include <string.h>
#endif
