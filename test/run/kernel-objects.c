// RUN: %python %inputs/exits.py 125 %spile run %s -c true 2>&1 | FileCheck %s
// RUN: %python %inputs/exits.py 5 %spile exec %s --prog once --engine=interp 2>&1 | FileCheck %s --check-prefix=ONCE
// A pointer to what only a kernel has would be followed in this process.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

SEC("tracepoint/syscalls/sys_enter_kill")
int parent_of(void *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();

	// CHECK: kernel-objects.c:[[#@LINE+2]]: `parent_of` reads a member of an object of the kernel, and there is none here
	// CHECK-NEXT: hint: --on=kernel
	return task->real_parent->tgid != 0;
}

SEC("syscall")
int once(void *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();

	// ONCE: kernel-objects.c:[[#@LINE+1]]: `once` reads a member of an object of the kernel
	return task->pid != 0;
}

char LICENSE[] SEC("license") = "GPL";
