// RUN: %run-all %s -c "sleep 0.3" | FileCheck %s
// Without it, handlers of the user's side could run in the wrong order, not at all, or without the probe's maps.
// REQUIRES: ptrace
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <spile.h>

u64 ticks;
const volatile int step = 2;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} exits SEC(".maps");

SEC("tracepoint/syscalls/sys_enter_exit_group")
int on_exit(void *ctx)
{
	u32 zero = 0;
	u64 *n = bpf_map_lookup_elem(&exits, &zero);

	if (n)
		*n += step;
	return 0;
}

SEC("begin")
int hello(void *ctx)
{
	printf("begin %s %d%%\n", "text", 100);
	return 0;
}

SEC("interval/20ms")
int tick(void *ctx)
{
	ticks++;
	return 0;
}

SEC("end")
int bye(void *ctx)
{
	u32 zero = 0;
	u64 *n = bpf_map_lookup_elem(&exits, &zero);

	printf("ticked %d exits %llu\n", ticks >= 3, n ? *n : 0);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

// CHECK: begin text 100%
// CHECK-NEXT: ticked 1 exits 2
// CHECK-NOT: exits =
