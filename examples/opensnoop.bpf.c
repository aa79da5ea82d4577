// Which files are opened, by whom, and what came of it. The name is read when the call begins, the result when it
// returns; a map joins the two.
//
//     spile run opensnoop.bpf.c -c "cat /etc/hostname"
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

#define NAME_MAX_SHOWN 128

struct open_call {
	char name[NAME_MAX_SHOWN];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, u32); /* thread */
	__type(value, struct open_call);
} opening SEC(".maps");

SEC("tracepoint/syscalls/sys_enter_openat")
int open_begins(struct trace_event_raw_sys_enter *ctx)
{
	u32 thread = bpf_get_current_pid_tgid();
	struct open_call call = {};

	bpf_probe_read_user_str(call.name, sizeof(call.name), (const char *)ctx->args[1]);
	bpf_map_update_elem(&opening, &thread, &call, BPF_ANY);
	return 0;
}

SEC("tracepoint/syscalls/sys_exit_openat")
int open_ends(struct trace_event_raw_sys_exit *ctx)
{
	u32 thread = bpf_get_current_pid_tgid();
	struct open_call *call = bpf_map_lookup_elem(&opening, &thread);

	if (!call)
		return 0;
	bpf_printk("%llu %s = %ld", bpf_get_current_pid_tgid() >> 32, call->name, ctx->ret);
	bpf_map_delete_elem(&opening, &thread);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

//@ !test the name is printed with its result
//@ +0us   tracepoint:syscalls:sys_enter_openat  pid=100 comm="cat" dfd=AT_FDCWD filename="/etc/passwd" flags=O_RDONLY
//@ =      elements opening == 1
//@ +12us  tracepoint:syscalls:sys_exit_openat   pid=100 comm="cat" ret=3
//@ =      out "100 /etc/passwd = 3\n"
//@ =      elements opening == 0
//@
//@ !test memory that cannot be read leaves an empty name
//@ fault  probe_read_user_str = -EFAULT @1
//@ +0us   tracepoint:syscalls:sys_enter_openat  pid=100 comm="cat" filename="/etc/passwd"
//@ +1us   tracepoint:syscalls:sys_exit_openat   pid=100 comm="cat" ret=-ENOENT
//@ =      out "100  = -2\n"
//@
//@ !test a call that began before the trace is not shown
//@ +0us   tracepoint:syscalls:sys_exit_openat   pid=100 comm="cat" ret=3
//@ =      out ""
