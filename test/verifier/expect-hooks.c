// RUN: %spile check --expect --btf=host %s 2>&1 | FileCheck %s
// Without it, a member of a kernel interface could be filled with a program that the kernel does not take there, and
// an object that is about to go away be trusted.
// REQUIRES: bpf
#include <bpf/bpf_helpers.h>
#include "vmlinux.h"
#define __tag(text) __attribute__((btf_decl_tag("comment:test_" text)))
#define works __tag("expect_success")
#define fails(text) __tag("expect_failure") __tag("expect_msg=0=" text)

extern struct task_struct *bpf_task_acquire(struct task_struct *task) __ksym;
extern void bpf_task_release(struct task_struct *task) __ksym;
const char name[] = "cubic";

SEC("struct_ops") works void begin(unsigned long long *ctx) {
  bpf_setsockopt((struct sock *)ctx[0], 6, 13, (void *)name, sizeof name);
}
// CHECK: begin (struct_ops): accepted, as expected
SEC("struct_ops") fails("cannot use helper bpf_setsockopt") void let_go(unsigned long long *ctx) {
  bpf_setsockopt((struct sock *)ctx[0], 6, 13, (void *)name, sizeof name);
}
// CHECK: let_go (struct_ops): rejected, as expected
SEC("struct_ops") fails("attach to unsupported member get_info of struct tcp_congestion_ops")
unsigned long tell(unsigned long long *ctx) {
  return 0;
}
// CHECK: tell (struct_ops): rejected, as expected

SEC(".struct_ops") struct tcp_congestion_ops ops = {
    .init = (void *)begin, .release = (void *)let_go, .get_info = (void *)tell, .name = "ours"};

static inline int keep(unsigned long long *ctx) {
  struct task_struct *task = bpf_task_acquire((struct task_struct *)ctx[0]);
  if (task) bpf_task_release(task);
  return 0;
}
SEC("lsm/task_alloc") works int alive(unsigned long long *ctx) { return keep(ctx); }
// CHECK: alive (lsm/task_alloc): accepted, as expected
SEC("lsm/task_free") fails("R1 must be a rcu pointer") int dying(unsigned long long *ctx) { return keep(ctx); }
// CHECK: dying (lsm/task_free): rejected, as expected

// What the program before this one has returned is handed on.
SEC("lsm/file_open") works int hands_on(unsigned long long *ctx) {
  int ret = ctx[1];
  return ret ? ret : -1;
}
// CHECK: hands_on (lsm/file_open): accepted, as expected
SEC("lsm/file_open") fails("At program exit the register R0 has") int adds(unsigned long long *ctx) { return ctx[1] + 1; }
// CHECK: adds (lsm/file_open): rejected, as expected

char LICENSE[] SEC("license") = "GPL";
