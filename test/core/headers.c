// RUN: mkdir -p %t.clang %t.ours
// RUN: %clang-bpf -mcpu=v3 -Wno-unknown-pragmas -D__TARGET_ARCH_x86 -c %s -o %t.clang/x.o
// RUN: %spile build -D__TARGET_ARCH_x86 --btf=%build/frontend/btf/vmlinux.btf %s -o %t.ours/x.o
// RUN: %python %root/bench/corpus/core.py %t.clang %t.ours --list | FileCheck %s
// REQUIRES: clang
// Without it, the macros of the headers that ship could stop meaning what libbpf's mean.
// CHECK-NOT: {{^  [-+] }}
// CHECK: the same {{ *}}1
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include <bpf/usdt.bpf.h>

char LICENSE[] SEC("license") = "GPL";

SEC("kprobe/do_unlinkat")
int BPF_KPROBE(on_unlink, int dfd, struct filename *name)
{
	bpf_printk("%d %s", dfd, BPF_CORE_READ(name, name));
	return 0;
}

SEC("kretprobe/do_unlinkat")
int BPF_KRETPROBE(after_unlink, long ret)
{
	bpf_printk("%ld", ret);
	return 0;
}

SEC("ksyscall/kill")
int BPF_KSYSCALL(on_kill, int pid, int sig)
{
	bpf_printk("%d %d", pid, sig);
	return 0;
}

SEC("usdt")
int BPF_USDT(on_probe, int x, char *y)
{
	bpf_printk("%d %s", x, y);
	return 0;
}

SEC("tp_btf/task_newtask")
int BPF_PROG(on_task, struct task_struct *task, u64 flags)
{
	struct task_struct *p = BPF_CORE_READ(task, parent, real_parent);
	char comm[16];

	BPF_CORE_READ_INTO(&p, task, group_leader);
	BPF_CORE_READ_STR_INTO(&comm, task, parent, comm);
	bpf_printk("%d %d %s", BPF_CORE_READ_BITFIELD_PROBED(task, sched_reset_on_fork),
		   BPF_CORE_READ_BITFIELD(task, sched_reset_on_fork), comm);
	return bpf_core_field_exists(task->pid) + bpf_core_type_size(struct task_struct) + bpf_core_type_exists(struct task_struct) +
	       bpf_core_enum_value(enum bpf_map_type, BPF_MAP_TYPE_HASH) + bpf_core_field_offset(struct task_struct, comm) +
	       container_of((void *)p, struct task_struct, tgid)->pid;
}
