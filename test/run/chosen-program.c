// REQUIRES: ptrace
// RUN: %spile run --prog on_kill %s -c "sh -c 'kill -0 $$'" 2>&1 | FileCheck %s
// Without it, a program of a file that is not asked for could send the others to the kernel, and ask for root.
#include "vmlinux.h"
#include <spile.h>

SEC("tracepoint/syscalls/sys_enter_kill") int on_kill(void *ctx)
{
	printf("kill by %s\n", comm());
	return 0;
}

SEC("iter/task") int show(struct bpf_iter__task *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

// CHECK-NOT: on the kernel
// CHECK: kill by sh
