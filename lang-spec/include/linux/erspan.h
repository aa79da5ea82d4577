/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/* Of Linux, by generate-uapi.py: the whole of its text, however long, without comments. */
#ifndef _ERSPAN_H
#define _ERSPAN_H
#include <linux/types.h>
#include <asm/byteorder.h>
struct erspan_md2 {
	__be32 timestamp;
	__be16 sgt;
#if defined(__LITTLE_ENDIAN_BITFIELD)
	__u8 hwid_upper:2,
	ft:5,
	p:1;
	__u8 o:1,
	gra:2,
	dir:1,
	hwid:4;
#elif defined(__BIG_ENDIAN_BITFIELD)
	__u8 p:1,
	ft:5,
	hwid_upper:2;
	__u8 hwid:4,
	dir:1,
	gra:2,
	o:1;
#else
#error "Please fix <asm/byteorder.h>"
#endif
};
struct erspan_metadata {
	int version;
	union {
	__be32 index;
	struct erspan_md2 md2;
	} u;
};
#endif
