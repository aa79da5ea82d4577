// RUN: %python %inputs/exits.py 125 %spile run %s -c true 2>&1 | FileCheck %s
// Without it, a misspelt system call would look like a quiet one.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

SEC("tp/syscalls/sys_enter_opennat")
int nothing(void *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

// CHECK: error: {{.*}}opennat
// CHECK: hint: {{.*}}openat
