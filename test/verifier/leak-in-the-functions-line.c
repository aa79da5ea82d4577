// RUN: %python %inputs/exits.py 1 %spile check %s 2>&1 | FileCheck %s --implicit-check-not='before line 9'
// Without it, what was given with a reference would have to be given back in front of the function.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
extern struct task_struct *bpf_task_from_pid(s32 pid) __ksym;
extern void bpf_task_release(struct task_struct *p) __ksym;
int seen;
SEC("tp_btf/task_newtask") int BPF_PROG(task_made, struct task_struct *task, u64 flags) {
  struct task_struct *p = bpf_task_from_pid(1);
  if (!p) return 0;
  // CHECK: error: `p` is not given back on this path [ReferenceLeak]
  // CHECK: hint: add `bpf_task_release(p);` before line [[@LINE+2]] (tried: it passes;
  seen = p->pid;
  return 0;
}
char LICENSE[] SEC("license") = "GPL";
