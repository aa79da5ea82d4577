// RUN: %python %inputs/exits.py 1 %spile check --kernel=5.10,5.15,6.1,6.18 %s 2>&1 | FileCheck %s
// Without it, who writes for a fleet of kernels would learn only there which of them is too old, and for what.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

// CHECK: old (tracepoint/syscalls/sys_enter_kill): accepted
// CHECK-NEXT: Linux 5.10: accepted
SEC("tracepoint/syscalls/sys_enter_kill")
int old(void *ctx) { return bpf_get_current_pid_tgid() == 1; }

static long step(__u32 i, void *sum) {
  *(__u32 *)sum += i;
  return 0;
}
// CHECK: new (tracepoint/syscalls/sys_enter_kill): accepted
// CHECK-NEXT: Linux 5.10: rejected: `bpf_loop` came with 5.17, a callback came with 5.13
// CHECK-NEXT: Linux 5.15: rejected: `bpf_loop` came with 5.17
// CHECK-NEXT: Linux 6.1: accepted
// CHECK-NEXT: Linux 6.18: accepted
// CHECK-NEXT: the first Linux that accepts it: 5.17
SEC("tracepoint/syscalls/sys_enter_kill")
int new(void *ctx) {
  __u32 sum = 0;
  bpf_loop(4, step, &sum, 0);
  return sum;
}

// CHECK: unix_connect (cgroup/connect_unix): accepted
// CHECK-NEXT: Linux 5.10: rejected: a program in `cgroup/connect_unix` came with 6.7
SEC("cgroup/connect_unix")
int unix_connect(struct bpf_sock_addr *ctx) { return 1; }
