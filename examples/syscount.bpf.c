// How often each system call is made. No handler prints the map, so it is printed when the trace ends, by its types:
// the key is an enum, so each call has its name; the values are counts, so the largest comes first.
//
//     spile run syscount.bpf.c -c "ls /"
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <syscall_names.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 512);
	__type(key, enum syscall);
	__type(value, u64);
} calls SEC(".maps");

SEC("tracepoint/raw_syscalls/sys_enter")
int count(struct trace_event_raw_sys_enter *ctx)
{
	u32 number = ctx->id;
	u64 *calls_so_far = bpf_map_lookup_elem(&calls, &number);

	if (calls_so_far)
		__sync_fetch_and_add(calls_so_far, 1);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

//@ +1us  tracepoint:raw_syscalls:sys_enter  pid=100 comm="ls"  id=SYS_openat *3
//@ +1us  tracepoint:raw_syscalls:sys_enter  pid=100 comm="ls"  id=SYS_close
//@ =     map calls[SYS_openat] == 3
//@ =     map calls[SYS_read] == 0
//@ !end
//@ =     out "calls[SYS_openat] = 3\n"
//@ =     out "calls[SYS_close] = 1\n"
