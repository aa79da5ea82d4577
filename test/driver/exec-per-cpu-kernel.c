// REQUIRES: bpf
// RUN: taskset -c 0 %spile exec --engine=interp,kernel %s --packet %examples/dnsonly.pcap#2 | FileCheck %s
// RUN: taskset -c 1 %spile exec --engine=interp,kernel %s --packet %examples/dnsonly.pcap#2 | FileCheck %s
// The kernel's element of a per-CPU map is that of the CPU it ran on, which made the engines differ by chance.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 4);
	__type(key, u32);
	__type(value, struct { u32 a; u32 b; });
} seen SEC(".maps");

SEC("xdp")
int note(struct xdp_md *ctx)
{
	u32 key = 7;
	struct { u32 a, b; } value = { 1, 2 };

	bpf_map_update_elem(&seen, &key, &value, 0);
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
// CHECK: 0x2
// CHECK: seen[7][cpu 0] = { .a = 1, .b = 2 }
