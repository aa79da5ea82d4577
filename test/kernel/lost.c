// REQUIRES: tracing, ptrace
// RUN: %both-ways --prog fill %s -c "sh -c 'kill -0 $$'" | FileCheck %s
// RUN: %spile run --on=kernel --prog flood %s -c "sh -c 'kill -0 $$; kill -0 $$'" 2>&1 >/dev/null | FileCheck %s --check-prefix=FLOOD
// Without it, what a full ring, a full map and an address that is none cost a probe in the kernel would be lost silently.
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

// In a function of its own, and behind jumps both ways: they must still lead where they led.
static __noinline int add(u32 key)
{
	u64 one = 1;

	return bpf_map_update_elem(&seen, &key, &one, BPF_ANY);
}

u64 big[512];

SEC("tracepoint/syscalls/sys_enter_kill")
int fill(void *ctx)
{
	u32 added = 0;

	bpf_ringbuf_output(&events, big, sizeof(big), 0); // with its header more than the ring has
	for (int i = 0; i < 6; i++) {
		if (i == 2)
			continue;
		if (!add(i))
			added++;
	}
	bpf_probe_read_user(big, 8, (void *)8);
	printf("added %d\n", added);
	return 0;
}

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
} samples SEC(".maps");

static long send(u64 i, void *ctx)
{
	bpf_perf_event_output(*(void **)ctx, &samples, BPF_F_CURRENT_CPU, big, 2048);
	return 0;
}

// Two megabytes for a buffer of a quarter, and something later, which says how many there were between.
SEC("tracepoint/syscalls/sys_enter_kill")
int flood(void *ctx)
{
	bpf_loop(1000, send, &ctx, 0);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

// CHECK: added 4
// CHECK-DAG: bpf_ringbuf_output returned -11 (Resource temporarily unavailable) 1 time
// CHECK-DAG: bpf_map_update_elem returned -7 (Argument list too long) 1 time
// CHECK-DAG: bpf_probe_read_user returned -14 (Bad address) 1 time
// FLOOD-DAG: bpf_perf_event_output returned -28 (No space left on device) {{[0-9]+}} times
