// RUN: %run-all %s -q -i %examples/dnsonly.pcap --prog only --pass %t.pass.pcap --drop %t.drop.pcap --verdicts %t.pcapng
// RUN: %python %S/Inputs/read_verdicts.py %t.pcapng | FileCheck %s
// RUN: sh -c "%spile run -q %s --prog counts -i %t.pass.pcap; %spile run -q %s --prog counts -i %t.drop.pcap" | FileCheck %s --check-prefixes=PASSED,DROPPED
// RUN: %spile run -q %s --prog counts -i %t.pcapng | FileCheck %s --check-prefix=ALL
// RUN: %spile run -q %s --prog shape -i %t.pcapng --verdicts %t.tc.pcapng
// RUN: %python %S/Inputs/read_verdicts.py %t.tc.pcapng | FileCheck %s --check-prefix=TC
// RUN: %if tcpdump %{ tcpdump -nr %t.pcapng 2>&1 | FileCheck %s --check-prefix=TCPDUMP %}
// RUN: not %spile run -e 'begin { exit() }' --drop %t.drop.pcap 2>&1 | FileCheck %s --check-prefix=NONE
// RUN: not %spile run %s -i %examples/dnsonly.pcap --prog only --drop %t.same --verdicts %t.same 2>&1 | FileCheck %s --check-prefix=SAME
// Without it, packets that a filter drops would be lost to whoever asks why, and Wireshark could not show the verdicts.
#include "vmlinux.h"
#include <spile_tables.h>
#include <bpf/bpf_endian.h>

COUNT(packets);

SEC("xdp")
int only(struct xdp_md *ctx)
{
	void *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = (void *)(long)ctx->data;

	if ((void *)(eth + 1) > end)
		return XDP_ABORTED;
	return eth->h_proto == bpf_htons(0x86dd) ? XDP_PASS : XDP_DROP;
}

SEC("socket")
int counts(struct __sk_buff *skb)
{
	count(packets);
	return skb->len;
}

SEC("tc")
int shape(struct __sk_buff *skb)
{
	return skb->protocol == bpf_htons(0x86dd) ? 0 : 2;
}

char LICENSE[] SEC("license") = "GPL";
// CHECK: {{^[0-9]+ of [0-9]+}}: only: XDP_DROP; type 2 result 1
// CHECK: only: XDP_PASS; type 2 result 2
// TC: shape: TC_ACT_SHOT; type 1 result 2
// TC: shape: TC_ACT_OK; type 1 result 0
// TCPDUMP: IP
// NONE: --drop needs packets
// SAME: error: --drop and --verdicts both write to
// PASSED: packets = [[#PASSED:]]
// DROPPED: packets = [[#12-PASSED]]
// ALL: packets = 12
