// RUN: %run-all %s -q -i %examples/dnsonly.pcap --redirected %t.pcapng --drop %t.drop.pcap --verdicts %t.verdicts.pcapng
// RUN: %python %S/Inputs/read_interfaces.py %t.pcapng | FileCheck %s
// RUN: %python %S/Inputs/read_verdicts.py %t.verdicts.pcapng | FileCheck %s --check-prefix=SAID
// RUN: %spile run -q %S/Inputs/copies.bpf.c -i %t.pcapng --prog counts | FileCheck %s --check-prefix=AGAIN
// RUN: %spile run %S/Inputs/copies.bpf.c -i %examples/dnsonly.pcap --prog copies --redirected %t.tc.pcapng 2>&1 | FileCheck %s --check-prefix=COPIES
// RUN: %python %S/Inputs/read_interfaces.py %t.tc.pcapng | FileCheck %s --check-prefix=TC
// RUN: %spile run -q %S/Inputs/copies.bpf.c -i %examples/dnsonly.pcap --prog counts --pass - 2>%t.printed >%t.out.pcap
// RUN: FileCheck %s --check-prefix=ALL <%t.printed
// RUN: %spile run -q %S/Inputs/copies.bpf.c -i %t.out.pcap --prog counts | FileCheck %s --check-prefix=ALL
// RUN: %spile run -q %S/Inputs/copies.bpf.c -i %examples/dnsonly.pcap --prog counts -o - | FileCheck %s --check-prefix=ALL
// RUN: %python %inputs/exits.py 2 %spile run %S/Inputs/copies.bpf.c -i %examples/dnsonly.pcap --prog counts --pass - --drop - 2>&1 | FileCheck %s --check-prefix=TWICE
// Without it, nobody would see where a program sends packets, and `-` would be a file of that name.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(max_entries, 4);
	__type(key, u32);
	__type(value, u32);
} ports SEC(".maps");

u32 number;

SEC("begin")
int fill(void *ctx)
{
	u32 keys[] = { 1, 2 }, interfaces[] = { 10, 20 };

	bpf_map_update_elem(&ports, &keys[0], &interfaces[0], BPF_ANY);
	bpf_map_update_elem(&ports, &keys[1], &interfaces[1], BPF_ANY);
	return 0;
}

SEC("xdp")
int spread(struct xdp_md *ctx)
{
	switch (number++) {
	case 0: // the last word counts
		bpf_redirect(3, 0);
		return bpf_redirect(4, 0);
	case 1:
		return bpf_redirect_map(&ports, 2, XDP_DROP);
	case 2: // nothing is there
		return bpf_redirect_map(&ports, 0, XDP_DROP);
	case 3:
		return bpf_redirect_map(&ports, 0, BPF_F_BROADCAST);
	case 4:
		bpf_xdp_adjust_tail(ctx, -2);
		return XDP_TX;
	case 5: // said, and not done
		bpf_redirect(5, 0);
		return XDP_PASS;
	case 6: // done, and not said
		return XDP_REDIRECT;
	}
	return XDP_DROP;
}

char LICENSE[] SEC("license") = "GPL";
// CHECK: interface 4: [[#]] bytes
// CHECK-NEXT: interface 20: [[#]] bytes
// CHECK-NEXT: interface 10: [[#FOURTH:]] bytes
// CHECK-NEXT: interface 20: [[#FOURTH]] bytes
// CHECK-NEXT: back: [[#]] bytes
// CHECK-NOT: bytes
// SAID: spread: XDP_REDIRECT, to interface 4; type 2 result 4
// SAID: spread: XDP_REDIRECT, to interface 20;
// SAID: spread: XDP_DROP;
// SAID: spread: XDP_REDIRECT, to interface 10, to interface 20;
// SAID: spread: XDP_TX;
// SAID: spread: XDP_PASS;
// SAID: spread: XDP_REDIRECT, to nowhere;
// AGAIN: packets = 5
// COPIES: 12 packets: 11 passed, 0 truncated, 1 changed, 1 dropped; 5 redirected
// TC: interface 7: [[#]] bytes
// TC-NEXT: interface 8, incoming: 40 bytes
// TC-NEXT: peer of interface 9: 40 bytes
// TC-NEXT: interface 7: [[#]] bytes
// TC-NEXT: interface 8, incoming: 40 bytes
// ALL: packets = 12
// TWICE: error: two files cannot both be standard output
