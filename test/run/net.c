// RUN: %spile run %s -i %examples/tcpsummary.pcap 2>&1 | FileCheck %s --check-prefix=NOBODY-KNOWS
// RUN: %run-all %s -i %examples/tcpsummary.pcap --net %S/../driver/Inputs/sockets.net | FileCheck %s
// RUN: %spile run %s -i %examples/tcpsummary.pcap --net %S/../driver/Inputs/sockets.net 2>&1 | FileCheck %s --check-prefix=COUNTED
// RUN: not %spile run %s --dev lo --net %S/../driver/Inputs/sockets.net 2>&1 | FileCheck %s --check-prefix=KERNEL
// What a run counts as unanswered is what nobody could answer: with a network that was described, no socket is an answer.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>

__u64 found, missing;

SEC("xdp")
int look(struct xdp_md *ctx)
{
	struct bpf_sock_tuple listener = {}, nobody = {};
	struct bpf_sock *sk;

	listener.ipv4.daddr = bpf_htonl(0x7f000001);
	listener.ipv4.dport = bpf_htons(8080);
	sk = bpf_sk_lookup_tcp(ctx, &listener, sizeof(listener.ipv4), -1, 0);
	if (sk) {
		found += sk->src_port;
		bpf_sk_release(sk);
	}
	nobody.ipv4.dport = bpf_htons(1);
	sk = bpf_sk_lookup_udp(ctx, &nobody, sizeof(nobody.ipv4), -1, 0);
	if (sk)
		bpf_sk_release(sk);
	else
		missing++;
	return XDP_PASS;
}

SEC("end")
int report(void *ctx)
{
	bpf_printk("%lld %d", found % 8080, missing != 0 && found != 0);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

// NOBODY-KNOWS: 0 0
// NOBODY-KNOWS: bpf_sk_lookup_tcp returned -95 (Operation not supported)
// CHECK: 0 1
// COUNTED: 0 1
// COUNTED-NOT: returned
// KERNEL: --net is about programs that run here
