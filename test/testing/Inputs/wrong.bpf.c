#include "vmlinux.h"
#include <spile.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8);
	__type(key, u32);
	__type(value, u64);
} sizes SEC(".maps");

SEC("tracepoint/syscalls/sys_enter_write")
int on_write(struct trace_event_raw_sys_enter *ctx)
{
	u32 fd = ctx->args[0];
	u64 size = ctx->args[2];

	bpf_map_update_elem(&sizes, &fd, &size, BPF_ANY);
	printf("%d\n", fd);
	printf("%d bytes\n", size);
	if (fd == 77)
		size = 0;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

//@ !test two lines
//@ +2us  tracepoint:syscalls:sys_enter_write  pid=4 fd=1 count=12
//@ =     map  sizes[1] <= 11
//@ =     map sizes[2] == none
//@ =     out "1\n"
//@ =     out "13 bytes\n"
//@ =     out "never\n"
//@ !test output that nobody waits for
//@ =     out ""
//@ +2us  tracepoint:syscalls:sys_enter_write  pid=4 fd=1 buf=0 count=12
