// RUN: %spile run %s 2>&1 | FileCheck %s
// Without it, records for which a ring had no room, and elements for which a map had none, would be lost silently.
#include "vmlinux.h"
#include <spile.h>

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
	__type(value, u64);
} events SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, u32);
	__type(value, u64);
} seen SEC(".maps");

SEC("syscall")
int fill(void *ctx)
{
	u64 big[16] = {};

	for (int i = 0; i < 40; i++) {
		u32 key = i;
		u64 one = 1;

		bpf_ringbuf_output(&events, big, sizeof(big), 0);
		if (i < 6)
			bpf_map_update_elem(&seen, &key, &one, BPF_ANY);
	}
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

// CHECK-DAG: bpf_ringbuf_output returned -11 (Resource temporarily unavailable) {{[0-9]+}} times
// CHECK-DAG: bpf_map_update_elem returned -7 (Argument list too long) 2 times
