// RUN: %spile test %s 2>&1 | FileCheck %s
// RUN: sed "s|@Inputs/|@%S/Inputs/|" %s > %t.c && %spile test %t.c 2>&1 | FileCheck %s
// Rows of a network in a test are what its helpers are asked about, and end with it.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>

SEC("xdp")
int route(struct xdp_md *ctx)
{
	struct bpf_fib_lookup p = { .family = 2, .ifindex = ctx->ingress_ifindex };
	__u8 *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;

	if (data + 34 > end)
		return XDP_DROP;
	p.ipv4_dst = *(__u32 *)(data + 30);
	if (bpf_fib_lookup(ctx, &p, sizeof(p), 0))
		return XDP_PASS;
	__builtin_memcpy(data, p.dmac, 6);
	__builtin_memcpy(data + 6, p.smac, 6);
	return bpf_redirect(p.ifindex, 0);
}

char LICENSE[] SEC("license") = "GPL";

//@ !test routed
//@ !net link add lan index 3 address 02:00:00:00:00:03
//@ !net link add wan index 4 address 02:00:00:00:00:04
//@ !net route add 10.0.0.0/8 via 192.168.0.1 dev wan
//@ !net neigh add 192.168.0.1 lladdr 02:00:00:00:00:99 dev wan
//@ +0us  xdp  packet=hex:00000000000000000000000008004500001400000000401100000a0000010a000002 ingress_ifindex=3
//@ =     ret == XDP_REDIRECT
//@ =     packet == hex:02000000009902000000000408004500001400000000401100000a0000010a000002

//@ !test of a file
//@ !net @Inputs/lan.net
//@ +0us  xdp  packet=hex:00000000000000000000000008004500001400000000401100000a0000010a000002 ingress_ifindex=3
//@ =     ret == XDP_REDIRECT

//@ !test tables with names in rows of their own
//@ !net @Inputs/lan.net
//@ !net rule add to 10.0.0.0/8 priority 5 table office
//@ !net rule add to 10.0.0.0/8 priority 6 prohibit
//@ !net route add 10.0.0.0/8 dev lan table other
//@ +0us  xdp  packet=hex:00000000000000000000000008004500001400000000401100000a0000010a000002 ingress_ifindex=3
//@ =     ret == XDP_PASS

//@ !test nothing is known
//@ +0us  xdp  packet=hex:00000000000000000000000008004500001400000000401100000a0000010a000002 ingress_ifindex=3
//@ =     ret == XDP_PASS

// CHECK: ok {{.*}}routed
// CHECK: ok {{.*}}of a file
// CHECK: ok {{.*}}with names
// CHECK: ok {{.*}}nothing is known
// CHECK: 4 passed, 0 failed
