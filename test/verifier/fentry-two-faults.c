// REQUIRES: kernel-btf
// RUN: %python %inputs/exits.py 1 %spile check %s 2>&1 | FileCheck %s
// What a program is attached to is asked of this machine's kernel, whatever else is wrong with it.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

SEC("fentry/vfs_read")
int BPF_PROG(reads, struct file *file, char *buf, size_t count, loff_t *pos)
{
	if (buf[0] == 3)
		return 1;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
// CHECK-NOT: NotModelled
// CHECK: [[@LINE-7]]:6: error: `buf` is read or written through, but it is a number [NotAPointer]
// CHECK: reads (fentry/vfs_read): rejected (by the types of this machine's kernel)
