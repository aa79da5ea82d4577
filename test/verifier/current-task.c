// RUN: %python %inputs/exits.py 1 %spile check %s 2>&1 | FileCheck %s
// RUN: %spile check -DBY_BTF %s && %spile check -DBY_CORE %s
// Without it, members behind the number of bpf_get_current_task() would be "given back", which nothing was.
#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
SEC("tp/syscalls/sys_enter_openat")
int parent(struct trace_event_raw_sys_enter *ctx) {
#if defined(BY_BTF)
  struct task_struct *t = bpf_get_current_task_btf();
  return t->real_parent->tgid == 1;
#elif defined(BY_CORE)
  struct task_struct *t = (struct task_struct *)bpf_get_current_task();
  return BPF_CORE_READ(t, real_parent, tgid) == 1;
#else
  struct task_struct *t = (struct task_struct *)bpf_get_current_task();
  // CHECK: [[@LINE+2]]:{{[0-9]+}}: error: `t` is read or written through, but it is a number [NotAPointer]
  // CHECK: hint: `bpf_get_current_task()` gives a number: members are read behind it by `BPF_CORE_READ()`; through what `bpf_get_current_task_btf()` gives
  return t->real_parent->tgid == 1;
#endif
}
char LICENSE[] SEC("license") = "GPL";
