// REQUIRES: bpf, kernel-btf
// RUN: not %spile run --on=kernel %s -c true 2>&1 | FileCheck %s
// What an edit makes of a program that the kernel refuses is tried as that kernel would have it: its members elsewhere.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct task_struct {
  int tgid;
  struct task_struct *real_parent;
} __attribute__((preserve_access_index));
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, __u64);
} counts SEC(".maps");

SEC("tp/syscalls/sys_enter_getpid")
int count(void *ctx) {
  __u32 zero = 0;
  struct task_struct *task = (void *)bpf_get_current_task_btf();
  __u64 *n = bpf_map_lookup_elem(&counts, &zero);
  // CHECK: error: {{.*}} may be NULL here [NullDereference]
  // CHECK: hint: add `if (!n) return 0;` before line [[@LINE+1]] (tried: it passes; `spile check --fix=apply` writes it)
  *n += 1;
  *n += task->real_parent->tgid;
  return 0;
}
char LICENSE[] SEC("license") = "GPL";
// CHECK: the kernel refuses `count` too
