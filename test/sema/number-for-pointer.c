// RUN: not %spile build %s -o %t.o 2>&1 | FileCheck %s --implicit-check-not='a cast says'
// Without it, a cast would be offered where it only hides what is missing.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 10);
  __type(key, u32);
  __type(value, u64);
} m SEC(".maps");
SEC("tracepoint/sched/sched_switch")
int probe(void *ctx) {
  u32 pid = 1;
  // CHECK: [[@LINE+2]]:{{[0-9]+}}: error: {{.*}} [IntegerToPointer]
  // CHECK: hint: put it into a variable, and pass the address of that
  bpf_map_update_elem(&m, &pid, 1, 0);
  // CHECK: [[@LINE+2]]:{{[0-9]+}}: error: {{.*}} [PointerToInteger]
  // CHECK: hint: what it gives points to the value: declare a `u64 *`, compare that with NULL, and read through it
  u64 n = bpf_map_lookup_elem(&m, &pid);
  // CHECK: [[@LINE+2]]:{{[0-9]+}}: error: {{.*}} [IntegerToPointer]
  // CHECK: hint: it is a number; `bpf_get_current_task_btf()` gives a pointer
  struct task_struct *t = bpf_get_current_task();
  return n + t->pid;
}
