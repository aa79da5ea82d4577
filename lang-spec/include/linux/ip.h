/* The IPv4 header. */
#if !defined(_LINUX_IP_H) && (!defined(__VMLINUX_H__) || defined(__SPILE_VMLINUX__))
#define _LINUX_IP_H

#include <linux/types.h>

struct iphdr {
	__u8 ihl : 4, version : 4;
	__u8 tos;
	__be16 tot_len;
	__be16 id;
	__be16 frag_off;
	__u8 ttl;
	__u8 protocol;
	__sum16 check;
	union {
		struct {
			__be32 saddr;
			__be32 daddr;
		};
		struct {
			__be32 saddr;
			__be32 daddr;
		} addrs;
	};
};

#endif
