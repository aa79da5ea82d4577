// RUN: printf '[{"ifname":"lan","ifindex":3,"link_type":"ether"}]\n[{"dst":"default","via":{"family":"inet6","host":"fd00::1"},"dev":"lan","flags":[]}]\nlink add bridge0 index 4 type bridge mtu 25\nlink add lo index 5\naddr add 127.0.0.1/8 dev lo\n' > %t.net
// RUN: %spile exec %s --net %t.net --packet 020000000001020000000002080045000014000000004006000000000000000000000000000000 | FileCheck %s
// A default route with a gateway of IPv6 under the key `via` is one of IPv4; a bridge's frames have a header of
// Ethernet; nobody outside is spoken to from 127.0.0.1.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>

SEC("tc")
long ask(struct __sk_buff *skb)
{
	struct bpf_fib_lookup p = { .family = 2, .ifindex = 3, .ipv4_dst = bpf_htonl(0x08080808), .ipv4_src = 1 };
	__u32 mtu = 0;
	long found = bpf_fib_lookup(skb, &p, sizeof(p), 4 | 16); /* no neighbour is asked for, but the source */

	return (found == 0) << 3 | (p.family == 10) << 2 | (p.ipv4_src == 0) << 1 | (bpf_check_mtu(skb, 4, &mtu, 0, 0) == 0);
}

char LICENSE[] SEC("license") = "GPL";

// CHECK: 0xf
