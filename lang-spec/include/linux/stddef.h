/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/* Of Linux, by generate-uapi.py: the whole of its text, however long, without comments. */
#ifndef _LINUX_STDDEF_H
#define _LINUX_STDDEF_H
#ifdef __KERNEL__
#endif
#ifndef __always_inline
#define __always_inline inline
#endif
#ifndef __cplusplus
#define __struct_group_tag(TAG) TAG
#else
#define __struct_group_tag(TAG)
#endif
#define __struct_group(TAG, NAME, ATTRS, MEMBERS...) \
	union { \
	struct { MEMBERS } ATTRS; \
	struct __struct_group_tag(TAG) { MEMBERS } ATTRS NAME; \
	} ATTRS
#ifdef __cplusplus
#define __DECLARE_FLEX_ARRAY(T, member) \
	T member[0]
#else
#define __DECLARE_FLEX_ARRAY(TYPE, NAME) \
	struct { \
	struct { } __empty_ ## NAME; \
	TYPE NAME[]; \
	}
#endif
#ifndef __counted_by
#define __counted_by(m)
#endif
#ifndef __counted_by_le
#define __counted_by_le(m)
#endif
#ifndef __counted_by_be
#define __counted_by_be(m)
#endif
#ifndef __counted_by_ptr
#define __counted_by_ptr(m)
#endif
#ifdef __KERNEL__
#define __kernel_nonstring __nonstring
#else
#define __kernel_nonstring
#endif
#endif
