#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
struct ev { u32 pid; char name[64]; };
struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4096); } rb SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 64); __type(key, u32); __type(value, u64); } m SEC(".maps");
SEC("tp/syscalls/sys_exit_openat")
int probe(struct trace_event_raw_sys_exit *ctx)
{
	u32 pid = bpf_get_current_pid_tgid() >> 32;
	u64 *p = bpf_map_lookup_elem(&m, &pid);
	struct ev *e = bpf_ringbuf_reserve(&rb, sizeof(*e), 0);

	if (*p == 0)
		return 0;
	e->pid = pid;
	bpf_probe_read_user_str(e->name, 128, (void *)*p);
	if (ctx->ret < 0)
		goto out;
	bpf_ringbuf_submit(e, 0);
out:
	bpf_map_delete_elem(&m, &pid);
	return 0;
}
char LICENSE[] SEC("license") = "GPL";
