#include "vmlinux.h"
#include <spile.h>

const volatile int limit = 2;
u64 seen, ticks;
u64 last_ns;
u32 last_cpu;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, u32);
	__type(value, u64);
} reads SEC(".maps");

SEC("begin")
int hello(void *ctx)
{
	printf("limit %d\n", limit);
	return 0;
}

SEC("interval/10ms")
int tick(void *ctx)
{
	ticks++;
	return 0;
}

SEC("tracepoint/syscalls/sys_enter_read")
int on_read(struct trace_event_raw_sys_enter *ctx)
{
	u32 slot = ctx->args[0] & 3;
	u64 *n = bpf_map_lookup_elem(&reads, &slot);

	last_ns = nsecs();
	last_cpu = cpu();
	seen++;
	if (n)
		*n += ctx->args[2];
	if (seen > limit)
		exit(7);
	return 0;
}

SEC("end")
int bye(void *ctx)
{
	printf("ticked %d\n", ticks);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
