#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, u32);
	__type(value, u64);
} counts SEC(".maps");

SEC("tp/syscalls/sys_enter_kill")
int count(struct trace_event_raw_sys_enter *ctx)
{
	u32 pid = ctx->args[0];
	u64 *seen = bpf_map_lookup_elem(&counts, &pid);

	*seen += 1;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
