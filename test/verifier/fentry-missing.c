// REQUIRES: kernel-btf
// RUN: %spile check --btf host %s 2>&1 | FileCheck %s
// A program on a function that the kernel has not is found by no one but the loader.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
SEC("fentry/vfs_raed") int mistyped(void *ctx) { return 0; }
SEC("fentry/vfs_read") int right(void *ctx) { return 0; }
char LICENSE[] SEC("license") = "GPL";
// CHECK-NOT: right
// CHECK: warning: mistyped (fentry/vfs_raed): that kernel has no function `vfs_raed`; did you mean `vfs_read`?
// CHECK-NOT: warning
