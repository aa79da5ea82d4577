// RUN: printf '[{"ifname":"lan","ifindex":3,"link_type":"ether","addr_info":[{"local":"2001:db8:1::1","prefixlen":64,"scope":"global","deprecated":true},{"local":"2001:db8:9::1","prefixlen":64,"scope":"global"}]}]\n[{"dst":"10.9.0.0/16","encap":"ip","id":5,"src":"0.0.0.0","dst":"10.5.5.5","ttl":0,"dev":"lan","flags":[]},{"dst":"2001:db8:1::/48","dev":"lan","flags":[],"pref":"medium"}]\n' > %t.net
// RUN: %spile exec %s --net %t.net --packet 020000000001020000000002080045000014000000004006000000000000000000000000000000 | FileCheck %s
// What `ip -j` prints of a route with a tunnel has two destinations: the first is the route's. A deprecated address is not
// spoken from where there is another.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>

static long ask(struct __sk_buff *skb, __u32 destination)
{
	struct bpf_fib_lookup p = { .family = 2, .ifindex = 3, .ipv4_dst = bpf_htonl(destination) };

	return bpf_fib_lookup(skb, &p, sizeof(p), 4);
}

SEC("tc")
long ask_all(struct __sk_buff *skb)
{
	struct bpf_fib_lookup p = { .family = 10, .ifindex = 3 };
	long found;

	p.ipv6_dst[0] = bpf_htonl(0x20010db8);
	p.ipv6_dst[1] = bpf_htonl(0x00010001);
	p.ipv6_dst[3] = bpf_htonl(5);
	found = bpf_fib_lookup(skb, &p, sizeof(p), 4 | 16);
	/* 6: by a tunnel; 4: no route; then the source */
	return ask(skb, 0x0a090001) << 24 | ask(skb, 0x0a050505) << 20 | found << 16 | bpf_ntohl(p.ipv6_src[1]) >> 16;
}

char LICENSE[] SEC("license") = "GPL";

// CHECK: 0x6400009
