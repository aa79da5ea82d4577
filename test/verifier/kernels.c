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

// What is allowed changed as well: each version is asked by its own rules.
struct event {
  char kind;
  __u64 when;  // seven bytes before it are never written
};
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 8);
  __type(key, __u32);
  __type(value, struct event);
} events SEC(".maps");
// CHECK: padded (tracepoint/syscalls/sys_enter_kill): accepted
// CHECK-NEXT: Linux 5.10: rejected: line [[#@LINE+11]]: a read of stack that was not written, which came with Linux 6.4 [OlderKernel]
// CHECK-NEXT: Linux 5.15: rejected
// CHECK-NEXT: Linux 6.1: rejected
// CHECK-NEXT: Linux 6.18: accepted
// CHECK-NEXT: the first Linux that accepts it: 6.4
SEC("tracepoint/syscalls/sys_enter_kill")
int padded(void *ctx) {
  __u32 key = bpf_get_prandom_u32();
  struct event e;
  e.kind = 1;
  e.when = bpf_ktime_get_ns();
  bpf_map_update_elem(&events, &key, &e, BPF_ANY);
  return 0;
}

// CHECK: indexed (tracepoint/syscalls/sys_enter_kill): accepted
// CHECK-NEXT: Linux 5.10: rejected: line [[#@LINE+9]]: an access to the stack at an offset that is not constant, which came with Linux 5.12 [OlderKernel]
// CHECK-NEXT: Linux 5.15: accepted
// CHECK-NEXT: Linux 6.1: accepted
// CHECK-NEXT: Linux 6.18: accepted
// CHECK-NEXT: the first Linux that accepts it: 5.12
SEC("tracepoint/syscalls/sys_enter_kill")
int indexed(void *ctx) {
  char name[16] = {};
  bpf_get_current_comm(name, sizeof name);
  return name[bpf_get_prandom_u32() & 15];
}

__attribute__((noinline)) int first_of(struct event *e) { return e ? e->kind : 0; }
// CHECK: through_a_pointer (tracepoint/syscalls/sys_enter_kill): accepted
// CHECK-NEXT: Linux 5.10: rejected: line [[#@LINE+7]]: a pointer to memory as an argument of a global function, which came with Linux 5.12 [OlderKernel]
// CHECK-NEXT: Linux 5.15: accepted
// CHECK-NEXT: Linux 6.1: accepted
// CHECK-NEXT: Linux 6.18: accepted
SEC("tracepoint/syscalls/sys_enter_kill")
int through_a_pointer(void *ctx) {
  struct event e = {.when = bpf_ktime_get_ns()};
  return first_of(&e);
}

// CHECK: unix_connect (cgroup/connect_unix): accepted
// CHECK-NEXT: Linux 5.10: rejected: a program in `cgroup/connect_unix` came with 6.7
SEC("cgroup/connect_unix")
int unix_connect(struct bpf_sock_addr *ctx) { return 1; }

char LICENSE[] SEC("license") = "GPL";
