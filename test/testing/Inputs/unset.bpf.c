#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

u64 bytes;

SEC("tracepoint/syscalls/sys_enter_read")
int on_read(struct trace_event_raw_sys_enter *ctx)
{
	if (ctx->args[0] == 1)
		bytes += ctx->args[2];
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

//@ +1us  tracepoint:syscalls:sys_enter_read  fd=2
//@ +1us  tracepoint:syscalls:sys_enter_read  fd=1
//@ +1us  tracepoint:syscalls:sys_enter_read  fd=1 count=3
//@ =     global bytes == 3
