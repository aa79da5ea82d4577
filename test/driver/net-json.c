// RUN: %spile exec %s --net %S/Inputs/dump.net --packet 020000000001020000000002080045000014000000004006000000000000000000000000000000 | FileCheck %s
// Of what `ip -j` prints, a route whose link is down does not count, and a neighbour without an address of Ethernet is none.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>

long ask(struct __sk_buff *skb, __u32 destination)
{
	struct bpf_fib_lookup p = { .family = 2, .ifindex = 3, .ipv4_dst = bpf_htonl(destination) };

	return bpf_fib_lookup(skb, &p, sizeof(p), 0);
}

SEC("tc")
int ask_all(struct __sk_buff *skb)
{
	/* 7: no neighbour; 4: no route; 0: a way */
	return ask(skb, 0x0a010001) << 8 | ask(skb, 0x0a020001) << 4 | ask(skb, 0x0a030001);
}

char LICENSE[] SEC("license") = "GPL";

// CHECK: 0x740
