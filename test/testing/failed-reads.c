// RUN: cp %s %t.bpf.c && %spile test -v %t.bpf.c | FileCheck %s
// RUN: %spile test %t.bpf.c | FileCheck %s --check-prefix=PLAIN
// Without it, memory that one event gave and the next does not have would be an empty text without a reason.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

const char *filename;

SEC("tp/syscalls/sys_enter_openat")
int enters(struct trace_event_raw_sys_enter *ctx)
{
	filename = (const char *)ctx->args[1];
	return 0;
}

SEC("tp/syscalls/sys_exit_openat")
int exits(struct trace_event_raw_sys_exit *ctx)
{
	char name[16];

	return bpf_probe_read_user_str(name, sizeof(name), filename);
}

char LICENSE[] SEC("license") = "GPL";
//@ +0us  tracepoint:syscalls:sys_enter_openat  filename="/etc/passwd"
//@ +1us  tracepoint:syscalls:sys_exit_openat  ret=3
// CHECK: ok
// CHECK: {{^}}  bpf_probe_read_user_str returned -14 (Bad address) 1 time{{$}}
// PLAIN-NOT: bpf_probe_read
// PLAIN: 1 passed
