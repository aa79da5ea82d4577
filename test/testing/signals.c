// RUN: %spile test %s 2>&1 | FileCheck %s
// What bpf_send_signal would send to the task of an event is there to be expected.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

SEC("tp/syscalls/sys_enter_unlinkat")
int guard(void *ctx)
{
	if ((bpf_get_current_uid_gid() & 0xffffffff) == 0)
		return 0;
	bpf_send_signal(15);
	return bpf_send_signal(65) ? bpf_send_signal_thread(9) : 1;
}

char LICENSE[] SEC("license") = "GPL";

//@ +0us  tracepoint:syscalls:sys_enter_unlinkat  pid=100 uid=1000
//@ =     signal == 15, 9
//@ +0us  tracepoint:syscalls:sys_enter_unlinkat  pid=100 uid=0
//@ =     signal == none
//@ +0us  tracepoint:syscalls:sys_enter_unlinkat  pid=1 uid=5
//@ =     signal == none
//@ =     ret == -EPERM

// CHECK: 1 passed, 0 failed
