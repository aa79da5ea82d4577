// RUN: printf 'tcp ESTAB 0 0 [::ffff:10.0.0.1]:22 [::ffff:10.0.0.2]:5000\n' > %t.net
// RUN: %spile exec %s --net %t.net --packet 020000000001020000000002080045000014000000004006000000000000000000000000000000 | FileCheck %s
// A socket of IPv6 that speaks IPv4, as ss shows it, is found by that, and shows both of its addresses.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>

SEC("tc")
long find(struct __sk_buff *skb)
{
	struct bpf_sock_tuple tuple = {};
	struct bpf_sock *socket;
	long seen;

	tuple.ipv4.saddr = bpf_htonl(0x0a000002);
	tuple.ipv4.daddr = bpf_htonl(0x0a000001);
	tuple.ipv4.sport = bpf_htons(5000);
	tuple.ipv4.dport = bpf_htons(22);
	socket = bpf_sk_lookup_tcp(skb, &tuple, sizeof(tuple.ipv4), -1, 0);
	if (!socket)
		return 0;
	seen = socket->family << 8 | (socket->src_ip4 == tuple.ipv4.daddr) << 3 | (socket->src_ip6[3] == tuple.ipv4.daddr) << 2 |
	       (socket->dst_ip4 == tuple.ipv4.saddr) << 1 | (socket->dst_ip6[2] == bpf_htonl(0xffff));
	bpf_sk_release(socket);
	return seen;
}

char LICENSE[] SEC("license") = "GPL";

// CHECK: 0xa0f
