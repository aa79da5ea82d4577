// RUN: %spile exec %s --prog ways --net %S/Inputs/multipath.net --packet 020000000001020000000002080045000014000000004006000000000000000000000000000000 --engine=interp,jit | FileCheck %s
// Several next hops are taken in proportion to their weights, and a flow always takes the same one.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>

__u32 first, second, other, changed;

static __u32 way(struct __sk_buff *skb, __u32 source)
{
	struct bpf_fib_lookup p = { .family = 2, .ifindex = 3, .ipv4_src = bpf_htonl(source), .ipv4_dst = bpf_htonl(0x0a000001) };

	return bpf_fib_lookup(skb, &p, sizeof(p), 4) ? 0 : bpf_ntohl(p.ipv4_dst) & 0xff;
}

SEC("tc")
int ways(struct __sk_buff *skb)
{
	for (int i = 0; i < 1000; i++) {
		__u32 taken = way(skb, 0xc0000000 + i * 7919);

		if (taken == 1)
			first++;
		else if (taken == 2)
			second++;
		else
			other++;
		if (taken != way(skb, 0xc0000000 + i * 7919))
			changed++;
	}
	/* 3 of 4 by the first: within a tenth of all */
	return first > 650 && first < 850 && first + second == 1000 && other + changed == 0;
}

char LICENSE[] SEC("license") = "GPL";

// CHECK: 0x1
