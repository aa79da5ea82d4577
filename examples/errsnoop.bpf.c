// Which system calls fail, in which processes, with which error: how often, or each as it fails.
//
//     spile run errsnoop.bpf.c -c "ls /nonexistent" -- --each=1
#include "vmlinux.h"
#include <spile_tables.h>
#include <syscall_names.h>

OPTION(bool, each, false, "show each failure when it happens");
OPTION(int, only, 0, "the number of one error, as 2 for ENOENT; 0: any");

COUNT(failed, struct spile_comm, enum syscall, int /* error */);

SEC("tracepoint/raw_syscalls/sys_exit")
int returns(struct trace_event_raw_sys_exit *ctx)
{
	int error = -ctx->ret;

	if (ctx->ret >= 0 || (only && error != only))
		return 0;
	if (each)
		printf("%-7d %-12s call %-3d %pe\n", pid(), comm(), ctx->id, ctx->ret);
	count(failed, comm(), ctx->id, error);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

//@ !test failures are counted by process, call and error
//@ +1us  tracepoint:raw_syscalls:sys_exit  pid=7 comm="ls" id=SYS_openat ret=-ENOENT *3
//@ +1us  tracepoint:raw_syscalls:sys_exit  pid=7 comm="ls" id=SYS_openat ret=3
//@ +1us  tracepoint:raw_syscalls:sys_exit  pid=7 comm="ls" id=SYS_ioctl ret=-EINVAL
//@ =     elements failed == 2
//@ !end
//@ =     out "failed[\"ls\", SYS_openat, 2] = 3\n"
//@ =     out "failed[\"ls\", SYS_ioctl, 22] = 1\n"
//@
//@ !test each of one error
//@ !set  each=1
//@ !set  only=13
//@ +1us  tracepoint:raw_syscalls:sys_exit  pid=7 comm="ls" id=SYS_openat ret=-EACCES
//@ =     out "7       ls           call 257 -EACCES\n"
//@ +1us  tracepoint:raw_syscalls:sys_exit  pid=7 comm="ls" id=SYS_openat ret=-ENOENT
//@ =     out ""
