/* The ICMP header. */
#if !defined(_LINUX_ICMP_H) && (!defined(__VMLINUX_H__) || defined(__SPILE_VMLINUX__))
#define _LINUX_ICMP_H

#include <linux/types.h>

struct icmphdr {
	__u8 type;
	__u8 code;
	__sum16 checksum;
	union {
		struct {
			__be16 id;
			__be16 sequence;
		} echo;
		__be32 gateway;
		struct {
			__be16 __unused;
			__be16 mtu;
		} frag;
		__u8 reserved[4];
	} un;
};

#ifndef __SPILE_TYPES_ONLY
#define ICMP_ECHOREPLY 0
#define ICMP_DEST_UNREACH 3
#define ICMP_REDIRECT 5
#define ICMP_ECHO 8
#define ICMP_TIME_EXCEEDED 11
#endif

#endif
