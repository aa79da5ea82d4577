// RUN: %run-all %s -c "sh -c 'kill -0 $$; kill -0 $$'" | FileCheck %s
// RUN: %spile run %s -q -c "sh -c 'kill -0 $$; sh -c \"kill -0 $PPID\"; kill -0 $$'" | FileCheck %s --check-prefix=TWO
// A thread could not keep what is its own, or find what another one has left.
// REQUIRES: ptrace
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, long);
} calls SEC(".maps");

SEC("tracepoint/syscalls/sys_enter_kill")
int on_kill(void *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	long *count = bpf_task_storage_get(&calls, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (!count)
		return 0;
	++*count;
	// CHECK: call 1
	// CHECK-NEXT: call 2
	// CHECK-NEXT: left 0, again -2
	// TWO: call 1
	// TWO-NEXT: call 1
	// TWO-NEXT: call 2
	// TWO-NEXT: left 0, again -2
	// What a task has kept goes with it.
	// TWO-NOT: calls[
	bpf_printk("call %ld", *count);
	if (*count == 2) {
		int deleted = bpf_task_storage_delete(&calls, task), again = bpf_task_storage_delete(&calls, task);
		bpf_printk("left %d, again %d", deleted, again);
	}
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
